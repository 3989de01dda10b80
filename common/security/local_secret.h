#ifndef MILLSTREAM_COMMON_SECURITY_LOCAL_SECRET_H_
#define MILLSTREAM_COMMON_SECURITY_LOCAL_SECRET_H_

#include <memory>
#include <stop_token>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "common/security/secret.h"

namespace millstream::security {

// How a server on loopback and its clients come to share a secret when nobody gave them one: over a Unix
// socket without a file, named by the server's address, on which the kernel tells each side whose process the
// other is. The secret goes only to processes of the server's own user, and a client believes only a server
// of its own user, so that nobody else who takes the port can command it. Nothing is on a disk.
class LocalSecretServer {
 public:
  // Hands out `secret` for `address` ("127.0.0.1:7077"), on a thread of its own, until destroyed.
  // FailedPrecondition: another process serves that address.
  static absl::StatusOr<std::unique_ptr<LocalSecretServer>> Start(const std::string& address,
                                                                  const Secret& secret);
  ~LocalSecretServer();

 private:
  LocalSecretServer(int listener, const Secret& secret);
  void Serve();

  const int listener_;
  const Secret secret_;
  std::thread thread_;
};

// The secret of the server at `address`. NotFound: there is none. Unavailable: it did not answer before
// `stop`, or within a few seconds. Unauthenticated: it is another user's.
absl::StatusOr<Secret> FetchLocalSecret(const std::string& address, const std::stop_token& stop = {});

}  // namespace millstream::security

#endif  // MILLSTREAM_COMMON_SECURITY_LOCAL_SECRET_H_
