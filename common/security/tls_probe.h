#ifndef MILLSTREAM_COMMON_SECURITY_TLS_PROBE_H_
#define MILLSTREAM_COMMON_SECURITY_TLS_PROBE_H_

#include <optional>
#include <string>

#include "common/security/credentials.h"

namespace millstream::security {

// Why whoever listens at `address`, "host:port", cannot be `peer` to a process that has `own`, or no TLS at
// all: "CAUSE. FIX", for people. nullopt if nobody listens there or nothing is wrong. It connects and begins
// a TLS handshake, which takes a few seconds at most; it proves nothing and sends nothing secret.
std::optional<std::string> FindTlsMismatch(const std::string& address,
                                           const std::optional<Credentials::Tls>& own, const Identity& peer);

}  // namespace millstream::security

#endif  // MILLSTREAM_COMMON_SECURITY_TLS_PROBE_H_
