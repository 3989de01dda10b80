#ifndef MILLSTREAM_COMMON_PLAN_STREAMING_H_
#define MILLSTREAM_COMMON_PLAN_STREAMING_H_

#include <millstream/exec/clock.h>
#include <millstream/exec/kernel.h>
#include <millstream/exec/storage_level.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/base/ids.h"
#include "common/plan/block_id.h"

namespace millstream::plan {

// An input stream with a receiver.
struct ReceiverSpec {
  StreamId stream{};
  std::string builtin = {};  // "socket_text": one of the engine's own; empty: the user's `kernel`
  std::string state = {};    // its encoded settings or fields
  std::string label = {};    // as errors name it: "SocketTextStream localhost:9999"
  StorageLevel level = StorageLevel::kMemoryAndDiskSer2;
  const exec::KernelDescriptor* kernel = nullptr;
  std::string preferred_host = {};  // empty: any
};

struct StreamInput {
  StreamId stream{};
  std::vector<BlockLocation> blocks;
};

// One batch as it was decided; its identity is the id.
struct BatchRecord {
  BatchId id{};
  int64_t time_ms = 0;
  int attempt = 0;
  std::vector<StreamInput> inputs;  // of every receiver stream, in stream order
};

struct StreamingRequest {
  std::chrono::milliseconds interval{1000};
  std::chrono::milliseconds block_interval{200};
  std::chrono::milliseconds receiver_restart_delay{2000};
  std::chrono::milliseconds graceful_timeout{10'000};
  uint64_t max_record_bytes = 16u << 20;
  int64_t receiver_max_rate = 0;  // rows per second that a receiver may store one by one; 0 or less: any
  std::vector<ReceiverSpec> receivers;
  Clock* clock = nullptr;
  // Builds the batch's lineages and runs its outputs in registration order, on the driver's user thread, one
  // batch at a time. An error fails the batch, and with it the application.
  std::function<absl::Status(const BatchRecord&)> run_batch;
};

}  // namespace millstream::plan

#endif  // MILLSTREAM_COMMON_PLAN_STREAMING_H_
