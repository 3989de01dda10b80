#include "common/security/secret.h"

#include <gtest/gtest.h>

namespace millstream::security {
namespace {

TEST(SecretTest, OnlyItselfMatches) {
  const Secret secret = Secret::Random();
  EXPECT_TRUE(secret.Matches(secret.Reveal()));
  EXPECT_FALSE(secret.Matches(Secret::Random().Reveal()));
  EXPECT_FALSE(secret.Matches(""));
  EXPECT_FALSE(secret.Matches(secret.Reveal() + "x"));
  EXPECT_FALSE(secret.Matches(secret.Reveal().substr(1)));
  for (size_t i = 0; i < Secret::kBytes; ++i) {
    std::string other = secret.Reveal();
    other[i] = static_cast<char>(other[i] ^ 1);
    EXPECT_FALSE(secret.Matches(other)) << i;
  }
}

TEST(SecretTest, ItTravelsAsItsBytes) {
  const Secret secret = Secret::Random();
  EXPECT_TRUE(Secret::FromBytes(secret.Reveal())->Matches(secret.Reveal()));
  EXPECT_FALSE(Secret::FromBytes("short").has_value());
}

}  // namespace
}  // namespace millstream::security
