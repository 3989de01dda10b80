#include "common/security/identity.h"

#include <gtest/gtest.h>

namespace millstream::security {
namespace {

TEST(IdentityTest, EveryIdentityIsReadBackFromItsName) {
  for (const Role role : {Role::kDriver, Role::kExecutor, Role::kMaster, Role::kWorker, Role::kSubmitter}) {
    for (const char* application : {"", "app-20260101-0001", "a", "0"}) {
      const Identity identity{role, application};
      EXPECT_EQ(ParseName(NameOf(identity)), identity) << NameOf(identity);
    }
  }
  EXPECT_EQ(NameOf({Role::kExecutor, "app-1"}), "executor.app-1.millstream");
  EXPECT_EQ(NameOf({Role::kMaster, ""}), "master.millstream");
}

TEST(IdentityTest, WhatIsNoNameIsNobody) {
  for (const char* name :
       {"", "millstream", ".millstream", "driver", "driver.", "driver.app", "driver.app.example",
        "driver..millstream", "king.app.millstream", "driver.app.b.millstream", "driver.App.millstream",
        "driver.*.millstream", "*.app.millstream", "driver.app.millstream.", " driver.app.millstream"}) {
    EXPECT_FALSE(ParseName(name)) << name;
  }
  EXPECT_FALSE(ParseName("driver." + std::string(64, 'a') + ".millstream"));
}

TEST(IdentityTest, NewApplicationIdsAreIdsAndDiffer) {
  const std::string id = NewApplicationId();
  EXPECT_TRUE(IsApplicationId(id)) << id;
  EXPECT_NE(id, NewApplicationId());
}

}  // namespace
}  // namespace millstream::security
