#include "tests/simulation/virtual_executor.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "common/plan/block_messages.h"

namespace millstream::simulation {
namespace {

constexpr int64_t kLeastTaskUs = 200;
constexpr int64_t kMostTaskUs = 3'000;
constexpr uint64_t kLargeResults = 100;  // of a thousand, so many are stored
constexpr uint64_t kLargeOutputs = 500;  // likewise: of map tasks, whose readers are to fetch it

proto::TaskFailure FailureOf(proto::TaskFailure::Kind kind, const std::string& message) {
  proto::TaskFailure failure;
  failure.set_kind(kind);
  failure.set_message(message);
  return failure;
}

}  // namespace

VirtualExecutor::VirtualExecutor(World& world, Peers& peers, ExecutorId id, int cores)
    : world_(world), peers_(peers), id_(id), cores_(cores) {}

void VirtualExecutor::SayHello() {
  proto::FromExecutor message;
  message.mutable_hello()->set_executor(Number(id_));
  message.mutable_hello()->set_cores(static_cast<uint32_t>(cores_));
  Send(message);
}

void VirtualExecutor::Send(const proto::FromExecutor& message) {
  world_.control.SendToDriver(id_, message.SerializeAsString());
}

void VirtualExecutor::After(int64_t delay_us, std::function<void()> action) {
  peers_.After(id_, delay_us, [this, action = std::move(action)] {
    if (stopped_) {
      due_.push_back(action);
    } else {
      action();
    }
  });
}

void VirtualExecutor::Continue() {
  stopped_ = false;
  if (!due_.empty()) ++world_.effects["executor stopped"];
  for (const auto& action : std::exchange(due_, {})) action();
}

void VirtualExecutor::EndAReceiver() {
  if (receivers_.empty()) return;
  receivers_.begin()->second->Stop();
  ++world_.effects["receiver ended"];
}

std::optional<Value> VirtualExecutor::Read(const plan::BlockId& block) const {
  plan::BlockId whole = block;
  if (block.kind == plan::BlockId::Kind::kShuffle) whole.c = 0;
  const auto found = blocks_.find(whole);
  if (found == blocks_.end()) return std::nullopt;
  const Kept& kept = found->second;
  return kept.parts == 1 ? kept.value : kept.value.Share(block.c, kept.parts);
}

std::vector<plan::BlockId> VirtualExecutor::Leftovers(const Ledger& ledger) const {
  std::vector<plan::BlockId> left;
  for (const auto& [block, kept] : blocks_) {
    // What was never reported, because its receiver's executor was lost first, the driver cannot know.
    if (block.kind != plan::BlockId::Kind::kReceived || ledger.WasAcknowledged(block)) left.push_back(block);
  }
  return left;
}

void VirtualExecutor::Handle(const std::string& bytes) {
  using Command = proto::ToExecutor::Command;
  proto::ToExecutor message;
  message.ParseFromString(bytes);
  for (const Command& command : message.commands()) {
    world_.Note("command", {Number(id_), static_cast<uint64_t>(command.kind_case())});
    if (command.has_welcome() && !std::exchange(beats_, true)) {
      BeatForEver(int64_t{command.welcome().heartbeat_ms()} * 1000);
    }
    if (command.has_install()) {
      plans_[command.install().id()] = std::make_shared<proto::StagePlan>(command.install().plan());
    }
    if (command.has_launch()) Launch(command.launch());
    if (command.has_cancel()) Cancel(command.cancel().stage_run());
    if (command.has_drop()) Drop(command.drop());
    if (command.has_replicate()) Replicate(command.replicate());
    if (command.has_start_receiver()) {
      auto& receiver = receivers_[StreamId{command.start_receiver().stream()}];
      if (receiver != nullptr) receiver->Abandon();
      receiver = std::make_shared<VirtualReceiver>(world_, peers_, *this, command.start_receiver());
      receiver->Start();
    }
    const auto running = [&](uint32_t stream) {
      const auto found = receivers_.find(StreamId{stream});
      return found == receivers_.end() ? nullptr : found->second;
    };
    if (command.has_receiver_peers()) {
      if (const auto receiver = running(command.receiver_peers().stream()))
        receiver->SetPeers(command.receiver_peers());
    }
    if (command.has_stop_receiver()) {
      const auto receiver = running(command.stop_receiver().stream());
      if (receiver != nullptr && receiver->epoch() == command.stop_receiver().epoch()) receiver->Stop();
    }
  }
}

void VirtualExecutor::BeatForEver(int64_t interval_us) {
  proto::FromExecutor message;
  message.mutable_heartbeat();
  Send(message);
  After(interval_us, [this, interval_us] { BeatForEver(interval_us); });
}

void VirtualExecutor::Launch(const proto::Launch& launch) {
  auto launched = std::make_shared<Launched>();
  launched->launch = launch;
  const auto plan = plans_.find(launch.plan());
  if (plan == plans_.end()) {
    return world_.ledger.Violate("executor " + std::to_string(Number(id_)) +
                                 " was asked to run a plan that it was not given");
  }
  launched->plan = plan->second;
  for (const proto::StageInput& input : launch.inputs()) {
    proto::ShuffleInput shuffle;
    shuffle.ParseFromString(input.shuffle());
    Launched::Shuffle& read = launched->shuffles.emplace_back();
    read.id = shuffle.shuffle();
    read.holders.resize(shuffle.maps(), kDriverPeer);
    for (const proto::ShuffleInput::Maps& maps : shuffle.locations()) {
      for (int i = 0; i + 1 < maps.ranges_size(); i += 2) {
        std::fill_n(read.holders.begin() + maps.ranges(i), maps.ranges(i + 1), ExecutorId{maps.executor()});
      }
    }
  }
  for (const proto::CarriedBlock& block : launch.carried()) {
    launched->carried[plan::FromProto(block.id())] = Value::Decode(block.slice());
  }
  for (const proto::TaskRange& range : launch.tasks()) {
    world_.Note("launch", {launch.stage_run(), range.first(), range.count(), range.attempt()});
    for (uint32_t i = 0; i < range.count(); ++i) {
      queue_.push_back(
          std::make_shared<Task>(Task{launched, static_cast<int>(range.first() + i), range.attempt()}));
    }
  }
  StartTasks();
}

void VirtualExecutor::Cancel(uint64_t stage_run) {
  const auto of_run = [&](const TaskPtr& task) { return task->launched->launch.stage_run() == stage_run; };
  std::erase_if(queue_, of_run);
  for (const TaskPtr& task : running_) task->cancelled = task->cancelled || of_run(task);
}

void VirtualExecutor::Drop(const proto::Drop& drop) {
  const auto drop_all = [this](plan::BlockId::Kind kind, uint64_t a) {
    const auto begin = blocks_.lower_bound({kind, a, 0, 0});
    blocks_.erase(begin, blocks_.lower_bound({kind, a + 1, 0, 0}));
  };
  for (const uint64_t shuffle : drop.shuffles()) drop_all(plan::BlockId::Kind::kShuffle, shuffle);
  for (const uint64_t run : drop.stage_runs()) drop_all(plan::BlockId::Kind::kResult, run);
  for (const proto::BlockId& block : drop.blocks()) blocks_.erase(plan::FromProto(block));
  for (const std::string& plan : drop.plans()) plans_.erase(plan);
}

void VirtualExecutor::Replicate(const proto::Replicate& replicate) {
  const ExecutorId to{replicate.to()};
  const plan::BlockId block = plan::FromProto(replicate.block());
  const bool answers = peers_.Reach(id_, to) != nullptr;
  After(answers ? world_.random.Between(kLeastTaskUs, kMostTaskUs) : kPeerTimeoutUs, [this, to, block] {
    VirtualExecutor* target = peers_.Reach(id_, to);
    const std::optional<Value> value = Read(block);
    if (target != nullptr && value) target->Put(block, *value);
    proto::FromExecutor message;
    proto::Replicated& replicated = *message.add_replicated();
    plan::ToProto(block, *replicated.mutable_block());
    replicated.set_to(Number(to));
    replicated.set_ok(target != nullptr && value.has_value());
    Send(message);
  });
}

void VirtualExecutor::StartTasks() {
  const auto receivers = std::count_if(receivers_.begin(), receivers_.end(),
                                       [](const auto& receiver) { return !receiver.second->IsOver(); });
  const auto slots = static_cast<size_t>(std::max<int64_t>(1, cores_ - receivers));
  while (running_.size() < slots && !queue_.empty()) {
    const TaskPtr task = queue_.front();
    queue_.pop_front();
    running_.push_back(task);
    if (slowness_ > 1) ++world_.effects["task slowed down"];
    After(world_.random.Between(kLeastTaskUs, kMostTaskUs) * slowness_, [this, task] { Finish(task); });
  }
}

void VirtualExecutor::Finish(const TaskPtr& task) {
  int64_t waited_us = 0;
  Outcome outcome = FailureOf(proto::TaskFailure::CANCELLED, "cancelled");
  if (!task->cancelled && throws_ > 0) {
    --throws_;
    ++world_.effects["task threw"];
    outcome = FailureOf(proto::TaskFailure::USER, "boom");
  } else if (!task->cancelled) {
    outcome = Evaluate(*task, task->launched->plan->nodes_size() - 1, task->partition, waited_us);
  }
  After(waited_us, [this, task, outcome = std::move(outcome)] {
    Report(*task, outcome);
    std::erase(running_, task);
    StartTasks();
  });
}

VirtualExecutor::Outcome VirtualExecutor::Evaluate(const Task& task, int index, int partition,
                                                   int64_t& waited_us) const {
  const proto::PlanNode& node = task.launched->plan->nodes(index);
  if (node.kind() == proto::PlanNode::SHUFFLE) {
    return ReadShuffle(*task.launched, node.input(), partition, waited_us);
  }
  if (node.kind() == proto::PlanNode::BLOCKS) {
    return ReadBlocks(*task.launched, node.input(), partition, waited_us);
  }
  Value total;
  for (const proto::Dependency& dependency : node.parents()) {
    const auto parents =
        static_cast<int>(task.launched->plan->nodes(static_cast<int>(dependency.node())).partitions());
    const auto first = static_cast<int>(dependency.first());
    int begin = partition;
    int end = partition + 1;
    if (dependency.mapping() == proto::Dependency::UNION) {
      if (partition < first || partition - first >= parents) continue;
      begin = partition - first;
      end = begin + 1;
    } else if (dependency.mapping() == proto::Dependency::COALESCE) {
      begin = partition * parents / static_cast<int>(node.partitions());
      end = (partition + 1) * parents / static_cast<int>(node.partitions());
    }
    for (int p = begin; p < end; ++p) {
      Outcome outcome = Evaluate(task, static_cast<int>(dependency.node()), p, waited_us);
      if (std::holds_alternative<proto::TaskFailure>(outcome)) return outcome;
      total += std::get<Value>(outcome);
    }
  }
  return total;
}

VirtualExecutor::Outcome VirtualExecutor::ReadShuffle(const Launched& launched, size_t input, int reducer,
                                                      int64_t& waited_us) const {
  const auto& [shuffle, holders] = launched.shuffles[input];
  Value total;
  for (size_t map = 0; map < holders.size(); ++map) {
    const plan::BlockId block{plan::BlockId::Kind::kShuffle, shuffle, map, static_cast<uint64_t>(reducer)};
    std::optional<Value> part;
    if (const auto carried = launched.carried.find(block); carried != launched.carried.end()) {
      part = carried->second;
    } else if (const VirtualExecutor* holder = peers_.Reach(id_, holders[map])) {
      part = holder->Read(block);
    } else if (holders[map] != kDriverPeer) {
      waited_us = kPeerTimeoutUs;
    }
    if (part) {
      total += *part;
      continue;
    }
    proto::TaskFailure failure =
        FailureOf(proto::TaskFailure::FETCH, "cannot fetch " + plan::ToString(block));
    failure.set_shuffle(shuffle);
    failure.set_lost_executor(Number(holders[map]));
    return failure;
  }
  return total;
}

VirtualExecutor::Outcome VirtualExecutor::ReadBlocks(const Launched& launched, size_t input, int partition,
                                                     int64_t& waited_us) const {
  Value total;
  for (const auto& listed : launched.launch.inputs(static_cast<int>(input)).blocks().partitions()) {
    if (static_cast<int>(listed.partition()) != partition) continue;
    for (const proto::BlockLocation& location : listed.blocks()) {
      const plan::BlockId block = plan::FromProto(location.id());
      std::optional<Value> value = Read(block);
      for (int i = 0; !value && i < location.peers_size(); ++i) {
        if (const VirtualExecutor* peer = peers_.Reach(id_, ExecutorId{location.peers(i)})) {
          value = peer->Read(block);
        } else {
          waited_us = kPeerTimeoutUs;
        }
      }
      if (!value) return FailureOf(proto::TaskFailure::BLOCK, "cannot read " + plan::ToString(block));
      total += *value;
    }
  }
  return total;
}

void VirtualExecutor::Report(const Task& task, const Outcome& outcome) {
  proto::FromExecutor message;
  proto::TaskStatus& status = *message.add_statuses();
  status.set_stage_run(task.launched->launch.stage_run());
  status.set_partition(static_cast<uint32_t>(task.partition));
  status.set_attempt(task.attempt);
  if (const auto* failure = std::get_if<proto::TaskFailure>(&outcome)) {
    *status.mutable_failure() = *failure;
  } else if (task.cancelled) {
    *status.mutable_failure() = FailureOf(proto::TaskFailure::CANCELLED, "cancelled");
  } else {
    Keep(task, std::get<Value>(outcome), status);
  }
  Send(message);
}

void VirtualExecutor::Keep(const Task& task, const Value& value, proto::TaskStatus& status) {
  const proto::Launch& launch = task.launched->launch;
  const auto partition = static_cast<uint64_t>(task.partition);
  if (const size_t reducers = task.launched->plan->output_partitions(); reducers > 0) {
    blocks_[{plan::BlockId::Kind::kShuffle, launch.shuffle(), partition, 0}] = {value, reducers};
    const bool is_large = world_.random.Chance(kLargeOutputs);
    if (is_large || launch.small_output_bytes() < reducers * sizeof(Value)) return;
    for (size_t r = 0; r < reducers; ++r) status.add_small_output(value.Share(r, reducers).Encode());
  } else if (world_.random.Chance(kLargeResults)) {
    status.set_result_stored(true);
    blocks_[{plan::BlockId::Kind::kResult, launch.stage_run(), partition, task.attempt}] = {value, 1};
  } else {
    status.set_result(value.Encode());
  }
}

}  // namespace millstream::simulation
