#ifndef MILLSTREAM_COMMON_RPC_LISTEN_ADDRESS_H_
#define MILLSTREAM_COMMON_RPC_LISTEN_ADDRESS_H_

#include <sys/socket.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace millstream::rpc {

// Where a server listens, and how its peers reach it.
struct ListenOptions {
  std::string host = "127.0.0.1";         // a name or an address of this machine
  std::string advertised_host = {};       // as peers are told it; empty: `host`
  int port = 0;                           // 0: one of the system's choice
  int more_ports = 0;                     // how many that follow are tried if that one is in use
  std::string_view port_name = "--port";  // what says `port`, of static lifetime; errors name it
};

// What a server may bind.
struct ListenAddress {
  bool loopback = false;
  bool every = false;  // of this machine: 0.0.0.0 or ::
  int port = 0;
  sockaddr_storage socket_address{};  // the same for the system
  socklen_t bytes = 0;                // of that
};

// The address of `host`, a name or an address of this machine. InvalidArgument if the name is unknown, or is
// loopback on this machine alone, as Debian sets up a machine's own name (127.0.1.1): other machines would
// not get there. Asks the system's name service, which may take a while.
absl::StatusOr<ListenAddress> ResolveListenAddress(const std::string& host, int port);

// A host that peers are to be told, or that is to be connected to: "localhost" as 127.0.0.1, all else as it
// is. Unauthenticated if it is beyond loopback and the connection is not `secured`, that is, by TLS;
// InvalidArgument if it is a name that is loopback on this machine alone, or has no address and the
// connection is not `secured`. `name` is what the user called it.
absl::StatusOr<std::string> CheckHost(const std::string& host, bool secured, std::string_view name);
// The same of the hosts of masters' "host:port" addresses; Aborted of one that has no address, as of a master
// that does not answer.
absl::StatusOr<std::vector<std::string>> CheckHosts(const std::vector<std::string>& addresses, bool secured,
                                                    std::string_view name);

// The address of this machine from which it reaches `address`, "host:port". Aborted if it does not.
absl::StatusOr<std::string> OwnAddressTowards(const std::string& address);

// "host:port", with brackets around an IPv6 address.
std::string HostAndPort(const std::string& host, int port);

}  // namespace millstream::rpc

#endif  // MILLSTREAM_COMMON_RPC_LISTEN_ADDRESS_H_
