#ifndef MILLSTREAM_TESTS_DRIVER_JOBS_LINEAGE_H_
#define MILLSTREAM_TESTS_DRIVER_JOBS_LINEAGE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/plan/node.h"

namespace millstream::driver {

inline std::unique_ptr<exec::ChunkStream> NoRows(exec::KernelArgs) { return nullptr; }
inline constexpr exec::KernelDescriptor kTestKernel{.make = &NoRows, .builtin = "test", .builtin_version = 1};

inline std::shared_ptr<plan::Node> NewNode(plan::NodeKind kind, std::string operation, int partitions) {
  auto node = std::make_shared<plan::Node>();
  node->kind = kind;
  node->operation = std::move(operation);
  node->partitions = partitions;
  node->kernel = {&kTestKernel, ""};
  node->encode = {&kTestKernel, "encode"};
  node->decode = {&kTestKernel, "decode"};
  return node;
}

// Rows from nowhere, as Range() makes them.
inline std::shared_ptr<plan::Node> Range(int partitions) {
  return NewNode(plan::NodeKind::kNarrow, "Range", partitions);
}

inline std::shared_ptr<plan::Node> Received(std::vector<std::vector<plan::BlockLocation>> blocks) {
  auto node = NewNode(plan::NodeKind::kBlocks, "SocketTextStream", static_cast<int>(blocks.size()));
  node->blocks = std::move(blocks);
  return node;
}

inline std::shared_ptr<plan::Node> Map(const std::shared_ptr<plan::Node>& parent,
                                       std::string operation = "Map") {
  auto node = NewNode(plan::NodeKind::kNarrow, std::move(operation), parent->partitions);
  node->parents.push_back({parent});
  return node;
}

inline std::shared_ptr<plan::Node> ReduceByKey(const std::shared_ptr<plan::Node>& parent, int partitions) {
  auto node = NewNode(plan::NodeKind::kShuffle, "ReduceByKey", partitions);
  node->parents.push_back({parent});
  node->shuffle_write = {&kTestKernel, "combine"};
  return node;
}

inline std::shared_ptr<plan::Node> Union(const std::shared_ptr<plan::Node>& a,
                                         const std::shared_ptr<plan::Node>& b) {
  auto node = NewNode(plan::NodeKind::kNarrow, "Union", a->partitions + b->partitions);
  node->parents.push_back({a, plan::Mapping::kUnion, 0});
  node->parents.push_back({b, plan::Mapping::kUnion, a->partitions});
  return node;
}

inline std::shared_ptr<plan::Node> Coalesce(const std::shared_ptr<plan::Node>& parent, int partitions) {
  auto node = NewNode(plan::NodeKind::kNarrow, "Coalesce", partitions);
  node->parents.push_back({parent, plan::Mapping::kCoalesce});
  return node;
}

inline plan::BlockLocation ReceivedBlock(uint64_t sequence, std::vector<uint32_t> peers,
                                         uint64_t bytes = 100) {
  plan::BlockLocation block{{plan::BlockId::Kind::kReceived, 0, sequence, 0}, bytes, {}};
  for (const uint32_t peer : peers) block.peers.push_back(ExecutorId{peer});
  return block;
}

}  // namespace millstream::driver

#endif  // MILLSTREAM_TESTS_DRIVER_JOBS_LINEAGE_H_
