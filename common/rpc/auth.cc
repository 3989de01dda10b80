#include "common/rpc/auth.h"

#include <iterator>
#include <string_view>

namespace millstream::rpc {
namespace {

// Metadata whose name ends so may hold any bytes.
constexpr const char* kSecretMetadata = "millstream-secret-bin";

}  // namespace

std::shared_ptr<grpc::ServerCredentials> MakeServerCredentials() { return grpc::InsecureServerCredentials(); }

std::shared_ptr<grpc::ChannelCredentials> MakeChannelCredentials() {
  return grpc::InsecureChannelCredentials();
}

void ShowSecret(const security::Secret& secret, grpc::ClientContext& call) {
  call.AddMetadata(kSecretMetadata, secret.Reveal());
}

grpc::Status CheckSecret(const security::Secret& secret, const grpc::ServerContext& call) {
  const auto [first, last] = call.client_metadata().equal_range(kSecretMetadata);
  if (first != last && std::next(first) == last &&
      secret.Matches({first->second.data(), first->second.size()})) {
    return grpc::Status::OK;
  }
  return {grpc::StatusCode::UNAUTHENTICATED, "the call does not show the application's secret"};
}

}  // namespace millstream::rpc
