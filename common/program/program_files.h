#ifndef MILLSTREAM_COMMON_PROGRAM_PROGRAM_FILES_H_
#define MILLSTREAM_COMMON_PROGRAM_PROGRAM_FILES_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/program/content_file.h"
#include "proto/cluster.pb.h"

namespace millstream::program {

// The absolute path of each file of a list "a, b/c", by its base name; blanks around commas do not count.
// InvalidArgument: one is missing or no file, has a name that is taken, or two have one base name.
absl::StatusOr<std::map<std::string, std::string>> NamedFiles(std::string_view list);

// What of a program travels to another machine.
struct ProgramFiles {
  std::vector<ContentFile> contents;  // the executable, its libraries, files
  proto::ProgramFiles descriptions;   // in the same order
};

// `files` are paths by the names that the program finds them by. InvalidArgument: one cannot be read.
absl::StatusOr<ProgramFiles> OpenProgramFiles(const std::string& executable,
                                              const std::map<std::string, std::string>& files);

}  // namespace millstream::program

#endif  // MILLSTREAM_COMMON_PROGRAM_PROGRAM_FILES_H_
