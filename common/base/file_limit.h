#ifndef MILLSTREAM_COMMON_BASE_FILE_LIMIT_H_
#define MILLSTREAM_COMMON_BASE_FILE_LIMIT_H_

#include <cstdint>

namespace millstream::base {

// Lets this process, and those it starts, open 16,384 files, or as many as the system lets it (the hard
// limit). A limit that is higher stays as it is.
void RaiseFileLimit();

// With fewer files strangers may leave a daemon or a driver none.
inline constexpr uint64_t kEnoughFiles = 8192;

// One line in the log if this process may have fewer, with what to do.
void WarnOfFewFiles();

}  // namespace millstream::base

#endif  // MILLSTREAM_COMMON_BASE_FILE_LIMIT_H_
