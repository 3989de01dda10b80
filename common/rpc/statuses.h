#ifndef MILLSTREAM_COMMON_RPC_STATUSES_H_
#define MILLSTREAM_COMMON_RPC_STATUSES_H_

#include <grpcpp/support/status.h>

#include <string>

#include "absl/status/status.h"

namespace millstream::rpc {

// Their codes are the same numbers.
inline grpc::Status ToGrpc(const absl::Status& status) {
  const absl::string_view text = status.message();
  return {static_cast<grpc::StatusCode>(status.code()), std::string(text.data(), text.size())};
}

// Likewise; of a connection that is not there or broke, the message says what people can make use of, instead
// of what gRPC went through.
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace millstream::rpc

#endif  // MILLSTREAM_COMMON_RPC_STATUSES_H_
