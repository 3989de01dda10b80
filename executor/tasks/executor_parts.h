#ifndef MILLSTREAM_EXECUTOR_TASKS_EXECUTOR_PARTS_H_
#define MILLSTREAM_EXECUTOR_TASKS_EXECUTOR_PARTS_H_

#include <millstream/exec/memory.h>

#include "common/base/ids.h"
#include "common/rpc/block_transport.h"
#include "executor/blocks/block_store.h"
#include "executor/shuffle/fetch_threads.h"

namespace millstream::executor {

// What tasks and receivers of one executor share. All of it outlives them and is thread-safe.
struct ExecutorParts {
  ExecutorId self{};
  bool in_process = false;   // peers hand over pointers: fetching ahead gains nothing
  bool test_chunks = false;  // chunks of 1-3 rows, poisoned after use
  BlockStore* blocks = nullptr;
  exec::SpillStorage* spill = nullptr;
  rpc::BlockTransport* transport = nullptr;
  FetchThreads* fetchers = nullptr;
};

}  // namespace millstream::executor

#endif  // MILLSTREAM_EXECUTOR_TASKS_EXECUTOR_PARTS_H_
