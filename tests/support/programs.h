#ifndef MILLSTREAM_TESTS_SUPPORT_PROGRAMS_H_
#define MILLSTREAM_TESTS_SUPPORT_PROGRAMS_H_

#include <string>
#include <vector>

namespace millstream::test {

// An example, and a program of tests/programs/, as the build made it. For test programs alone.
inline std::string Example(const std::string& name) { return std::string(MILLSTREAM_BIN_DIR) + "/" + name; }
inline std::string TestProgram(const std::string& name) { return Example("tests/" + name); }

// The word count as a cluster's tests run it: short batches and pauses, small executors, all rows printed.
inline std::vector<std::string> ClusterWordCount(const std::string& master, int port,
                                                 const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments{Example("network_word_count"),
                                     "--master",
                                     master,
                                     "--batch-interval",
                                     "100ms",
                                     "--conf",
                                     "millstream.streaming.blockInterval=20ms",
                                     "--conf",
                                     "millstream.streaming.receiverRestartDelay=50ms",
                                     "--conf",
                                     "millstream.executor.memory=256m"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  arguments.insert(arguments.end(), {"127.0.0.1", std::to_string(port), "100000"});
  return arguments;
}

}  // namespace millstream::test

#endif  // MILLSTREAM_TESTS_SUPPORT_PROGRAMS_H_
