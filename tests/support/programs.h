#ifndef MILLSTREAM_TESTS_SUPPORT_PROGRAMS_H_
#define MILLSTREAM_TESTS_SUPPORT_PROGRAMS_H_

#include <string>

namespace millstream::test {

// An example, and a program of tests/programs/, as the build made it. For test programs alone.
inline std::string Example(const std::string& name) { return std::string(MILLSTREAM_BIN_DIR) + "/" + name; }
inline std::string TestProgram(const std::string& name) { return Example("tests/" + name); }

}  // namespace millstream::test

#endif  // MILLSTREAM_TESTS_SUPPORT_PROGRAMS_H_
