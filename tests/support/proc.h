#ifndef MILLSTREAM_TESTS_SUPPORT_PROC_H_
#define MILLSTREAM_TESTS_SUPPORT_PROC_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace millstream::test {

// What /proc tells of processes. Zombies count as gone.

std::vector<pid_t> ChildrenOf(pid_t parent);
bool IsAlive(pid_t pid);

// A file of /proc/PID; empty if it cannot be read.
std::string ProcFile(pid_t pid, const std::string& name);
// Peak resident memory; 0 if the process is gone.
long VmHwmKb(pid_t pid);

// A TCP port that a process listens on.
struct Listener {
  bool loopback = false;
  int port = 0;
  bool ipv6 = false;
};
std::vector<Listener> ListenersOf(pid_t pid);

// Whether the process has a TCP connection to a port of this machine.
bool IsConnectedTo(pid_t pid, int port);
// Whether everything that was sent over the connections of a port of this machine has been read.
bool AllIsRead(int port);

}  // namespace millstream::test

#endif  // MILLSTREAM_TESTS_SUPPORT_PROC_H_
