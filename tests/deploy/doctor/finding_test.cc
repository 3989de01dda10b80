#include "deploy/doctor/finding.h"

#include <gtest/gtest.h>

namespace millstream::deploy {
namespace {

TEST(FindingTest, IsOneLineOfSeverityThingWhatWasFoundAndTheFix) {
  EXPECT_EQ(ToLine(Ok("port 1", "is free")), "OK  port 1: is free");
  EXPECT_EQ(ToLine(Warn("clock", "is late", "Set it")), "WARN  clock: is late. Set it");
  EXPECT_EQ(ToLine(Fail("file a\nb", "is\tgone", "Find it")), "FAIL  file a b: is gone. Find it");
}

}  // namespace
}  // namespace millstream::deploy
