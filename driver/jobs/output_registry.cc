#include "driver/jobs/output_registry.h"

#include <algorithm>
#include <utility>

#include "common/plan/block_messages.h"

namespace millstream::driver {

void OutputRegistry::ExpectShuffle(uint64_t shuffle, int maps) {
  const auto [at, added] = shuffles_.try_emplace(shuffle);
  if (!added) return;
  at->second.maps.resize(static_cast<size_t>(maps));
  at->second.missing = maps;
}

bool OutputRegistry::IsComplete(uint64_t shuffle) const {
  const auto found = shuffles_.find(shuffle);
  return found != shuffles_.end() && found->second.missing == 0;
}

bool OutputRegistry::HasMap(uint64_t shuffle, int map) const {
  const auto found = shuffles_.find(shuffle);
  return found != shuffles_.end() && found->second.maps[static_cast<size_t>(map)].executor.has_value();
}

void OutputRegistry::AddHolder(uint64_t shuffle, ExecutorId executor) {
  if (const auto found = shuffles_.find(shuffle); found != shuffles_.end())
    found->second.holders.insert(executor);
}

void OutputRegistry::RegisterMap(uint64_t shuffle, int map, ExecutorId executor, uint64_t sequence,
                                 std::shared_ptr<const proto::TaskStatus> status) {
  const auto found = shuffles_.find(shuffle);
  if (found == shuffles_.end()) return;
  MapOutput& output = found->second.maps[static_cast<size_t>(map)];
  if (!output.executor) --found->second.missing;
  found->second.has_small_outputs = found->second.has_small_outputs || status->small_output_size() > 0;
  found->second.description.clear();
  output = {executor, sequence, std::move(status)};
}

void OutputRegistry::LoseMaps(uint64_t shuffle, ExecutorId executor, uint64_t sequence) {
  const auto found = shuffles_.find(shuffle);
  if (found == shuffles_.end()) return;
  found->second.description.clear();
  for (MapOutput& output : found->second.maps) {
    if (output.executor != executor || output.sequence >= sequence) continue;
    output.executor.reset();
    ++found->second.missing;
  }
}

std::string OutputRegistry::DescribeShuffle(uint64_t shuffle, int count) const {
  const auto found = shuffles_.find(shuffle);
  if (found == shuffles_.end()) return Describe(shuffle, std::vector<MapOutput>(static_cast<size_t>(count)));
  std::string& description = found->second.description;
  if (description.empty()) description = Describe(shuffle, found->second.maps);
  return description;
}

std::string OutputRegistry::Describe(uint64_t shuffle, const std::vector<MapOutput>& maps) {
  proto::ShuffleInput input;
  input.set_shuffle(shuffle);
  input.set_maps(static_cast<uint32_t>(maps.size()));
  std::map<ExecutorId, proto::ShuffleInput::Maps*> places;
  for (size_t first = 0; first < maps.size();) {
    size_t end = first + 1;
    while (end < maps.size() && maps[end].executor == maps[first].executor) ++end;
    const ExecutorId holder = maps[first].executor.value_or(kDriverPeer);
    proto::ShuffleInput::Maps*& place = places[holder];
    if (place == nullptr) {
      place = input.add_locations();
      place->set_executor(Number(holder));
    }
    place->add_ranges(static_cast<uint32_t>(first));
    place->add_ranges(static_cast<uint32_t>(end - first));
    first = end;
  }
  return input.SerializeAsString();
}

void OutputRegistry::CarryShuffle(uint64_t shuffle, const std::vector<int>& reducers, ExecutorId executor,
                                  proto::Launch& launch) const {
  const auto found = shuffles_.find(shuffle);
  if (found == shuffles_.end() || !found->second.has_small_outputs) return;
  uint64_t map = 0;
  for (const MapOutput& output : found->second.maps) {
    if (output.executor && output.executor != executor) {
      for (const int reducer : reducers) {
        if (reducer >= output.status->small_output_size()) break;
        proto::CarriedBlock& carried = *launch.add_carried();
        plan::ToProto({plan::BlockId::Kind::kShuffle, shuffle, map, static_cast<uint64_t>(reducer)},
                      *carried.mutable_id());
        carried.set_slice(output.status->small_output(reducer));
      }
    }
    ++map;
  }
}

std::set<ExecutorId> OutputRegistry::ForgetShuffle(uint64_t shuffle) {
  auto node = shuffles_.extract(shuffle);
  return node.empty() ? std::set<ExecutorId>() : std::move(node.mapped().holders);
}

void OutputRegistry::ExpectRdd(uint64_t rdd) { rdds_.try_emplace(rdd); }

void OutputRegistry::AddRddHolder(uint64_t rdd, ExecutorId executor) {
  if (const auto found = rdds_.find(rdd); found != rdds_.end()) found->second.holders.insert(executor);
}

void OutputRegistry::RegisterPartition(uint64_t rdd, int partition, ExecutorId executor) {
  const auto found = rdds_.find(rdd);
  if (found == rdds_.end()) return;
  std::vector<ExecutorId>& places = found->second.partitions[partition];
  if (std::find(places.begin(), places.end(), executor) == places.end()) places.push_back(executor);
}

const std::vector<ExecutorId>& OutputRegistry::PartitionPlaces(uint64_t rdd, int partition) const {
  static const std::vector<ExecutorId> nowhere;
  const auto found = rdds_.find(rdd);
  if (found == rdds_.end()) return nowhere;
  const auto places = found->second.partitions.find(partition);
  return places == found->second.partitions.end() ? nowhere : places->second;
}

bool OutputRegistry::KeepsAny(uint64_t rdd) const {
  const auto found = rdds_.find(rdd);
  return found != rdds_.end() && !found->second.partitions.empty();
}

void OutputRegistry::ForgetPartition(uint64_t rdd, int partition) {
  if (const auto found = rdds_.find(rdd); found != rdds_.end()) found->second.partitions.erase(partition);
}

std::set<ExecutorId> OutputRegistry::ForgetRdd(uint64_t rdd) {
  auto node = rdds_.extract(rdd);
  return node.empty() ? std::set<ExecutorId>() : std::move(node.mapped().holders);
}

void OutputRegistry::MoveBlock(const plan::BlockId& block, std::vector<ExecutorId> peers) {
  if (peers.empty()) {
    moved_.erase(block);
  } else {
    moved_[block] = std::move(peers);
  }
}

const std::vector<ExecutorId>& OutputRegistry::BlockPeers(const plan::BlockLocation& location) const {
  const auto found = moved_.find(location.id);
  return found == moved_.end() ? location.peers : found->second;
}

void OutputRegistry::LoseExecutor(ExecutorId executor, const std::string& loss) {
  last_loss_ = loss;
  for (auto& [id, shuffle] : shuffles_) {
    if (shuffle.holders.erase(executor) == 0) continue;
    shuffle.description.clear();
    for (MapOutput& output : shuffle.maps) {
      if (output.executor != executor) continue;
      output.executor.reset();
      ++shuffle.missing;
    }
  }
  for (auto& [id, rdd] : rdds_) {
    if (rdd.holders.erase(executor) == 0) continue;
    for (auto at = rdd.partitions.begin(); at != rdd.partitions.end();) {
      std::erase(at->second, executor);
      at = at->second.empty() ? rdd.partitions.erase(at) : std::next(at);
    }
  }
}

}  // namespace millstream::driver
