#include "common/cli/master_url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace millstream::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(MasterUrlTest, LocalIsOneExecutorWithNCores) {
  EXPECT_EQ(*ParseMasterUrl("local"), (MasterUrl{MasterUrl::Kind::kLocal, 1, 1, {}, 1}));
  EXPECT_EQ(*ParseMasterUrl("local[4]"), (MasterUrl{MasterUrl::Kind::kLocal, 1, 4, {}, 1}));
  EXPECT_EQ(*ParseMasterUrl("local[2, 3]"), (MasterUrl{MasterUrl::Kind::kLocal, 1, 2, {}, 3}));
  const int all = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  EXPECT_EQ(ParseMasterUrl("local[*]")->cores_per_executor, all);
  EXPECT_EQ(ParseMasterUrl("local[*,5]")->max_task_failures, 5);
}

TEST(MasterUrlTest, LocalClusterIsExecutorsCoresAndMebibytes) {
  EXPECT_EQ(*ParseMasterUrl("local-cluster[2,1,512]"),
            (MasterUrl{MasterUrl::Kind::kLocalCluster, 2, 1, int64_t{512} << 20, {}}));
}

TEST(MasterUrlTest, WhatIsMalformedIsRefusedWithTheForms) {
  for (const char* wrong : {"",
                            "Local",
                            "local[",
                            "local[]",
                            "local[0]",
                            "local[-1]",
                            "local[x]",
                            "local[1",
                            "local]1[",
                            "local[1,0]",
                            "local[1,2,3]",
                            "local[1]x",
                            "local[,1]",
                            "local[99999999999999999999]",
                            "local-cluster",
                            "local-cluster[]",
                            "local-cluster[2,1]",
                            "local-cluster[0,1,512]",
                            "local-cluster[2,0,512]",
                            "local-cluster[2,1,0]",
                            "local-cluster[*,1,512]",
                            "yarn",
                            "spark://host",
                            " local",
                            "local[1] "}) {
    const auto master = ParseMasterUrl(wrong);
    ASSERT_FALSE(master.ok()) << wrong;
    EXPECT_THAT(std::string(master.status().message()), HasSubstr("local-cluster[EXECUTORS,CORES,MIB]"))
        << wrong;
  }
}

TEST(MasterUrlTest, AnAddressWithoutTheSchemeIsRefusedWithTheWholeUrl) {
  for (const auto& [written, meant] : std::vector<std::pair<std::string, std::string>>{
           {"localhost:7177", "millstream://localhost:7177"},
           {"spark://h:7077", "millstream://h:7077"},
           {"http://h:7077", "millstream://h:7077"},
           {"spark://h1:7077,h2:7077", "millstream://h1:7077,h2:7077"}}) {
    const auto master = ParseMasterUrl(written);
    ASSERT_FALSE(master.ok()) << written;
    EXPECT_EQ(std::string(master.status().message()),
              "--master: \"" + written + "\" is not a master. Write " + meant);
  }
}

TEST(MasterUrlTest, AClustersMastersAreHostsAndPorts) {
  const auto one = ParseMasterUrl("millstream://h:7077");
  ASSERT_TRUE(one.ok());
  EXPECT_EQ(one->kind, MasterUrl::Kind::kCluster);
  EXPECT_THAT(one->masters, ElementsAre("h:7077"));
  EXPECT_THAT(ParseMasterUrl("millstream://10.0.0.1:1,h2:65535")->masters,
              ElementsAre("10.0.0.1:1", "h2:65535"));
  for (const char* wrong : {"millstream://", "millstream://h", "millstream://:7077", "millstream://h:70000",
                            "millstream://h:0", "millstream://h:-1", "millstream://h:7077,",
                            "millstream://::1:7077", "millstream://h:7077/x", "Millstream://h:7077"}) {
    EXPECT_FALSE(ParseMasterUrl(wrong).ok()) << wrong;
  }
}

}  // namespace
}  // namespace millstream::cli
