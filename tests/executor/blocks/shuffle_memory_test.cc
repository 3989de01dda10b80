// A shuffle much larger than the executor's memory, while the size of the process is watched.
#include <gtest/gtest.h>
#include <millstream/exec/shuffle_writer.h>

#include <fstream>
#include <string>

#include "common/plan/kernel_refs.h"
#include "tests/executor/support/int_kernels.h"
#include "tests/executor/support/test_cluster.h"

namespace millstream::executor {
namespace {

constexpr int64_t kRowsPerMap = 8 << 20;  // 64 MiB
constexpr int kMaps = 8;
constexpr int kReducers = 4;

// Makes its rows instead of reading them, and writes them as the engine does.
class MakeRows : public exec::ChunkStream {
 public:
  explicit MakeRows(exec::KernelArgs args) : args_(std::move(args)) {}
  bool Next(exec::Chunk& out) override {
    if (at_ == kRowsPerMap) return false;
    rows_.resize(1024);
    for (int64_t& row : rows_) row = args_.env->partition * kRowsPerMap + at_++;
    out = {rows_.data(), rows_.size()};
    return true;
  }

 private:
  exec::KernelArgs args_;
  std::vector<int64_t> rows_;
  int64_t at_ = 0;
};

class DealRows : public exec::ChunkStream {
 public:
  explicit DealRows(exec::KernelArgs args) : args_(std::move(args)) {}
  bool Next(exec::Chunk& in) override {
    exec::ShuffleWriter writer(kReducers, args_.sink);
    while (args_.inputs[0]->Next(in)) {
      for (int64_t row : in.As<int64_t>())
        writer.AppendRow({reinterpret_cast<const char*>(&row), sizeof(row)});
    }
    return !writer.Finish().ok();
  }

 private:
  exec::KernelArgs args_;
};

class SumRows : public exec::ChunkStream {
 public:
  explicit SumRows(exec::KernelArgs args) : args_(std::move(args)) {}
  bool Next(exec::Chunk& out) override {
    if (done_) return false;
    done_ = true;
    while (args_.inputs[0]->Next(out)) {
      for (int64_t row : out.As<int64_t>()) sum_ += row;
    }
    out = {&sum_, 1};
    return true;
  }

 private:
  exec::KernelArgs args_;
  bool done_ = false;
  int64_t sum_ = 0;
};

template <class T>
std::unique_ptr<exec::ChunkStream> Make(exec::KernelArgs args) {
  return std::make_unique<T>(std::move(args));
}
constexpr uint64_t kInts = exec::SignatureOf<int64_t>();
constinit const exec::KernelDescriptor kMakeRows{.make = &Make<MakeRows>, .output_signature = kInts};
constinit const exec::KernelDescriptor kDealRows{.make = &Make<DealRows>, .input_signature = kInts};
constinit const exec::KernelDescriptor kSumRows{
    .make = &Make<SumRows>, .input_signature = kInts, .output_signature = kInts};

void ForgetPeakMemory() { std::ofstream("/proc/self/clear_refs") << "5"; }

size_t PeakMemoryKib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    size_t kib = 0;
    if (word == "VmHWM:" && status >> kib) return kib;
  }
  return 0;
}

TEST(ShuffleMemoryTest, HalfAGibibyteGoesThroughABudgetOf64MebibytesInASmallProcess) {
  ForgetPeakMemory();
  TestCluster cluster({.cores = 2, .memory_bytes = size_t{64} << 20});
  PlanBuilder maps;
  maps.Narrow("Range", kMakeRows, "", {}, kMaps);
  proto::StagePlan map_plan = maps.ToShuffle(kReducers);
  plan::EncodeClosure({&kDealRows, ""}, *map_plan.mutable_modules(), *map_plan.mutable_output());
  PlanBuilder reduces;
  reduces.Narrow("Sum", kSumRows, "", {reduces.Shuffle(kReducers)}, kReducers);
  cluster.Install(0, "maps", map_plan);
  cluster.Install(0, "reduces", reduces.ToResult());

  proto::Launch map_launch = MakeLaunch("maps", 1, kMaps);
  map_launch.set_shuffle(5);
  for (const proto::TaskStatus& status : cluster.Run(0, map_launch)) {
    ASSERT_FALSE(status.has_failure()) << status.failure().message();
  }
  proto::Launch reduce_launch = MakeLaunch("reduces", 2, kReducers);
  AddShuffleInput(reduce_launch, 5, std::vector<uint32_t>(kMaps, 0));
  int64_t sum = 0;
  for (const proto::TaskStatus& status : cluster.Run(0, reduce_launch)) {
    ASSERT_FALSE(status.has_failure()) << status.failure().message();
    sum += DecodeInts(status.result()).at(0);
  }
  const int64_t rows = kRowsPerMap * kMaps;
  EXPECT_EQ(sum, rows * (rows - 1) / 2);

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_LE(PeakMemoryKib(), size_t{160} << 10);
#endif
  RecordProperty("peak_kib", std::to_string(PeakMemoryKib()));
}

}  // namespace
}  // namespace millstream::executor
