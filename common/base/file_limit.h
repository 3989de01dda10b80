#ifndef MILLSTREAM_COMMON_BASE_FILE_LIMIT_H_
#define MILLSTREAM_COMMON_BASE_FILE_LIMIT_H_

namespace millstream::base {

// Lets this process, and those it starts, open as many files as the system lets it (the hard limit).
void RaiseFileLimit();

}  // namespace millstream::base

#endif  // MILLSTREAM_COMMON_BASE_FILE_LIMIT_H_
