#ifndef MILLSTREAM_COMMON_RPC_LISTEN_ADDRESS_H_
#define MILLSTREAM_COMMON_RPC_LISTEN_ADDRESS_H_

#include <string>

#include "absl/status/statusor.h"

namespace millstream::rpc {

// What a server may bind.
struct ListenAddress {
  std::string numeric;  // "127.0.0.1:0", "[::1]:7077"
  bool loopback = false;
};

// The address of `host`, a name or an address of this machine. InvalidArgument if the name is unknown. Asks
// the system's name service, which may take a while.
absl::StatusOr<ListenAddress> ResolveListenAddress(const std::string& host, int port);

// "host:port", with brackets around an IPv6 address.
std::string HostAndPort(const std::string& host, int port);

}  // namespace millstream::rpc

#endif  // MILLSTREAM_COMMON_RPC_LISTEN_ADDRESS_H_
