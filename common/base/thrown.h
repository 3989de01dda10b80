#ifndef MILLSTREAM_COMMON_BASE_THROWN_H_
#define MILLSTREAM_COMMON_BASE_THROWN_H_

#include <string>

namespace millstream::base {

// An exception, for people.
struct Thrown {
  std::string type;  // "std::runtime_error"
  std::string text;  // what() of a std::exception, the value of a string or an int; else empty

  // "std::runtime_error: no sevens"
  std::string ToString() const { return text.empty() ? type : type + ": " + text; }
};

// The exception that is being handled; there must be one.
Thrown DescribeThrown();

}  // namespace millstream::base

#endif  // MILLSTREAM_COMMON_BASE_THROWN_H_
