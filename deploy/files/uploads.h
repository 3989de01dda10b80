#ifndef MILLSTREAM_DEPLOY_FILES_UPLOADS_H_
#define MILLSTREAM_DEPLOY_FILES_UPLOADS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "deploy/files/file_store.h"
#include "proto/cluster.pb.h"

namespace millstream::deploy {

// What drivers in cluster mode are started from: submitters bring it to the master in parts, and workers
// fetch it. Used by one thread.
class Uploads {
 public:
  explicit Uploads(FileStore store) : store_(std::move(store)) {}

  // Takes the part if it is the next one. Parts of one file may come from several submitters.
  proto::FileHeld Take(const proto::FileChunk& chunk);
  proto::FileData Give(const proto::FileRequest& request) const;

  // As FileStore::RemoveOld().
  void RemoveOld(std::filesystem::file_time_type before, const std::set<std::string>& in_use) {
    store_.RemoveOld(before, in_use);
  }

 private:
  FileStore store_;
  struct Upload {
    std::unique_ptr<FileStore::Writer> writer;
    uint64_t last_part = 0;  // by number
  };
  std::map<std::string, Upload> uploads_;  // by hash
  uint64_t next_part_ = 0;
};

}  // namespace millstream::deploy

#endif  // MILLSTREAM_DEPLOY_FILES_UPLOADS_H_
