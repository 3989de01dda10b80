#ifndef MILLSTREAM_COMMON_PLAN_BLOCK_MESSAGES_H_
#define MILLSTREAM_COMMON_PLAN_BLOCK_MESSAGES_H_

#include "common/plan/block_id.h"
#include "proto/blocks.pb.h"

namespace millstream::plan {

inline BlockId FromProto(const proto::BlockId& id) {
  return {static_cast<BlockId::Kind>(id.kind()), id.a(), id.b(), id.c()};
}

inline void ToProto(const BlockId& id, proto::BlockId& out) {
  out.set_kind(static_cast<uint32_t>(id.kind));
  out.set_a(id.a);
  out.set_b(id.b);
  out.set_c(id.c);
}

}  // namespace millstream::plan

#endif  // MILLSTREAM_COMMON_PLAN_BLOCK_MESSAGES_H_
