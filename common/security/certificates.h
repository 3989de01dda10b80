#ifndef MILLSTREAM_COMMON_SECURITY_CERTIFICATES_H_
#define MILLSTREAM_COMMON_SECURITY_CERTIFICATES_H_

#include <chrono>
#include <string>

#include "absl/status/statusor.h"

namespace millstream::security {

// A certificate and the private key to it, in PEM.
struct CertifiedKey {
  std::string certificate;
  std::string private_key;
};

// From when until when a certificate is valid; whole seconds count.
struct Validity {
  std::chrono::system_clock::time_point begin;
  std::chrono::system_clock::time_point end;
};

// A new authority: a key (P-256) and the certificate it signs itself. Whoever holds its key can make
// certificates.
absl::StatusOr<CertifiedKey> MakeAuthority(const Validity& validity);

// A new key with a certificate by `authority` for the one name `name`, good for either end of a connection
// and not for making certificates.
absl::StatusOr<CertifiedKey> IssueCertificate(const CertifiedKey& authority, const std::string& name,
                                              const Validity& validity);

// When the certificate is valid. InvalidArgument if it cannot be read or is not its key's.
absl::StatusOr<Validity> CheckCertifiedKey(const CertifiedKey& certified);

}  // namespace millstream::security

#endif  // MILLSTREAM_COMMON_SECURITY_CERTIFICATES_H_
