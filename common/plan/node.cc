#include "common/plan/node.h"

namespace millstream::plan {
namespace {

uint64_t NextNodeId() {
  static std::atomic<uint64_t> next{0};
  return next.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

Node::Node() : id(NextNodeId()) {}

}  // namespace millstream::plan
