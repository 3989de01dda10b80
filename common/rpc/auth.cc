#include "common/rpc/auth.h"

#include <grpc/grpc_security_constants.h>

#include <iterator>
#include <optional>
#include <string_view>

namespace millstream::rpc {
namespace {

using security::Credentials;
using security::Identity;

// Metadata whose name ends so may hold any bytes.
constexpr const char* kTokenMetadata = "millstream-token-bin";

grpc::Status Refuse(const char* cause) { return {grpc::StatusCode::UNAUTHENTICATED, cause}; }

// Whom the certificate of the other side names: nullopt unless it has one name, and that is ours.
std::optional<Identity> CertifiedIdentity(const grpc::AuthContext& connection) {
  if (!connection.IsPeerAuthenticated()) return std::nullopt;
  const std::vector<grpc::string_ref> names = connection.FindPropertyValues(GRPC_X509_SAN_PROPERTY_NAME);
  if (names.size() != 1) return std::nullopt;
  return security::ParseName({names[0].data(), names[0].size()});
}

bool ShowsToken(const security::Secret& token, const grpc::ServerContext& call) {
  const auto [first, last] = call.client_metadata().equal_range(kTokenMetadata);
  return first != last && std::next(first) == last &&
         token.Matches({first->second.data(), first->second.size()});
}

}  // namespace

std::shared_ptr<grpc::ServerCredentials> MakeServerCredentials(const Credentials& own) {
  if (!own.tls) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions options(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = own.tls->authority;
  options.pem_key_cert_pairs.push_back({own.tls->own.private_key, own.tls->own.certificate});
  return grpc::SslServerCredentials(options);
}

std::shared_ptr<grpc::ChannelCredentials> MakeChannelCredentials(const Credentials& own) {
  if (!own.tls) return grpc::InsecureChannelCredentials();
  return grpc::SslCredentials({own.tls->authority, own.tls->own.private_key, own.tls->own.certificate});
}

void ShowToken(const Credentials& own, grpc::ClientContext& call) {
  call.AddMetadata(kTokenMetadata, own.token.Reveal());
}

grpc::Status Authenticate(const Credentials& own, const grpc::ServerContext& call, Identity* caller) {
  *caller = own.identity;
  if (own.tls) {
    std::optional<Identity> certified = CertifiedIdentity(*call.auth_context());
    if (!certified) return Refuse("the caller's certificate does not name a process");
    const std::string& application = own.identity.application;
    if (!application.empty() && certified->application != application)
      return Refuse("the caller belongs to another application");
    *caller = *std::move(certified);
  }
  return ShowsToken(own.TokenOf(*caller), call) ? grpc::Status::OK
                                                : Refuse("the call does not show the token");
}

grpc::Status Authorize(const Credentials& own, const Identity& caller,
                       const std::set<security::Role>& roles) {
  if (!own.tls || roles.contains(caller.role)) return grpc::Status::OK;
  return {grpc::StatusCode::PERMISSION_DENIED, "the caller's role may not do this"};
}

}  // namespace millstream::rpc
