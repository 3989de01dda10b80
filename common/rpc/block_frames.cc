#include "common/rpc/block_frames.h"

#include <millstream/exec/hash.h>
#include <string.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace millstream::rpc {
namespace {

constexpr size_t kWord = sizeof(uint32_t);
constexpr size_t kPrefixBytes = 3 * kWord;
// Below it a copy costs less than a reference.
constexpr size_t kCopiedBytes = 256;
// A longer slice is not believed.
constexpr uint64_t kLongestSlice = uint64_t{1} << 32;

void PutWord(uint32_t word, char* to) { memcpy(to, &word, kWord); }

uint32_t GetWord(const char* from) {
  uint32_t word;
  memcpy(&word, from, kWord);
  return word;
}

std::string_view View(const grpc::Slice& slice) {
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

grpc::Slice Refer(const exec::Bytes& piece) {
  auto* owner = new std::shared_ptr<const void>(piece.owner);
  return grpc::Slice(
      const_cast<char*>(piece.view.data()), piece.view.size(),
      [](void* user_data) { delete static_cast<std::shared_ptr<const void>*>(user_data); }, owner);
}

absl::Status Damaged(const char* what) { return absl::DataLossError(what); }

}  // namespace

void FrameWriter::Add(const proto::SliceHeader& header, const exec::Bytes& piece) {
  const size_t header_bytes = header.ByteSizeLong();
  const bool copied = piece.view.size() <= kCopiedBytes;
  std::string front(kPrefixBytes + header_bytes, '\0');
  PutWord(static_cast<uint32_t>(header_bytes), &front[kWord]);
  PutWord(static_cast<uint32_t>(piece.view.size()), &front[2 * kWord]);
  header.SerializeWithCachedSizesToArray(reinterpret_cast<uint8_t*>(&front[kPrefixBytes]));
  const uint32_t front_crc = exec::Crc32c(std::string_view(front).substr(kWord));
  PutWord(exec::Crc32c(piece.view, front_crc), front.data());
  bytes_ += front.size() + piece.view.size();
  if (copied) front.append(piece.view);
  slices_.emplace_back(front);
  if (!copied) slices_.push_back(Refer(piece));
}

grpc::ByteBuffer FrameWriter::Take() {
  grpc::ByteBuffer message(slices_.data(), slices_.size());
  slices_.clear();
  bytes_ = 0;
  return message;
}

absl::StatusOr<std::vector<Frame>> ReadFrames(const grpc::ByteBuffer& message) {
  auto flat = std::make_shared<grpc::Slice>();
  if (!message.DumpToSingleSlice(flat.get()).ok()) return Damaged("a message cannot be read");
  std::string_view rest = View(*flat);
  std::vector<Frame> frames;
  while (!rest.empty()) {
    if (rest.size() < kPrefixBytes) return Damaged("a frame is cut off");
    const uint64_t header_bytes = GetWord(&rest[kWord]);
    const uint64_t piece_bytes = GetWord(&rest[2 * kWord]);
    const uint64_t frame_bytes = kPrefixBytes + header_bytes + piece_bytes;
    if (rest.size() < frame_bytes) return Damaged("a frame is cut off");
    if (exec::Crc32c(rest.substr(kWord, frame_bytes - kWord)) != GetWord(rest.data())) {
      return Damaged("a frame's checksum does not fit");
    }
    Frame& frame = frames.emplace_back();
    if (!frame.header.ParseFromArray(&rest[kPrefixBytes], static_cast<int>(header_bytes))) {
      return Damaged("a frame's header cannot be read");
    }
    frame.piece = {flat, rest.substr(kPrefixBytes + header_bytes, piece_bytes)};
    rest.remove_prefix(frame_bytes);
  }
  return frames;
}

void BlockCutter::AddNext(FrameWriter& writer, const proto::BlockId* put) {
  proto::SliceHeader header;
  header.set_block(block_);
  header.set_slices(static_cast<uint32_t>(slices_.size()));
  if (put != nullptr && slice_ == 0 && offset_ == 0) *header.mutable_put() = *put;
  if (slices_.empty()) {
    done_ = true;
    return writer.Add(header, {});
  }
  const exec::Bytes& slice = slices_[slice_];
  header.set_slice(static_cast<uint32_t>(slice_));
  header.set_slice_bytes(slice.view.size());
  header.set_offset(offset_);
  const exec::Bytes piece{slice.owner, slice.view.substr(offset_, kPieceBytes)};
  writer.Add(header, piece);
  offset_ += piece.view.size();
  if (offset_ < slice.view.size()) return;
  offset_ = 0;
  done_ = ++slice_ == slices_.size();
}

absl::StatusOr<bool> SliceJoiner::Add(Frame frame, exec::Bytes& whole) {
  const proto::SliceHeader& header = frame.header;
  const uint64_t end = header.offset() + frame.piece.view.size();
  const bool continues = !complete_ && header.offset() == joined_.size() && end <= header.slice_bytes() &&
                         header.slice_bytes() <= kLongestSlice &&
                         (header.slices() == 0 ? slices_ == 0 && end == 0
                                               : header.slice() == slices_ && slices_ < header.slices());
  if (!continues) return Damaged("a frame is out of place");
  if (header.slices() == 0) {
    complete_ = true;
    return false;
  }
  if (joined_.empty() && end == header.slice_bytes()) {
    whole = std::move(frame.piece);
  } else {
    joined_.append(frame.piece.view);
    if (end < header.slice_bytes()) return false;
    whole = exec::OwnBytes(std::exchange(joined_, {}));
  }
  complete_ = ++slices_ == header.slices();
  return true;
}

}  // namespace millstream::rpc
