#ifndef MILLSTREAM_COMMON_RPC_BLOCK_FRAMES_H_
#define MILLSTREAM_COMMON_RPC_BLOCK_FRAMES_H_

#include <grpcpp/support/byte_buffer.h>
#include <millstream/exec/bytes.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/blocks.pb.h"

namespace millstream::rpc {

// The data plane's messages are frames, one after another. Integers are little-endian:
//   u32 CRC-32C of all that follows | u32 header length | u32 piece length | proto::SliceHeader | the piece's
//   bytes
struct Frame {
  proto::SliceHeader header;
  exec::Bytes piece;
};

// The most bytes of one piece.
inline constexpr size_t kPieceBytes = exec::kSliceBytes;

// A message under construction. Pieces are not copied: it holds their owners until gRPC has sent them.
class FrameWriter {
 public:
  void Add(const proto::SliceHeader& header, const exec::Bytes& piece);
  size_t bytes() const { return bytes_; }
  bool empty() const { return slices_.empty(); }
  // The message; the writer is empty then.
  grpc::ByteBuffer Take();

 private:
  std::vector<grpc::Slice> slices_;
  size_t bytes_ = 0;
};

// The frames of a message; pieces share its memory. DataLoss if anything in it is damaged.
absl::StatusOr<std::vector<Frame>> ReadFrames(const grpc::ByteBuffer& message);

// Cuts a block's slices into frames, in order.
class BlockCutter {
 public:
  // `block` is its index in the request.
  BlockCutter(uint32_t block, exec::Slices slices) : block_(block), slices_(std::move(slices)) {}

  bool done() const { return done_; }
  // Adds the next frame; an empty block has one.
  void AddNext(FrameWriter& writer, const proto::BlockId* put = nullptr);

 private:
  const uint32_t block_;
  const exec::Slices slices_;
  size_t slice_ = 0;
  size_t offset_ = 0;
  bool done_ = false;
};

// Puts the pieces of one block's slices together again.
class SliceJoiner {
 public:
  // Takes the next frame. True if `whole` now is the next whole slice. DataLoss if the frame does not
  // continue what came before.
  absl::StatusOr<bool> Add(Frame frame, exec::Bytes& whole);
  // Whole slices so far, and whether they are all there are.
  uint32_t slices() const { return slices_; }
  bool complete() const { return complete_; }

 private:
  uint32_t slices_ = 0;
  bool complete_ = false;
  std::string joined_;  // of a slice of several pieces
};

}  // namespace millstream::rpc

#endif  // MILLSTREAM_COMMON_RPC_BLOCK_FRAMES_H_
