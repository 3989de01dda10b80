#ifndef MILLSTREAM_DEPLOY_FILES_OLD_FILES_H_
#define MILLSTREAM_DEPLOY_FILES_OLD_FILES_H_

#include <filesystem>
#include <map>
#include <set>
#include <string>

namespace millstream::deploy {

// Removes the entries of `directory` whose name begins with `prefix`, is not one of `in_use`, and in which
// nothing was written since `before`. What cannot be read or removed stays. Symbolic links are not followed.
void RemoveOldEntries(const std::filesystem::path& directory, const std::string& prefix,
                      const std::set<std::string>& in_use, std::filesystem::file_time_type before);

// The same one level below: of the entries of DIRECTORY/PREFIX*, each decided by itself. `in_use` has those
// by the name above them; of a name that it does not have, the directory goes once it is empty.
void RemoveOldEntriesWithin(const std::filesystem::path& directory, const std::string& prefix,
                            const std::map<std::string, std::set<std::string>>& in_use,
                            std::filesystem::file_time_type before);

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_FILES_OLD_FILES_H_
