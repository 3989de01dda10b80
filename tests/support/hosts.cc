#include "tests/support/hosts.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <utility>

namespace millstream::test {
namespace {

constexpr const char* kIp = "/sbin/ip";
constexpr const char* kTc = "/sbin/tc";
constexpr const char* kNft = "/usr/sbin/nft";
constexpr const char* kUnshare = "/usr/bin/unshare";
constexpr const char* kSetpriv = "/usr/bin/setpriv";
constexpr const char* kNsenter = "/usr/bin/nsenter";

// What the command wrote to standard error if it failed, else nothing.
std::string Failure(std::vector<std::string> command) {
  Process process(std::move(command));
  const std::optional<Exit> exit = process.AwaitExit();
  return exit && exit->code == 0 ? "" : process.err() + " ";
}

void Run(std::vector<std::string> command) {
  std::string text;
  for (const std::string& word : command) text += word + " ";
  if (const std::string failure = Failure(std::move(command)); !failure.empty()) {
    std::fprintf(stderr, "%s: %s\n", text.c_str(), failure.c_str());
    std::abort();
  }
}

// Words that spaces separate.
std::vector<std::string> Words(const std::string& text) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    if (c == ' ') {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  return words;
}

ino_t NetworkOf(pid_t pid) {
  struct stat file {};
  return stat(("/proc/" + std::to_string(pid) + "/ns/net").c_str(), &file) == 0 ? file.st_ino : 0;
}

}  // namespace

std::string Hosts::Unavailable() {
  for (const char* tool : {kIp, kTc, kNft, kUnshare, kSetpriv, kNsenter}) {
    if (access(tool, X_OK) != 0) return std::string(tool) + " is not installed";
  }
  // Whether the kernel has them.
  const std::vector<std::vector<std::string>> probes = {
      {kIp, "link", "add", "port0", "type", "veth", "peer", "name", "port1"},
      {kIp, "link", "add", "switch", "type", "bridge"},
      {kTc, "qdisc", "add", "dev", "lo", "root", "tbf", "rate", "1mbit", "burst", "16kb", "latency", "99ms"},
      {kNft,
       "table inet t { chain c { type filter hook input priority 0; meta l4proto tcp reject with tcp reset; "
       "}; }"},
  };
  for (std::vector<std::string> probe : probes) {
    probe.insert(probe.begin(), {kUnshare, "--net"});
    if (const std::string failure = Failure(std::move(probe)); !failure.empty())
      return "the kernel refuses a network of namespaces: " + failure;
  }
  return "";
}

Hosts::Hosts(std::vector<std::string> addresses) : addresses_(std::move(addresses)) {
  if (unshare(CLONE_NEWNET) != 0) {
    std::perror("unshare");
    std::abort();
  }
  const auto ip = [](const std::string& words) { Run(Words(kIp + (" " + words))); };
  ip("link set lo up");
  ip("link add switch type bridge");
  ip("addr add " + own_address() + "/24 dev switch");
  ip("link set switch up");
  for (int host = 0; host < static_cast<int>(addresses_.size()); ++host) {
    // Ends with this process, however that ends.
    keepers_.push_back(std::make_unique<Process>(std::vector<std::string>{
        kSetpriv, "--pdeathsig", "KILL", kUnshare, "--net", "/bin/sleep", "infinity"}));
    const pid_t keeper = keepers_.back()->pid();
    if (!AwaitThat([&] { return NetworkOf(keeper) != 0 && NetworkOf(keeper) != NetworkOf(getpid()); }))
      std::abort();
    const std::string number = std::to_string(host);
    ip("link add port" + number + " type veth peer name eth0 netns " + std::to_string(keeper));
    ip("link set port" + number + " master switch up");
    const auto there = [&](const std::string& words) { Run(On(host, Words(kIp + (" " + words)))); };
    there("link set lo up");
    there("addr add " + AddressOf(host) + "/24 dev eth0");
    there("link set eth0 up");
  }
}

std::string Hosts::own_address() const {
  return addresses_.front().substr(0, addresses_.front().rfind('.')) + ".254";
}

std::vector<std::string> Hosts::On(int host, std::vector<std::string> command) const {
  const std::string pid = std::to_string(keepers_[static_cast<size_t>(host)]->pid());
  command.insert(command.begin(), {kNsenter, "--net=/proc/" + pid + "/ns/net"});
  return command;
}

void Hosts::SetRules(int host, const std::string& incoming, const std::string& outgoing) {
  Run(On(host, {kNft,
                "table inet fault; delete table inet fault; table inet fault {"
                "chain in { type filter hook input priority 0; iifname \"eth0\" " +
                    incoming +
                    "; }; "
                    "chain out { type filter hook output priority 0; oifname \"eth0\" " +
                    outgoing + "; }; }"}));
}

void Hosts::Cut(int host) { SetRules(host, "drop", "drop"); }
void Hosts::Deafen(int host) { SetRules(host, "drop", "accept"); }
void Hosts::Reset(int host) { SetRules(host, "meta l4proto tcp reject with tcp reset", "accept"); }
void Hosts::SlowDown(int host, int kilobits_per_second) {
  Run(On(host, {kTc, "qdisc", "replace", "dev", "eth0", "root", "tbf", "rate",
                std::to_string(kilobits_per_second) + "kbit", "burst", "16kb", "latency", "200ms"}));
}

void Hosts::Heal(int host) {
  Run(On(host, {kNft, "flush", "ruleset"}));
  Failure(On(host, {kTc, "qdisc", "del", "dev", "eth0", "root"}));  // if there was one
}

}  // namespace millstream::test
