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

TEST(SecretTest, WhatIsDerivedDependsOnTheSecretAndTheLabelAlone) {
  const Secret secret = Secret::Random();
  EXPECT_TRUE(secret.Derive("one").Matches(secret.Derive("one").Reveal()));
  EXPECT_FALSE(secret.Derive("one").Matches(secret.Derive("two").Reveal()));
  EXPECT_FALSE(secret.Derive("one").Matches(secret.Reveal()));
  EXPECT_FALSE(secret.Derive("one").Matches(Secret::Random().Derive("one").Reveal()));
  // HMAC-SHA256 with a key of 32 zero bytes over no bytes, by another implementation.
  const std::string expected(
      "\xb6\x13\x67\x9a\x08\x14\xd9\xec\x77\x2f\x95\xd7\x78\xc3\x5f\xc5\xff\x16\x97\xc4\x93\x71\x56\x53\xc6"
      "\xc7\x12\x14\x42\x92\xc5\xad",
      32);
  EXPECT_TRUE(Secret::FromBytes(std::string(32, '\0'))->Derive("").Matches(expected));
}

}  // namespace
}  // namespace millstream::security
