#include "deploy/doctor/host_name.h"

#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace millstream::deploy {
namespace {

constexpr std::string_view kDebiansDefault = "127.0.1.1";

std::string Numeric(const sockaddr* address) {
  std::array<char, NI_MAXHOST> text;
  const socklen_t bytes = address->sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  const int error = getnameinfo(address, bytes, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST);
  return error == 0 ? text.data() : "";
}

bool IsLoopback(std::string_view address) { return address.starts_with("127.") || address == "::1"; }

}  // namespace

HostName LookUpHostName() {
  HostName host;
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) == 0) host.name = name.data();
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.name.c_str(), nullptr, &hints, &found) == 0) {
    for (const addrinfo* at = found; at != nullptr; at = at->ai_next)
      host.addresses.push_back(Numeric(at->ai_addr));
    freeaddrinfo(found);
  }
  ifaddrs* interfaces = nullptr;
  if (getifaddrs(&interfaces) == 0) {
    for (const ifaddrs* at = interfaces; at != nullptr; at = at->ifa_next) {
      if (at->ifa_addr == nullptr) continue;
      if (at->ifa_addr->sa_family == AF_INET || at->ifa_addr->sa_family == AF_INET6)
        host.own.push_back(Numeric(at->ifa_addr));
    }
    freeifaddrs(interfaces);
  }
  return host;
}

Finding CheckHostName(const HostName& host) {
  const std::string thing = "host name " + host.name;
  const std::string entry = "as in \"192.0.2.7 " + host.name + "\"";
  if (host.addresses.empty()) {
    return Warn(thing, "has no address; a cluster of more than one host needs one",
                "As root, write it into /etc/hosts, " + entry);
  }
  if (std::ranges::find(host.addresses, kDebiansDefault) != host.addresses.end()) {
    return Warn(
        thing,
        "is 127.0.1.1 here, as Debian's installer writes it into /etc/hosts: what listens on this name "
        "is not reached by other hosts, and what is told this address reaches itself",
        "For a cluster of more than one host, as root, replace 127.0.1.1 in /etc/hosts by this host's "
        "address, " +
            entry);
  }
  const auto outside =
      std::ranges::find_if(host.addresses, [](const std::string& address) { return !IsLoopback(address); });
  if (outside == host.addresses.end()) {
    return Warn(
        thing, "is " + host.addresses.front() + " here, which other hosts cannot reach",
        "For a cluster of more than one host, as root, write this host's address into /etc/hosts, " + entry);
  }
  if (std::ranges::find(host.own, *outside) == host.own.end()) {
    return Warn(thing, "is " + *outside + " here, which is no address of this host",
                "As root, correct /etc/hosts, or the name server");
  }
  return Ok(thing, "is " + *outside);
}

}  // namespace millstream::deploy
