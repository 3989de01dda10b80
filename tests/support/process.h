#ifndef MILLSTREAM_TESTS_SUPPORT_PROCESS_H_
#define MILLSTREAM_TESTS_SUPPORT_PROCESS_H_

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace millstream::test {

// How long anything may take before a test says that it does not happen.
inline constexpr std::chrono::seconds kPatience{60};

// How a process ended.
struct Exit {
  int code = -1;   // -1: by a signal
  int signal = 0;  // 0: by itself
};

// A program that runs, and what it writes. Killed, if it still runs, with its object.
class Process {
 public:
  // The first of `arguments` is the executable. Aborts the test program if it cannot be started.
  explicit Process(std::vector<std::string> arguments);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  void Signal(int signal) const;

  // What it wrote so far.
  std::string out() const;
  std::string err() const;
  // Waits until what it wrote satisfies `done`. False if it never does: after a minute, or as it ended.
  bool AwaitOut(const std::function<bool(std::string_view)>& done) const;
  bool AwaitErr(const std::function<bool(std::string_view)>& done) const;
  bool AwaitOut(std::string_view text) const;
  bool AwaitErr(std::string_view text) const;

  // Its end, and everything it wrote is there; nothing if it still runs after a minute.
  std::optional<Exit> AwaitExit();

 private:
  struct Output {
    int fd = -1;
    bool open = true;
    std::string text;
  };
  void Read();
  bool Await(const Output& output, const std::function<bool(std::string_view)>& done) const;

  pid_t pid_ = -1;
  int pidfd_ = -1;
  int stop_ = -1;  // an eventfd
  std::optional<Exit> exit_;

  mutable std::mutex mutex_;  // protects what follows
  mutable std::condition_variable changed_;
  Output out_;
  Output err_;

  std::thread reader_;
};

// Looks every few milliseconds. False after `patience`.
bool AwaitThat(const std::function<bool()>& condition, std::chrono::milliseconds patience = kPatience);

// How many lines of `text` start with "millstream: error:".
int ErrorLines(std::string_view text);

}  // namespace millstream::test

#endif  // MILLSTREAM_TESTS_SUPPORT_PROCESS_H_
