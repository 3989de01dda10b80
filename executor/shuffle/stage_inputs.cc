#include "executor/shuffle/stage_inputs.h"

#include <algorithm>
#include <string>

#include "common/plan/block_messages.h"

namespace millstream::executor {
namespace {

absl::StatusOr<ShuffleSource> ReadShuffle(const std::string& bytes) {
  proto::ShuffleInput input;
  if (!input.ParseFromString(bytes))
    return absl::InvalidArgumentError("a launch has a damaged shuffle input");
  ShuffleSource source;
  source.shuffle = input.shuffle();
  source.holders.resize(input.maps());
  size_t held = 0;
  for (const proto::ShuffleInput::Maps& maps : input.locations()) {
    for (int i = 0; i + 1 < maps.ranges_size(); i += 2) {
      const uint64_t first = maps.ranges(i);
      const uint64_t end = first + maps.ranges(i + 1);
      if (end > source.holders.size())
        return absl::InvalidArgumentError("a launch lists more maps than there are");
      for (uint64_t map = first; map < end; ++map) source.holders[map] = ExecutorId{maps.executor()};
      held += end - first;
    }
  }
  if (held != source.holders.size()) {
    return absl::InvalidArgumentError("a launch says of " + std::to_string(held) + " of " +
                                      std::to_string(source.holders.size()) + " map partitions of shuffle " +
                                      std::to_string(source.shuffle) + " where they are");
  }
  return source;
}

BlocksSource ReadBlocks(const proto::BlocksInput& input) {
  BlocksSource source;
  for (const proto::BlocksInput::Partition& from : input.partitions()) {
    std::vector<plan::BlockLocation>& blocks = source.partitions[static_cast<int>(from.partition())];
    for (const proto::BlockLocation& block : from.blocks()) {
      plan::BlockLocation& location = blocks.emplace_back();
      location.id = plan::FromProto(block.id());
      location.bytes = block.bytes();
      for (const uint32_t peer : block.peers()) location.peers.push_back(ExecutorId{peer});
    }
  }
  return source;
}

}  // namespace

absl::StatusOr<StageSource> ReadStageInput(const proto::StageInput& input) {
  StageSource source;
  if (input.has_shuffle()) {
    absl::StatusOr<ShuffleSource> shuffle = ReadShuffle(input.shuffle());
    if (!shuffle.ok()) return shuffle.status();
    source.shuffle = *std::move(shuffle);
  } else {
    source.blocks = ReadBlocks(input.blocks());
  }
  return source;
}

}  // namespace millstream::executor
