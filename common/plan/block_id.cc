#include "common/plan/block_id.h"

namespace millstream::plan {

std::string ToString(const BlockId& id) {
  std::string a = std::to_string(id.a), b = std::to_string(id.b), c = std::to_string(id.c);
  switch (id.kind) {
    case BlockId::Kind::kReceived:
      return "input-" + a + "-" + b;
    case BlockId::Kind::kRdd:
      return "rdd_" + a + "_" + b;
    case BlockId::Kind::kShuffle:
      return "shuffle_" + a + "_" + b + "_" + c;
    case BlockId::Kind::kCollection:
      return "collection_" + a + "_" + b;
    case BlockId::Kind::kResult:
      return "taskresult_" + a + "_" + b + "_" + c;
    case BlockId::Kind::kProgram:
      return "program_" + a;
  }
  return "block_" + a + "_" + b + "_" + c;
}

}  // namespace millstream::plan
