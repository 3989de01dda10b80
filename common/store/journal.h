#ifndef MILLSTREAM_COMMON_STORE_JOURNAL_H_
#define MILLSTREAM_COMMON_STORE_JOURNAL_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace rocksdb {
class DB;
}  // namespace rocksdb

namespace millstream::store {

// Records by key, in a directory that one process at a time has open. What was written survives the process
// and the machine. Not thread-safe.
class Journal {
 public:
  struct Change {
    std::string key;
    std::optional<std::string> value;  // nullopt: the record is removed
  };

  // Makes the directory, readable by its owner alone, if need be. FailedPrecondition: another process has it
  // open. DataLoss: what is there is damaged. Each error is an ErrorText.
  static absl::StatusOr<std::unique_ptr<Journal>> Open(const std::string& directory);
  ~Journal();

  // All records.
  absl::StatusOr<std::map<std::string, std::string>> Read() const;

  // DataLoss, for records that do not mean anything: what is wrong, and what to do.
  absl::Status Damaged(const std::string& cause) const;

  // All changes or none; they are on the disk when this returns.
  absl::Status Write(const std::vector<Change>& changes);

 private:
  Journal(std::string directory, std::unique_ptr<rocksdb::DB> db);
  const std::string directory_;
  const std::unique_ptr<rocksdb::DB> db_;
};

}  // namespace millstream::store

#endif  // MILLSTREAM_COMMON_STORE_JOURNAL_H_
