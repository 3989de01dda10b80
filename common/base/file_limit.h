#ifndef MILLSTREAM_COMMON_BASE_FILE_LIMIT_H_
#define MILLSTREAM_COMMON_BASE_FILE_LIMIT_H_

namespace millstream::base {

// Lets this process, and those it starts, open 16,384 files, or as many as the system lets it (the hard
// limit). A limit that is higher stays as it is.
void RaiseFileLimit();

}  // namespace millstream::base

#endif  // MILLSTREAM_COMMON_BASE_FILE_LIMIT_H_
