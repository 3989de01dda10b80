#ifndef MILLSTREAM_TESTS_SUPPORT_CREDULOUS_H_
#define MILLSTREAM_TESTS_SUPPORT_CREDULOUS_H_

#include <grpcpp/grpcpp.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <memory>
#include <vector>

#include "common/security/credentials.h"

namespace millstream::test {

// A client's side of a TLS connection that shows a certificate and believes whoever answers.
inline std::shared_ptr<grpc::ChannelCredentials> CredulousConnection(const security::Credentials& own) {
  namespace tls = grpc::experimental;
  tls::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(std::make_shared<tls::StaticDataCertificateProvider>(
      own.tls->authority,
      std::vector<tls::IdentityKeyCertPair>{{own.tls->own.private_key, own.tls->own.certificate}}));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_verify_server_certs(false);
  options.set_check_call_host(false);
  options.set_certificate_verifier(std::make_shared<tls::NoOpCertificateVerifier>());
  return tls::TlsCredentials(options);
}

}  // namespace millstream::test

#endif  // MILLSTREAM_TESTS_SUPPORT_CREDULOUS_H_
