#ifndef MILLSTREAM_COMMON_RPC_MESSAGE_BUFFERS_H_
#define MILLSTREAM_COMMON_RPC_MESSAGE_BUFFERS_H_

#include <google/protobuf/message_lite.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/proto_buffer_reader.h>

#include <deque>
#include <memory>
#include <vector>

namespace millstream::rpc {

// The most encoded bytes that queued messages are joined to.
inline constexpr size_t kJoinedMessageBytes = size_t{1} << 20;

inline grpc::Slice Encode(const google::protobuf::MessageLite& message) {
  grpc::Slice slice(message.ByteSizeLong());
  message.SerializeWithCachedSizesToArray(const_cast<uint8_t*>(slice.begin()));
  return slice;
}

// Takes messages from the front of `queue`, at least one, as many as fit into one. Encodings that follow each
// other are the encoding of the merged message: repeated fields are joined in order.
template <typename Message>
grpc::ByteBuffer TakeJoined(std::deque<std::shared_ptr<const Message>>& queue) {
  std::vector<grpc::Slice> slices;
  size_t bytes = 0;
  do {
    slices.push_back(Encode(*queue.front()));
    bytes += slices.back().size();
    queue.pop_front();
  } while (!queue.empty() && bytes + queue.front()->ByteSizeLong() <= kJoinedMessageBytes);
  return {slices.data(), slices.size()};
}

// False if `buffer` is not an encoding of a message.
inline bool Decode(const grpc::ByteBuffer& buffer, google::protobuf::MessageLite& message) {
  grpc::ByteBuffer copy = buffer;  // of the reference
  grpc::ProtoBufferReader reader(&copy);
  return reader.status().ok() && message.ParseFromZeroCopyStream(&reader);
}

}  // namespace millstream::rpc

#endif  // MILLSTREAM_COMMON_RPC_MESSAGE_BUFFERS_H_
