#include "common/base/crash_report.h"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <new>

#include "common/exec/current_task.h"

namespace millstream::base {
namespace {

constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
constexpr size_t kStackBytes = 64 << 10;

int crash_fd = -1;
std::atomic<bool> reported{false};

const char* SignalName(int signal) {
  switch (signal) {
    case SIGSEGV:
      return "SIGSEGV";
    case SIGBUS:
      return "SIGBUS";
    case SIGFPE:
      return "SIGFPE";
    case SIGILL:
      return "SIGILL";
    case SIGABRT:
      return "SIGABRT";
    case SIGKILL:
      return "SIGKILL";
    case SIGTERM:
      return "SIGTERM";
    default:
      return "a signal";
  }
}

// Text of bounded length, built without a call that a signal handler may not make.
class Line {
 public:
  Line& Add(const char* text) {
    while (*text != '\0' && size_ < sizeof(text_)) text_[size_++] = *text++;
    return *this;
  }
  Line& Add(int32_t number) {
    char digits[12];
    char* at = digits + sizeof(digits);
    *--at = '\0';
    do *--at = static_cast<char>('0' + number % 10);
    while ((number /= 10) > 0);
    return Add(at);
  }
  const char* data() const { return text_; }
  size_t size() const { return size_; }

 private:
  char text_[512];
  size_t size_ = 0;
};

void Describe(const CrashRecord& record, Line& line) {
  if (record.partition < 0) {
    line.Add("this program: it ended with ").Add(SignalName(record.signal));
    line.Add(" outside of any task. Run it in a debugger to see where.");
    return;
  }
  line.Add("operation ").Add(record.operation).Add(", partition ").Add(record.partition);
  line.Add(": user code ended with ").Add(SignalName(record.signal));
  line.Add(". Fix the function passed to ").Add(record.operation).Add(".");
}

void Write(int fd, const void* data, size_t size) {
  const char* at = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = write(fd, at, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    at += written;
    size -= static_cast<size_t>(written);
  }
}

void OnCrash(int signal) {
  if (!reported.exchange(true)) {
    CrashRecord record;
    record.signal = signal;
    if (const exec::TaskEnv* task = exec::CurrentTask()) {
      record.partition = task->partition;
      for (size_t i = 0; i + 1 < sizeof(record.operation) && task->operation[i] != '\0'; ++i) {
        record.operation[i] = task->operation[i];
      }
    }
    if (crash_fd >= 0) {
      Write(crash_fd, &record, sizeof(record));
    } else {
      Line line;
      line.Add("millstream: error: ");
      Describe(record, line);
      line.Add("\n");
      Write(STDERR_FILENO, line.data(), line.size());
    }
  }
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  sigaction(signal, &action, nullptr);
  raise(signal);
}

}  // namespace

std::string DescribeCrash(const CrashRecord& record) {
  CrashRecord checked = record;
  checked.operation[sizeof(checked.operation) - 1] = '\0';
  Line line;
  Describe(checked, line);
  return std::string(line.data(), line.size());
}

void InstallCrashHandler(int report_fd) {
  crash_fd = report_fd;
  // For the main thread, as long as it lives: never destroyed.
  alignas(AlternateStack) static char place[sizeof(AlternateStack)];
  static AlternateStack* const stack = new (place) AlternateStack;
  static_cast<void>(stack);
  struct sigaction action = {};
  action.sa_handler = OnCrash;
  action.sa_flags = SA_ONSTACK | SA_NODEFER;
  sigemptyset(&action.sa_mask);
  for (int signal : kSignals) sigaction(signal, &action, nullptr);
}

AlternateStack::AlternateStack() {
  void* memory =
      mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (memory == MAP_FAILED) return;
  stack_t stack = {};
  stack.ss_sp = memory;
  stack.ss_size = kStackBytes;
  if (sigaltstack(&stack, &outer_) != 0) {
    munmap(memory, kStackBytes);
    return;
  }
  memory_ = memory;
}

AlternateStack::~AlternateStack() {
  if (memory_ == nullptr) return;
  sigaltstack(&outer_, nullptr);
  munmap(memory_, kStackBytes);
}

}  // namespace millstream::base
