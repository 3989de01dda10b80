#ifndef MILLSTREAM_TESTS_SUPPORT_HOSTS_H_
#define MILLSTREAM_TESTS_SUPPORT_HOSTS_H_

#include <memory>
#include <string>
#include <vector>

#include "tests/support/process.h"

namespace millstream::test {

// Hosts on one switch, each a network namespace, and what a network may do to them. This process moves to a
// namespace of its own and is the switch. Needs root, iproute2 and nftables.
class Hosts {
 public:
  // Why this machine has none, as a test that is skipped says; empty if it has.
  static std::string Unavailable();

  // Of one network of 256 addresses, without its .254, which is this process's own. Aborts the test program
  // if they cannot be made; ask Unavailable() first.
  explicit Hosts(std::vector<std::string> addresses);

  // Of a host, counted from 0.
  const std::string& AddressOf(int host) const { return addresses_[static_cast<size_t>(host)]; }
  std::string own_address() const;

  // The command line that runs a command on a host. Its processes are children of whoever runs it.
  std::vector<std::string> On(int host, std::vector<std::string> command) const;

  // Nothing reaches the host, and nothing leaves it.
  void Cut(int host);
  // What it sends arrives; nothing reaches it.
  void Deafen(int host);
  // Every TCP packet that reaches it is answered with a reset.
  void Reset(int host);
  // What it sends takes its time.
  void SlowDown(int host, int kilobits_per_second);
  // The end of all of these.
  void Heal(int host);

 private:
  // Rules of nftables, within the host, instead of those before.
  void SetRules(int host, const std::string& incoming, const std::string& outgoing);

  const std::vector<std::string> addresses_;
  std::vector<std::unique_ptr<Process>> keepers_;  // of the namespaces
};

}  // namespace millstream::test

#endif  // MILLSTREAM_TESTS_SUPPORT_HOSTS_H_
