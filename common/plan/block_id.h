#ifndef MILLSTREAM_COMMON_PLAN_BLOCK_ID_H_
#define MILLSTREAM_COMMON_PLAN_BLOCK_ID_H_

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/ids.h"

namespace millstream::plan {

// Names a run of encoded slices wherever it is kept.
struct BlockId {
  enum class Kind : uint8_t {
    kReceived = 1,    // a = stream, b = receiver epoch << 32 | sequence
    kRdd = 2,         // a = node, b = partition
    kShuffle = 3,     // a = shuffle (its node), b = map partition, c = reduce partition
    kCollection = 4,  // a = node, b = partition; served by the driver
    kResult = 5,      // a = stage run, b = partition, c = attempt
    kProgram = 6,     // a = number of a file of the program (proto::ProgramFiles); served by the driver
  };
  Kind kind = Kind::kReceived;
  uint64_t a = 0;
  uint64_t b = 0;
  uint64_t c = 0;

  auto operator<=>(const BlockId&) const = default;
};

// As in Spark: "input-0-17", "rdd_3_1", "shuffle_5_0_2", "collection_4_0", "taskresult_9_1_0", "program_0".
std::string ToString(const BlockId& id);

// A block and who has it, the preferred peer first.
struct BlockLocation {
  BlockId id;
  uint64_t bytes = 0;
  std::vector<ExecutorId> peers;
};

}  // namespace millstream::plan

template <>
struct std::hash<millstream::plan::BlockId> {
  size_t operator()(const millstream::plan::BlockId& id) const noexcept {
    uint64_t h = static_cast<uint64_t>(id.kind);
    for (uint64_t part : {id.a, id.b, id.c}) h = (h ^ part) * 0x9e3779b97f4a7c15 + (h >> 29);
    return h;
  }
};

#endif  // MILLSTREAM_COMMON_PLAN_BLOCK_ID_H_
