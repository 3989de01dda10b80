#ifndef MILLSTREAM_COMMON_BASE_CRASH_REPORT_H_
#define MILLSTREAM_COMMON_BASE_CRASH_REPORT_H_

#include <csignal>
#include <cstdint>
#include <memory>
#include <string>

namespace millstream::base {

// What a process says of its end by a signal: one write() of this struct to the report descriptor.
struct CrashRecord {
  int32_t signal = 0;
  int32_t partition = -1;    // -1: no task ran on the thread
  char operation[120] = {};  // ends with NUL
};

// "operation FlatMap, partition 3: user code ended with SIGSEGV. Fix the function passed to FlatMap."
std::string DescribeCrash(const CrashRecord& record);

// From now on SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT first leave a report: a CrashRecord on `report_fd`,
// or, if that is negative, one line on stderr. Then the signal's default action ends the process. Covers the
// calling thread's stack overflows too. To be called once.
void InstallCrashHandler(int report_fd);

// A stack for the calling thread's signal handlers, so that endless recursion is reported as well. Made and
// destroyed on that thread.
class AlternateStack {
 public:
  AlternateStack();
  ~AlternateStack();
  AlternateStack(const AlternateStack&) = delete;
  AlternateStack& operator=(const AlternateStack&) = delete;

 private:
  void* memory_ = nullptr;
  stack_t outer_ = {};
};

}  // namespace millstream::base

#endif  // MILLSTREAM_COMMON_BASE_CRASH_REPORT_H_
