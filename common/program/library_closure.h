#ifndef MILLSTREAM_COMMON_PROGRAM_LIBRARY_CLOSURE_H_
#define MILLSTREAM_COMMON_PROGRAM_LIBRARY_CLOSURE_H_

#include <map>
#include <string>

namespace millstream::program {

// The shared libraries that travel with a program, by the names they are needed by: those that the loader
// would find by RPATH, by `library_path` (LD_LIBRARY_PATH) or by RUNPATH, of the program and in turn of these
// libraries. Those in the system's own directories, and the C library, do not travel: packages install them.
// Files are read, nothing is loaded or run.
std::map<std::string, std::string> TravellingLibraries(const std::string& executable,
                                                       const std::string& library_path);

}  // namespace millstream::program

#endif  // MILLSTREAM_COMMON_PROGRAM_LIBRARY_CLOSURE_H_
