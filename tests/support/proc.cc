#include "tests/support/proc.h"

#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace millstream::test {
namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

struct Stat {
  char state = 'X';
  pid_t parent = 0;
};

Stat StatOf(pid_t pid) {
  Stat stat;
  const std::string text = ProcFile(pid, "stat");
  const size_t name_end = text.rfind(')');  // names may contain anything
  if (name_end == std::string::npos) return stat;
  std::istringstream rest(text.substr(name_end + 1));
  rest >> stat.state >> stat.parent;
  return stat;
}

bool IsGone(const Stat& stat) { return stat.state == 'X' || stat.state == 'Z'; }

std::set<std::string> SocketInodes(pid_t pid) {
  std::set<std::string> inodes;
  std::error_code error;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd", error)) {
    std::string target = std::filesystem::read_symlink(entry.path(), error).string();
    if (target.starts_with("socket:[")) inodes.insert(target.substr(8, target.size() - 9));
  }
  return inodes;
}

constexpr int kEstablished = 1;
constexpr int kListening = 10;

// A line of /proc/net/tcp.
struct Socket {
  std::string host;  // as it is written there
  int port = 0;
  int peer_port = 0;
  int state = 0;
  std::string queues;  // "unsent:unread"
  std::string inode;
};

int HexPort(const std::string& address) {
  return static_cast<int>(std::strtol(address.c_str() + address.find(':') + 1, nullptr, 16));
}

std::vector<Socket> SocketsOf(pid_t pid, bool ipv6) {
  std::istringstream lines(ProcFile(pid, ipv6 ? "net/tcp6" : "net/tcp"));
  std::vector<Socket> sockets;
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::string number, local, remote, state, skipped;
    Socket socket;
    fields >> number >> local >> remote >> state >> socket.queues;
    for (int i = 0; i < 4; ++i) fields >> skipped;
    fields >> socket.inode;
    socket.host = local.substr(0, local.find(':'));
    socket.port = HexPort(local);
    socket.peer_port = HexPort(remote);
    socket.state = static_cast<int>(std::strtol(state.c_str(), nullptr, 16));
    sockets.push_back(std::move(socket));
  }
  return sockets;
}

bool IsLoopback(const std::string& host) {
  return host == "0100007F" || host == "00000000000000000000000001000000" ||
         host == "0000000000000000FFFF00000100007F";
}

}  // namespace

std::vector<pid_t> ChildrenOf(pid_t parent) {
  std::vector<pid_t> children;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error != std::errc() || end != name.data() + name.size()) continue;
    const Stat stat = StatOf(pid);
    if (!IsGone(stat) && stat.parent == parent) children.push_back(pid);
  }
  return children;
}

bool IsAlive(pid_t pid) { return !IsGone(StatOf(pid)); }

std::string ProcFile(pid_t pid, const std::string& name) {
  return ReadFile("/proc/" + std::to_string(pid) + "/" + name);
}

long VmHwmKb(pid_t pid) {
  const std::string text = ProcFile(pid, "status");
  const size_t at = text.find("VmHWM:");
  return at == std::string::npos ? 0 : std::strtol(text.c_str() + at + 6, nullptr, 10);
}

std::vector<Listener> ListenersOf(pid_t pid) {
  const std::set<std::string> inodes = SocketInodes(pid);
  std::vector<Listener> listeners;
  for (const bool ipv6 : {false, true}) {
    for (const Socket& socket : SocketsOf(pid, ipv6)) {
      if (socket.state != kListening || !inodes.contains(socket.inode)) continue;
      listeners.push_back({IsLoopback(socket.host), socket.port, ipv6});
    }
  }
  return listeners;
}

bool IsConnectedTo(pid_t pid, int port) {
  const std::set<std::string> inodes = SocketInodes(pid);
  for (const Socket& socket : SocketsOf(pid, false)) {
    if (socket.state == kEstablished && socket.peer_port == port && inodes.contains(socket.inode))
      return true;
  }
  return false;
}

bool AllIsRead(int port) {
  bool any = false;
  for (const Socket& socket : SocketsOf(getpid(), false)) {
    if (socket.state != kEstablished || (socket.port != port && socket.peer_port != port)) continue;
    if (socket.queues != "00000000:00000000") return false;
    any = true;
  }
  return any;
}

}  // namespace millstream::test
