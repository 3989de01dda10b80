#ifndef MILLSTREAM_COMMON_SECURITY_CLUSTER_SECRET_H_
#define MILLSTREAM_COMMON_SECURITY_CLUSTER_SECRET_H_

#include <chrono>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/security/certificates.h"
#include "common/security/credentials.h"
#include "common/security/secret.h"

namespace millstream::security {

// What those who run a cluster know, as one file: an authority that makes the certificates of the cluster's
// processes, and a token. A process that runs a user's code on a cluster never has it; it is issued
// credentials that name its role and its application. Immutable.
class ClusterSecret {
 public:
  using Time = std::chrono::system_clock::time_point;

  // Writes a new one, valid for ten years, to the file `path`, which must not exist, with mode 0600.
  // InvalidArgument names what is in the way; nothing is left behind then.
  static absl::Status MakeFile(const std::string& path, Time now = std::chrono::system_clock::now());

  // Unauthenticated, with one line that says what to do, if the file is missing, damaged, expired, another
  // user's or accessible to others.
  static absl::StatusOr<ClusterSecret> Read(const std::string& path,
                                            Time now = std::chrono::system_clock::now());

  // Credentials for one process, with a new key, valid for a year and not longer than this is.
  // InvalidArgument if the application's id cannot name one.
  absl::StatusOr<Credentials> Issue(const Identity& identity,
                                    Time now = std::chrono::system_clock::now()) const;

 private:
  ClusterSecret(CertifiedKey authority, const Validity& validity, const Secret& token)
      : authority_(std::move(authority)), validity_(validity), token_(token) {}
  static absl::StatusOr<ClusterSecret> Parse(std::string_view text);

  CertifiedKey authority_;
  Validity validity_;
  Secret token_;
};

// Of a process that serves the cluster itself, as `role`: from the file `secret_file`, whose errors are
// ClusterSecret::Read()'s; if that is empty, without TLS and with a new token.
absl::StatusOr<Credentials> ClusterCredentials(Role role, const std::string& secret_file);

}  // namespace millstream::security

#endif  // MILLSTREAM_COMMON_SECURITY_CLUSTER_SECRET_H_
