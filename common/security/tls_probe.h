#ifndef MILLSTREAM_COMMON_SECURITY_TLS_PROBE_H_
#define MILLSTREAM_COMMON_SECURITY_TLS_PROBE_H_

#include <optional>
#include <stop_token>
#include <string>

#include "common/security/credentials.h"

namespace millstream::security {

struct TlsProbe {
  bool listens = false;  // somebody
  // Why that cannot be who is looked for: "CAUSE. FIX", for people. nullopt: nothing is seen to be wrong.
  std::optional<std::string> mismatch = {};
};

// Looks whether whoever listens at `address`, "host:port", can be `peer` to a process that has `own`, or no
// TLS at all. It connects and begins a TLS handshake, which takes seconds, or until `stop`, and what the
// system's name service takes; it proves nothing and sends nothing secret.
TlsProbe ProbeTls(const std::string& address, const std::optional<Credentials::Tls>& own,
                  const Identity& peer, const std::stop_token& stop = {});

}  // namespace millstream::security

#endif  // MILLSTREAM_COMMON_SECURITY_TLS_PROBE_H_
