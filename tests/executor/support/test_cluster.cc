#include "tests/executor/support/test_cluster.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <utility>

#include "common/plan/block_messages.h"
#include "common/plan/kernel_refs.h"
#include "tests/executor/support/int_kernels.h"

namespace millstream::executor {

class TestCluster::Collections : public rpc::BlockSource {
 public:
  absl::StatusOr<exec::Slices> Get(const plan::BlockId& id) override {
    std::lock_guard lock(mutex_);
    const auto at = blocks_.find(id);
    if (at == blocks_.end()) return absl::NotFoundError("no such collection");
    return at->second;
  }
  absl::Status Put(const plan::BlockId& id, exec::Slices slices) override {
    std::lock_guard lock(mutex_);
    blocks_[id] = std::move(slices);
    return absl::OkStatus();
  }

 private:
  std::mutex mutex_;
  std::map<plan::BlockId, exec::Slices> blocks_;
};

TemporaryDirectory::TemporaryDirectory() {
  std::string path = testing::TempDir() + "/millstream-test-XXXXXX";
  path_ = mkdtemp(path.data());
}
TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

TestCluster::TestCluster(const Options& options) : collections_(std::make_unique<Collections>()) {
  transport_.Register(kDriverPeer, *collections_);
  for (int i = 0; i < options.executors; ++i) {
    ExecutorOptions executor;
    executor.id = ExecutorId{static_cast<uint32_t>(i)};
    executor.cores = options.cores;
    executor.memory_bytes = options.memory_bytes;
    executor.local_dir = directory_.path();
    executor.data_address = options.data_address;
    absl::StatusOr<std::unique_ptr<Executor>> made = Executor::Create(
        executor, transport_, [this](std::shared_ptr<const proto::FromExecutor> message, rpc::Sender) {
          std::lock_guard lock(mutex_);
          messages_.push_back(std::move(message));
          said_.notify_all();
        });
    executors_.push_back(*std::move(made));
    transport_.Register(executor.id, executors_.back()->blocks());
    executors_.back()->Start();
  }
}

TestCluster::~TestCluster() {
  for (size_t i = 0; i < executors_.size(); ++i) StopExecutor(static_cast<int>(i));
}

void TestCluster::StopExecutor(int index) {
  std::unique_ptr<Executor>& executor = executors_[static_cast<size_t>(index)];
  if (executor == nullptr) return;
  transport_.Unregister(ExecutorId{static_cast<uint32_t>(index)});
  executor->Stop();
  executor.reset();
}

void TestCluster::Send(int index, const proto::ToExecutor& message) {
  executor(index).Handle(std::make_shared<proto::ToExecutor>(message));
}

void TestCluster::Install(int index, const std::string& id, const proto::StagePlan& plan) {
  proto::ToExecutor message;
  proto::InstallPlan* install = message.add_commands()->mutable_install();
  install->set_id(id);
  *install->mutable_plan() = plan;
  Send(index, message);
}

std::vector<proto::TaskStatus> TestCluster::Run(int index, const proto::Launch& launch) {
  size_t tasks = 0;
  for (const proto::TaskRange& range : launch.tasks()) tasks += range.count();
  proto::ToExecutor message;
  *message.add_commands()->mutable_launch() = launch;
  const size_t before = statuses(launch.stage_run()).size();
  Send(index, message);
  EXPECT_TRUE(WaitFor([&](const Messages& said) {
    size_t count = 0;
    for (const auto& one : said) {
      for (const proto::TaskStatus& status : one->statuses())
        count += status.stage_run() == launch.stage_run();
    }
    return count == before + tasks;
  }));
  std::vector<proto::TaskStatus> all = statuses(launch.stage_run());
  all.erase(all.begin(), all.begin() + static_cast<ptrdiff_t>(before));
  std::sort(all.begin(), all.end(), [](const proto::TaskStatus& a, const proto::TaskStatus& b) {
    return a.partition() < b.partition();
  });
  return all;
}

bool TestCluster::WaitFor(const std::function<bool(const Messages&)>& done) {
  std::unique_lock lock(mutex_);
  return said_.wait_for(lock, std::chrono::minutes(4), [&] { return done(messages_); });
}

TestCluster::Messages TestCluster::messages() {
  std::lock_guard lock(mutex_);
  return messages_;
}

std::vector<proto::TaskStatus> TestCluster::statuses(uint64_t stage_run) {
  std::vector<proto::TaskStatus> found;
  for (const auto& message : messages()) {
    for (const proto::TaskStatus& status : message->statuses()) {
      if (status.stage_run() == stage_run) found.push_back(status);
    }
  }
  return found;
}

void TestCluster::AddCollection(uint64_t node, uint64_t partition, exec::Slices slices) {
  const absl::Status status =
      collections_->Put({plan::BlockId::Kind::kCollection, node, partition, 0}, std::move(slices));
  EXPECT_TRUE(status.ok());
}

int PlanBuilder::Blocks(int partitions, int input) {
  proto::PlanNode* node = plan_.add_nodes();
  node->set_kind(proto::PlanNode::BLOCKS);
  node->set_operation("Parallelize");
  node->set_partitions(static_cast<uint32_t>(partitions));
  node->set_input(static_cast<uint32_t>(input));
  plan::EncodeClosure({&kDecodeInts, ""}, *plan_.mutable_modules(), *node->mutable_kernel());
  return plan_.nodes_size() - 1;
}

int PlanBuilder::Shuffle(int partitions, int input) {
  const int node = Blocks(partitions, input);
  plan_.mutable_nodes(node)->set_kind(proto::PlanNode::SHUFFLE);
  plan_.mutable_nodes(node)->set_operation("Repartition");
  return node;
}

int PlanBuilder::Narrow(const std::string& operation, const exec::KernelDescriptor& kernel,
                        const std::string& state, std::vector<int> parents, int partitions) {
  proto::PlanNode* node = plan_.add_nodes();
  node->set_operation(operation);
  node->set_partitions(static_cast<uint32_t>(partitions));
  plan::EncodeClosure({&kernel, state}, *plan_.mutable_modules(), *node->mutable_kernel());
  for (int parent : parents) node->add_parents()->set_node(static_cast<uint32_t>(parent));
  return plan_.nodes_size() - 1;
}

PlanBuilder& PlanBuilder::Cached(StorageLevel level, int slot) {
  proto::Cache* cache = plan_.mutable_nodes(plan_.nodes_size() - 1)->mutable_cache();
  cache->set_slot(static_cast<uint32_t>(slot));
  cache->set_level(static_cast<uint32_t>(level));
  plan::EncodeClosure({&kEncodeInts, ""}, *plan_.mutable_modules(), *cache->mutable_encode());
  plan::EncodeClosure({&kDecodeInts, ""}, *plan_.mutable_modules(), *cache->mutable_decode());
  return *this;
}

proto::StagePlan PlanBuilder::ToResult() {
  plan::EncodeClosure({&kEncodeInts, ""}, *plan_.mutable_modules(), *plan_.mutable_output());
  plan_.set_output_operation("Collect");
  return plan_;
}

proto::StagePlan PlanBuilder::ToShuffle(int reducers) {
  plan::EncodeClosure({&kDealInts, ""}, *plan_.mutable_modules(), *plan_.mutable_output());
  plan_.set_output_operation("Repartition");
  plan_.set_output_partitions(static_cast<uint32_t>(reducers));
  return plan_;
}

proto::Launch MakeLaunch(const std::string& plan, uint64_t stage_run, uint32_t tasks) {
  proto::Launch launch;
  launch.set_plan(plan);
  launch.set_stage_run(stage_run);
  proto::TaskRange* range = launch.add_tasks();
  range->set_count(tasks);
  return launch;
}

void AddCollectionInput(proto::Launch& launch, uint64_t node, uint32_t partitions) {
  proto::BlocksInput* input = launch.add_inputs()->mutable_blocks();
  for (uint32_t p = 0; p < partitions; ++p) {
    proto::BlocksInput::Partition* partition = input->add_partitions();
    partition->set_partition(p);
    proto::BlockLocation* block = partition->add_blocks();
    plan::ToProto({plan::BlockId::Kind::kCollection, node, p, 0}, *block->mutable_id());
    block->add_peers(Number(kDriverPeer));
  }
}

void AddShuffleInput(proto::Launch& launch, uint64_t shuffle, const std::vector<uint32_t>& maps) {
  proto::ShuffleInput input;
  input.set_shuffle(shuffle);
  input.set_maps(static_cast<uint32_t>(maps.size()));
  for (uint32_t map = 0; map < maps.size(); ++map) {
    proto::ShuffleInput::Maps* place = input.add_locations();
    place->set_executor(maps[map]);
    place->add_ranges(map);
    place->add_ranges(1);
  }
  launch.add_inputs()->set_shuffle(input.SerializeAsString());
}

}  // namespace millstream::executor
