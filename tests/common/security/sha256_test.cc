#include "common/security/sha256.h"

#include <gtest/gtest.h>

namespace millstream::security {
namespace {

TEST(Sha256Test, IsTheStandardsOfAllParts) {
  Sha256 hash;
  hash.Add("a");
  hash.Add("");
  hash.Add("bc");
  EXPECT_EQ(hash.Finish(), std::string("\xba\x78\x16\xbf\x8f\x01\xcf\xea\x41\x41\x40\xde\x5d\xae\x22\x23"
                                       "\xb0\x03\x61\xa3\x96\x17\x7a\x9c\xb4\x10\xff\x61\xf2\x00\x15\xad",
                                       Sha256::kBytes));
}

}  // namespace
}  // namespace millstream::security
