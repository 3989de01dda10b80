#ifndef MILLSTREAM_TESTS_SUPPORT_PROGRAMS_H_
#define MILLSTREAM_TESTS_SUPPORT_PROGRAMS_H_

#include <string>
#include <vector>

namespace millstream::test {

// An example, and a program of tests/programs/, as the build made it. For test programs alone.
inline std::string Example(const std::string& name) { return std::string(MILLSTREAM_BIN_DIR) + "/" + name; }
inline std::string TestProgram(const std::string& name) { return Example("tests/" + name); }

// The word count as tests run it: short batches and pauses, all rows printed.
inline std::vector<std::string> WordCount(const std::string& master, const std::string& host, int port,
                                          const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments{Example("network_word_count"),
                                     "--master",
                                     master,
                                     "--batch-interval",
                                     "100ms",
                                     "--conf",
                                     "millstream.streaming.blockInterval=20ms",
                                     "--conf",
                                     "millstream.streaming.receiverRestartDelay=50ms"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  arguments.insert(arguments.end(), {host, std::to_string(port), "100000"});
  return arguments;
}

// On small executors of a cluster.
inline std::vector<std::string> ClusterWordCount(const std::string& master, int port,
                                                 std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"--conf", "millstream.executor.memory=256m"});
  return WordCount(master, "127.0.0.1", port, more);
}

}  // namespace millstream::test

#endif  // MILLSTREAM_TESTS_SUPPORT_PROGRAMS_H_
