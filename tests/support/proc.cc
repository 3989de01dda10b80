#include "tests/support/proc.h"

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

void AddListeners(pid_t pid, bool ipv6, const std::set<std::string>& inodes,
                  std::vector<Listener>& listeners) {
  std::istringstream lines(ProcFile(pid, ipv6 ? "net/tcp6" : "net/tcp"));
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::string number, local, remote, state, skipped, inode;
    fields >> number >> local >> remote >> state;
    for (int i = 0; i < 5; ++i) fields >> skipped;
    fields >> inode;
    if (state != "0A" || !inodes.contains(inode)) continue;
    const size_t colon = local.find(':');
    const std::string host = local.substr(0, colon);
    Listener listener;
    listener.ipv6 = ipv6;
    listener.port = static_cast<int>(std::strtol(local.c_str() + colon + 1, nullptr, 16));
    listener.loopback = host == "0100007F" || host == "00000000000000000000000001000000" ||
                        host == "0000000000000000FFFF00000100007F";
    listeners.push_back(listener);
  }
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
  AddListeners(pid, false, inodes, listeners);
  AddListeners(pid, true, inodes, listeners);
  return listeners;
}

}  // namespace millstream::test
