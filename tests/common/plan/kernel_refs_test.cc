#include "common/plan/kernel_refs.h"

#include <gtest/gtest.h>

#include <memory>

#include "common/plan/stage_plan_id.h"

namespace millstream::plan {
namespace {

std::unique_ptr<exec::ChunkStream> MakeNothing(exec::KernelArgs) { return nullptr; }
std::unique_ptr<exec::ChunkStream> MakeNothingElse(exec::KernelArgs) { return nullptr; }

constexpr exec::KernelDescriptor kFirst{.make = &MakeNothing};
constexpr exec::KernelDescriptor kSecond{.make = &MakeNothingElse};

TEST(KernelRefs, ADescriptorIsFoundAgainByModuleAndOffset) {
  proto::StagePlan plan;
  proto::Closure first, second;
  EncodeClosure({&kFirst, "state"}, *plan.mutable_modules(), first);
  EncodeClosure({&kSecond, ""}, *plan.mutable_modules(), second);
  EXPECT_EQ(plan.modules_size(), 1);
  EXPECT_EQ(plan.modules(0).path(), "");
  EXPECT_EQ(plan.modules(0).build_id(), MainBuildId());
  EXPECT_EQ(first.state(), "state");
  ASSERT_TRUE(ResolveKernel(plan.modules(), first).ok());
  EXPECT_EQ(*ResolveKernel(plan.modules(), first), &kFirst);
  EXPECT_EQ(*ResolveKernel(plan.modules(), second), &kSecond);
}

TEST(KernelRefs, AnotherBuildIsRefusedNamingBoth) {
  proto::StagePlan plan;
  proto::Closure closure;
  EncodeClosure({&kFirst, ""}, *plan.mutable_modules(), closure);
  plan.mutable_modules(0)->set_build_id("\x01\xab");
  const absl::Status status = ResolveKernel(plan.modules(), closure).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(std::string(status.message()).find("01ab"), std::string::npos) << status;
  EXPECT_NE(std::string(status.message()).find(HexText(MainBuildId())), std::string::npos) << status;
}

TEST(KernelRefs, AddressesThatHoldNoDescriptorAreRefused) {
  proto::StagePlan plan;
  proto::Closure closure;
  EncodeClosure({&kFirst, ""}, *plan.mutable_modules(), closure);
  const uint64_t offset = closure.kernel().native().offset();
  for (const uint64_t wrong : {offset + 1, offset + 16, uint64_t{1} << 60, ~uint64_t{15}, uint64_t{0}}) {
    closure.mutable_kernel()->mutable_native()->set_offset(wrong);
    EXPECT_EQ(ResolveKernel(plan.modules(), closure).status().code(), absl::StatusCode::kInvalidArgument)
        << wrong;
  }
  closure.mutable_kernel()->mutable_native()->set_offset(offset);
  closure.mutable_kernel()->mutable_native()->set_module(7);
  EXPECT_FALSE(ResolveKernel(plan.modules(), closure).ok());
  closure.clear_kernel();
  EXPECT_FALSE(ResolveKernel(plan.modules(), closure).ok());
}

TEST(KernelRefs, AnUnknownBuiltinIsRefusedByName) {
  proto::StagePlan plan;
  proto::Closure closure;
  closure.mutable_kernel()->mutable_builtin()->set_name("no_such_kernel");
  closure.mutable_kernel()->mutable_builtin()->set_version(3);
  const absl::Status status = ResolveKernel(plan.modules(), closure).status();
  EXPECT_EQ(status.message(), "this build has no kernel no_such_kernel version 3");
}

TEST(KernelRefs, AModuleThatIsNotThereIsRefusedByPath) {
  proto::StagePlan plan;
  proto::Closure closure;
  EncodeClosure({&kFirst, ""}, *plan.mutable_modules(), closure);
  plan.mutable_modules(0)->set_path("/nowhere/libjob.so");
  plan.mutable_modules(0)->set_build_id("other");
  const absl::Status status = ResolveKernel(plan.modules(), closure).status();
  EXPECT_NE(std::string(status.message()).find("/nowhere/libjob.so"), std::string::npos) << status;
}

TEST(StagePlanId, EqualPlansHaveEqualIdsAndStateCounts) {
  proto::StagePlan plan;
  plan.add_nodes()->set_operation("Map");
  const std::string id = StagePlanId(plan);
  EXPECT_EQ(id.size(), 16u);
  EXPECT_EQ(StagePlanId(proto::StagePlan(plan)), id);
  plan.mutable_nodes(0)->mutable_kernel()->set_state("x");
  EXPECT_NE(StagePlanId(plan), id);
}

}  // namespace
}  // namespace millstream::plan
