#include "common/base/logging.h"

#include <gtest/gtest.h>
#include <signal.h>

namespace millstream::base {
namespace {

void OfTheProgram(int) {}

void (*HandlerOf(int signal))(int) {
  struct sigaction action {};
  sigaction(signal, nullptr, &action);
  return action.sa_handler;
}

TEST(LoggingTest, SignalsThatTheProgramHandlesOrIgnoresAreLeftToIt) {
  signal(SIGUSR1, OfTheProgram);
  signal(SIGUSR2, SIG_IGN);
  ChangeLogLevelOnSignals();
  EXPECT_EQ(HandlerOf(SIGUSR1), OfTheProgram);
  EXPECT_EQ(HandlerOf(SIGUSR2), SIG_IGN);
  for (const int used : {SIGUSR1, SIGUSR2}) signal(used, SIG_DFL);
}

}  // namespace
}  // namespace millstream::base
