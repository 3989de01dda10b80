#include "tests/support/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

extern char** environ;

namespace millstream::test {
namespace {

void Require(bool ok, const char* what) {
  if (ok) return;
  std::perror(what);
  std::abort();
}

}  // namespace

Process::Process(std::vector<std::string> arguments) : stop_(eventfd(0, EFD_CLOEXEC)) {
  int out[2], err[2];
  Require(pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0, "pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  posix_spawn_file_actions_adddup2(&actions, err[1], 2);
  // Test programs block signals; those they start begin as from a shell.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  Require(posix_spawn(&pid_, argv[0], &actions, &attributes, argv.data(), environ) == 0, argv[0]);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  close(out[1]);
  close(err[1]);
  pidfd_ = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  Require(pidfd_ >= 0, "pidfd_open");
  out_.fd = out[0];
  err_.fd = err[0];
  reader_ = std::thread([this] { Read(); });
}

Process::~Process() {
  if (!exit_) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  eventfd_write(stop_, 1);
  reader_.join();
  for (const int fd : {pidfd_, stop_, out_.fd, err_.fd}) close(fd);
}

void Process::Signal(int signal) const { kill(pid_, signal); }

void Process::Read() {
  for (;;) {
    pollfd waits[3] = {
        {stop_, POLLIN, 0}, {out_.open ? out_.fd : -1, POLLIN, 0}, {err_.open ? err_.fd : -1, POLLIN, 0}};
    if (!out_.open && !err_.open) return;
    poll(waits, 3, -1);
    if (waits[0].revents != 0) return;
    for (const int i : {1, 2}) {
      if (waits[i].revents == 0) continue;
      char bytes[65536];
      const ssize_t got = read(waits[i].fd, bytes, sizeof(bytes));
      std::lock_guard lock(mutex_);
      Output& output = i == 1 ? out_ : err_;
      if (got > 0) {
        output.text.append(bytes, static_cast<size_t>(got));
      } else {
        output.open = false;
      }
      changed_.notify_all();
    }
  }
}

std::string Process::out() const {
  std::lock_guard lock(mutex_);
  return out_.text;
}

std::string Process::err() const {
  std::lock_guard lock(mutex_);
  return err_.text;
}

bool Process::Await(const Output& output, const std::function<bool(std::string_view)>& done) const {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kPatience, [&] { return done(output.text) || !output.open; });
  return done(output.text);
}

bool Process::AwaitOut(const std::function<bool(std::string_view)>& done) const { return Await(out_, done); }
bool Process::AwaitErr(const std::function<bool(std::string_view)>& done) const { return Await(err_, done); }
bool Process::AwaitOut(std::string_view text) const {
  return AwaitOut([&](std::string_view all) { return all.find(text) != std::string_view::npos; });
}
bool Process::AwaitErr(std::string_view text) const {
  return AwaitErr([&](std::string_view all) { return all.find(text) != std::string_view::npos; });
}

std::optional<Exit> Process::AwaitExit() {
  if (exit_) return exit_;
  pollfd wait{pidfd_, POLLIN, 0};
  if (poll(&wait, 1, static_cast<int>(std::chrono::milliseconds(kPatience).count())) != 1)
    return std::nullopt;
  int status = 0;
  Require(waitpid(pid_, &status, 0) == pid_, "waitpid");
  exit_ = WIFEXITED(status) ? Exit{WEXITSTATUS(status), 0} : Exit{-1, WTERMSIG(status)};
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kPatience, [this] { return !out_.open && !err_.open; });
  return exit_;
}

bool AwaitThat(const std::function<bool()>& condition, std::chrono::milliseconds patience) {
  for (const auto end = std::chrono::steady_clock::now() + patience; !condition();) {
    if (std::chrono::steady_clock::now() >= end) return condition();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

int ErrorLines(std::string_view text) {
  constexpr std::string_view kStart = "millstream: error:";
  int lines = 0;
  for (size_t at = text.find(kStart); at != std::string_view::npos; at = text.find(kStart, at + 1)) {
    if (at == 0 || text[at - 1] == '\n') ++lines;
  }
  return lines;
}

}  // namespace millstream::test
