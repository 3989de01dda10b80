#include "driver/jobs/stage_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/driver/jobs/lineage.h"

namespace millstream::driver {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr uint64_t kTableBytes = 1 << 20;

TEST(StageBuilder, AStageEndsAtAShuffle) {
  const auto source = Range(4);
  const auto reduce = ReduceByKey(Map(Map(source, "FlatMap")), 3);
  const Stage maps = BuildMapStage(reduce, kTableBytes);
  EXPECT_EQ(maps.tasks, 4);
  EXPECT_EQ(maps.label, "Range -> FlatMap -> Map -> ReduceByKey");
  EXPECT_EQ(maps.plan->output_partitions(), 3u);
  EXPECT_EQ(maps.plan->output().state(), "combine");
  EXPECT_EQ(maps.plan->output_operation(), "ReduceByKey");
  EXPECT_EQ(maps.plan->table_bytes(), kTableBytes);
  EXPECT_THAT(maps.inputs, IsEmpty());

  const Stage reduces = BuildResultStage(Map(reduce), "Collect", kTableBytes);
  EXPECT_EQ(reduces.label, "ReduceByKey -> Map -> Collect");
  EXPECT_EQ(reduces.plan->output_partitions(), 0u);
  EXPECT_EQ(reduces.plan->nodes(0).kind(), proto::PlanNode::SHUFFLE);
  EXPECT_THAT(reduces.inputs, ElementsAre(NodePtr(reduce)));
}

TEST(StageBuilder, TheSameLineageHasTheSamePlanWhateverTheIds) {
  const auto build = [](const std::string& state) {
    const auto map = Map(Received({{}, {}}));
    map->kernel.state = state;
    return BuildMapStage(ReduceByKey(map, 2), kTableBytes);
  };
  EXPECT_EQ(build("a").plan_id, build("a").plan_id);
  EXPECT_NE(build("a").plan_id, build("b").plan_id);
}

TEST(StageBuilder, ANodeReachedTwiceAppearsOnce) {
  const auto source = Range(2);
  const auto map = Map(source);
  const Stage stage = BuildResultStage(Union(map, map), "Collect", kTableBytes);
  EXPECT_THAT(stage.nodes.size(), 3u);
  EXPECT_EQ(stage.nodes[0], source);
  EXPECT_THAT(stage.parents[2], ElementsAre(1, 1));
}

TEST(StageBuilder, UnionReadsOnePartitionOfOneParent) {
  const Stage stage = BuildResultStage(Union(Range(2), Range(3)), "Collect", kTableBytes);
  const auto needed = NeededPartitions(stage, {1, 2, 4}, {});
  EXPECT_THAT(needed[0], ElementsAre(1));
  EXPECT_THAT(needed[1], ElementsAre(0, 2));
}

TEST(StageBuilder, CoalesceReadsARangeThatCoversAllOnce) {
  const Stage stage = BuildResultStage(Coalesce(Range(7), 3), "Collect", kTableBytes);
  EXPECT_THAT(NeededPartitions(stage, {0}, {})[0], ElementsAre(0, 1));
  EXPECT_THAT(NeededPartitions(stage, {1}, {})[0], ElementsAre(2, 3));
  EXPECT_THAT(NeededPartitions(stage, {2}, {})[0], ElementsAre(4, 5, 6));
}

TEST(StageBuilder, WhatOnlyKeptPartitionsNeedIsNotNeeded) {
  const auto source = Range(3);
  const auto kept = Map(source);
  const Stage stage = BuildResultStage(Map(kept), "Collect", kTableBytes);
  const auto needed = NeededPartitions(
      stage, {0, 1, 2}, [&](const plan::Node& node, int p) { return &node == kept.get() && p != 1; });
  EXPECT_THAT(needed[0], ElementsAre(1));
}

TEST(StageBuilder, ANodeIsCachedWithItsCodec) {
  const auto kept = Map(Range(3));
  kept->storage = StorageLevel::kMemoryAndDisk;
  const Stage stage = BuildResultStage(Map(kept), "Collect", kTableBytes);
  EXPECT_THAT(stage.cached, ElementsAre(NodePtr(kept)));
  EXPECT_FALSE(stage.plan->nodes(0).has_cache());
  EXPECT_EQ(stage.plan->nodes(1).cache().level(), static_cast<uint32_t>(StorageLevel::kMemoryAndDisk));
  EXPECT_EQ(stage.plan->nodes(1).cache().decode().state(), "decode");
}

TEST(StageBuilder, AnOperationIsCalledByItsNameIfItHasOne) {
  const auto map = Map(Range(1));
  map->name = "pairs";
  EXPECT_EQ(BuildResultStage(map, "Count", kTableBytes).label, "Range -> pairs -> Count");
}

TEST(StageBuilder, AVeryLongLineageIsBuiltWithoutRecursion) {
  auto node = Range(1);
  std::vector<NodePtr> all{node};
  for (int i = 0; i < 100'000; ++i) all.push_back(node = Map(node));
  EXPECT_TRUE(CheckLineage(*node).ok());
  EXPECT_EQ(BuildResultStage(node, "Count", kTableBytes).nodes.size(), all.size());
  // Ends the nodes one by one.
  node.reset();
  while (!all.empty()) all.pop_back();
}

TEST(StageBuilder, AMisbuiltLineageIsRefused) {
  const auto map = Map(Range(2));
  map->partitions = 3;
  EXPECT_FALSE(CheckLineage(*map).ok());
  const auto both = ReduceByKey(Range(2), 2);
  both->parents.push_back({Range(2)});
  EXPECT_FALSE(CheckLineage(*Map(both)).ok());
}

}  // namespace
}  // namespace millstream::driver
