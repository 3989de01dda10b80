#ifndef MILLSTREAM_CLIENT_CONTEXT_PROGRAM_FILE_H_
#define MILLSTREAM_CLIENT_CONTEXT_PROGRAM_FILE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/rpc/block_transport.h"
#include "proto/cluster.pb.h"

namespace millstream::client {

// The executable this process runs, as workers get it: a block beside those of `others`. What is served is
// the file that was started, even if another one has taken its name since. Thread-safe.
class ProgramFile : public rpc::BlockSource {
 public:
  // `others` outlives this.
  static absl::StatusOr<std::unique_ptr<ProgramFile>> Open(rpc::BlockSource& others);

  // What a worker checks it by.
  const proto::ProgramFile& description() const { return description_; }

  absl::StatusOr<exec::Slices> Get(const plan::BlockId& id) override;
  absl::Status Put(const plan::BlockId& id, exec::Slices slices) override;

 private:
  ProgramFile(rpc::BlockSource& others, exec::Bytes file);

  rpc::BlockSource& others_;
  const exec::Bytes file_;
  proto::ProgramFile description_;
};

}  // namespace millstream::client

#endif  // MILLSTREAM_CLIENT_CONTEXT_PROGRAM_FILE_H_
