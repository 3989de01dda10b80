#include "common/store/journal.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "common/cli/errors.h"

namespace millstream::store {
namespace {

absl::Status DamagedAt(const std::string& directory, const std::string& cause) {
  return absl::DataLossError(cli::ErrorText(
      "journal " + directory, "it is damaged: " + cause,
      "Restore it from a copy, or move it away: a new one knows nothing of what runs, which is ended"));
}

absl::Status FromRocks(const std::string& directory, const rocksdb::Status& status) {
  if (status.ok()) return absl::OkStatus();
  if (status.IsCorruption()) return DamagedAt(directory, status.ToString());
  return absl::InternalError(
      cli::ErrorText("journal " + directory, "it cannot be used: " + status.ToString(),
                     "Look at its disk: there must be space, and it must be writable"));
}

// Few records and few writes: as little memory and as few files as there can be.
rocksdb::Options SmallOptions() {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.write_buffer_size = size_t{1} << 20;
  options.max_write_buffer_number = 2;
  options.max_open_files = 64;
  options.max_background_jobs = 2;
  options.keep_log_file_num = 2;
  options.info_log_level = rocksdb::WARN_LEVEL;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(size_t{1} << 20);
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Journal>> Journal::Open(const std::string& directory) {
  if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return cli::UsageError("journal " + directory, std::string("it cannot be made: ") + std::strerror(errno),
                           "Name another work directory");
  }
  rocksdb::DB* db = nullptr;
  const rocksdb::Status opened = rocksdb::DB::Open(SmallOptions(), directory, &db);
  if (opened.IsIOError() && opened.ToString().find("lock") != std::string::npos) {
    return absl::FailedPreconditionError(cli::ErrorText("journal " + directory, "another process has it open",
                                                        "Stop that one, or name another work directory"));
  }
  if (!opened.ok()) return FromRocks(directory, opened);
  return std::unique_ptr<Journal>(new Journal(directory, std::unique_ptr<rocksdb::DB>(db)));
}

Journal::Journal(std::string directory, std::unique_ptr<rocksdb::DB> db)
    : directory_(std::move(directory)), db_(std::move(db)) {}
Journal::~Journal() = default;

absl::StatusOr<std::map<std::string, std::string>> Journal::Read() const {
  std::map<std::string, std::string> records;
  const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(rocksdb::ReadOptions()));
  for (at->SeekToFirst(); at->Valid(); at->Next()) records[at->key().ToString()] = at->value().ToString();
  if (!at->status().ok()) return FromRocks(directory_, at->status());
  return records;
}

absl::Status Journal::Damaged(const std::string& cause) const { return DamagedAt(directory_, cause); }

absl::Status Journal::Write(const std::vector<Change>& changes) {
  rocksdb::WriteBatch batch;
  for (const Change& change : changes) {
    if (change.value) {
      batch.Put(change.key, *change.value);
    } else {
      batch.Delete(change.key);
    }
  }
  rocksdb::WriteOptions options;
  options.sync = true;
  return FromRocks(directory_, db_->Write(options, &batch));
}

}  // namespace millstream::store
