#include "common/rpc/listen_address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "common/cli/errors.h"

namespace millstream::rpc {
namespace {

using AddressList = std::unique_ptr<addrinfo, void (*)(addrinfo*)>;

// Null, and `error` is getaddrinfo()'s, if the name is unknown.
AddressList Resolve(const std::string& host, const char* port, int flags, int& error) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  error = getaddrinfo(host.c_str(), port, &hints, &found);
  return {error == 0 ? found : nullptr, freeaddrinfo};
}

// Empty if the system cannot write it.
std::string NumericHost(const sockaddr* address, socklen_t bytes) {
  std::array<char, NI_MAXHOST> numeric{};
  getnameinfo(address, bytes, numeric.data(), numeric.size(), nullptr, 0, NI_NUMERICHOST);
  return numeric.data();
}

bool IsLoopback(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    const uint32_t ip = ntohl(reinterpret_cast<const sockaddr_in*>(address)->sin_addr.s_addr);
    return ip >> 24 == IN_LOOPBACKNET;
  }
  return address->sa_family == AF_INET6 &&
         IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr);
}

bool IsEvery(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    return reinterpret_cast<const sockaddr_in*>(address)->sin_addr.s_addr == htonl(INADDR_ANY);
  }
  return address->sa_family == AF_INET6 &&
         IN6_IS_ADDR_UNSPECIFIED(&reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr);
}

bool IsNumeric(const std::string& host) {
  in6_addr address;
  return inet_pton(AF_INET, host.c_str(), &address) == 1 || inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

// The machine's own name leads nowhere from other machines.
bool IsLoopbackHereAlone(const std::string& host, const addrinfo& found) {
  return IsLoopback(found.ai_addr) && host != "localhost" && !IsNumeric(host);
}

absl::Status LoopbackHereAlone(std::string_view thing, const std::string& host, const addrinfo& found) {
  return cli::UsageError(thing,
                         "on this machine the name " + host + " is " +
                             NumericHost(found.ai_addr, found.ai_addrlen) +
                             ", where no other machine gets to it; Debian sets up /etc/hosts so",
                         "Write the machine's address instead, or put that into /etc/hosts");
}

}  // namespace

absl::StatusOr<ListenAddress> ResolveListenAddress(const std::string& host, int port) {
  int error = 0;
  const AddressList found = Resolve(host, std::to_string(port).c_str(), AI_PASSIVE | AI_NUMERICSERV, error);
  if (found == nullptr) {
    return cli::UsageError(host, gai_strerror(error), "Name an address of this machine");
  }
  if (IsLoopbackHereAlone(host, *found)) return LoopbackHereAlone(host, host, *found);
  ListenAddress address{.loopback = IsLoopback(found->ai_addr),
                        .every = IsEvery(found->ai_addr),
                        .port = port,
                        .bytes = found->ai_addrlen};
  std::memcpy(&address.socket_address, found->ai_addr, found->ai_addrlen);
  return address;
}

namespace {

// `unknown` is the code of an error of a name that has no address.
absl::StatusOr<std::string> CheckHost(const std::string& host, bool secured, std::string_view name,
                                      absl::StatusCode unknown) {
  if (host == "localhost") return "127.0.0.1";
  int error = 0;
  const AddressList found = Resolve(host, nullptr, 0, error);
  if (found != nullptr && IsLoopbackHereAlone(host, *found)) return LoopbackHereAlone(name, host, *found);
  // A name that is unknown now may become known.
  if (secured || (found != nullptr && IsLoopback(found->ai_addr))) return host;
  if (found == nullptr) {
    return absl::Status(
        unknown,
        cli::ErrorText(name, '"' + host + "\" has no address: " + gai_strerror(error), "Check the name"));
  }
  return absl::UnauthenticatedError(
      cli::ErrorText(name, '"' + host + "\" is beyond loopback, where only TLS keeps strangers out",
                     "Give --secret-file FILE, which millstream secret FILE makes, or use 127.0.0.1"));
}

}  // namespace

absl::StatusOr<std::string> CheckHost(const std::string& host, bool secured, std::string_view name) {
  return CheckHost(host, secured, name, absl::StatusCode::kInvalidArgument);
}

absl::StatusOr<std::vector<std::string>> CheckHosts(const std::vector<std::string>& addresses, bool secured,
                                                    std::string_view name) {
  std::vector<std::string> checked;
  for (const std::string& address : addresses) {
    const size_t colon = address.rfind(':');
    const absl::StatusOr<std::string> host =
        CheckHost(address.substr(0, colon), secured, name, absl::StatusCode::kAborted);
    if (!host.ok()) return host.status();
    checked.push_back(*host + address.substr(colon));
  }
  return checked;
}

absl::StatusOr<std::string> OwnAddressTowards(const std::string& address) {
  const size_t colon = address.rfind(':');
  int error = 0;
  const AddressList found =
      Resolve(address.substr(0, colon), address.substr(colon + 1).c_str(), AI_NUMERICSERV, error);
  if (found == nullptr) {
    return absl::AbortedError(cli::ErrorText("master " + address,
                                             std::string("its name has no address: ") + gai_strerror(error),
                                             "Check the URL"));
  }
  // Connecting a datagram socket sends nothing, and chooses the address that would be sent from.
  const int route = socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_storage own{};
  socklen_t bytes = sizeof(own);
  const bool known = connect(route, found->ai_addr, found->ai_addrlen) == 0 &&
                     getsockname(route, reinterpret_cast<sockaddr*>(&own), &bytes) == 0;
  const std::string cause = std::strerror(errno);
  close(route);
  if (!known) return absl::AbortedError(cli::ErrorText("master " + address, cause, "Check the URL"));
  return NumericHost(reinterpret_cast<const sockaddr*>(&own), bytes);
}

std::string HostAndPort(const std::string& host, int port) {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace millstream::rpc
