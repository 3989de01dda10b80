#ifndef MILLSTREAM_COMMON_SECURITY_CREDENTIALS_H_
#define MILLSTREAM_COMMON_SECURITY_CREDENTIALS_H_

#include <optional>
#include <string>

#include "common/security/certificates.h"
#include "common/security/identity.h"
#include "common/security/secret.h"

namespace millstream::proto {
class Credentials;
}  // namespace millstream::proto

namespace millstream::security {

// What a process shows to its peers, and by what it knows them: every connection is made with one such value.
struct Credentials {
  struct Tls {
    std::string authority;  // the certificate of whoever made `own`, in PEM
    CertifiedKey own;       // names `identity`
  };

  // Without TLS nobody's role is proved: the token alone tells friend from stranger, on this host alone.
  Identity identity;
  Secret token;  // its application's; of a process without application, the cluster's
  std::optional<Tls> tls;

  // The token that `peer` shows.
  Secret TokenOf(const Identity& peer) const {
    return peer.application == identity.application ? token : token.Derive(peer.application);
  }
};

// For a bootstrap, which hands them to a new process.
void ToProto(const Credentials& credentials, proto::Credentials& message);
// nullopt if `message` is no such value.
std::optional<Credentials> FromProto(const proto::Credentials& message);

}  // namespace millstream::security

#endif  // MILLSTREAM_COMMON_SECURITY_CREDENTIALS_H_
