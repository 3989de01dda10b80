#ifndef MILLSTREAM_CLIENT_SOURCES_FILE_RANGES_H_
#define MILLSTREAM_CLIENT_SOURCES_FILE_RANGES_H_

#include <string>

#include "absl/status/statusor.h"

namespace millstream::client {

// Text files cut into ranges of bytes, one run of ranges per partition.
struct FileRanges {
  int partitions = 0;
  std::string state;  // as exec::kTextFileKernel reads it
};

// Cuts the file `path`, the files of the directory `path` (but hidden ones), or all that match the pattern
// `path` into at least `min_partitions` partitions of about equal size; no more than one range per byte.
// NotFound if there is none.
absl::StatusOr<FileRanges> CutFiles(const std::string& path, int min_partitions);

}  // namespace millstream::client

#endif  // MILLSTREAM_CLIENT_SOURCES_FILE_RANGES_H_
