#ifndef MILLSTREAM_CLIENT_CONTEXT_PROGRAM_BLOCKS_H_
#define MILLSTREAM_CLIENT_CONTEXT_PROGRAM_BLOCKS_H_

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "common/program/program_files.h"
#include "common/rpc/block_transport.h"
#include "proto/cluster.pb.h"

namespace millstream::client {

// What this process runs, as workers get it: blocks beside those of `others`. The executable that is served
// is the one that was started, even if another one has taken its name since. Thread-safe.
class ProgramBlocks : public rpc::BlockSource {
 public:
  // `others` outlives this. `files` are paths by name.
  static absl::StatusOr<std::unique_ptr<ProgramBlocks>> Open(rpc::BlockSource& others,
                                                             const std::map<std::string, std::string>& files);

  // What a worker checks them by.
  const proto::ProgramFiles& descriptions() const { return program_.descriptions; }

  absl::StatusOr<exec::Slices> Get(const plan::BlockId& id) override;
  absl::Status Put(const plan::BlockId& id, exec::Slices slices) override;

 private:
  ProgramBlocks(rpc::BlockSource& others, program::ProgramFiles program)
      : others_(others), program_(std::move(program)) {}

  rpc::BlockSource& others_;
  const program::ProgramFiles program_;
};

}  // namespace millstream::client

#endif  // MILLSTREAM_CLIENT_CONTEXT_PROGRAM_BLOCKS_H_
