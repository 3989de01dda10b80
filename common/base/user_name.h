#ifndef MILLSTREAM_COMMON_BASE_USER_NAME_H_
#define MILLSTREAM_COMMON_BASE_USER_NAME_H_

#include <string>

namespace millstream::base {

// Of this process's user; a number if it has no name.
std::string UserName();

}  // namespace millstream::base

#endif  // MILLSTREAM_COMMON_BASE_USER_NAME_H_
