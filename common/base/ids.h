#ifndef MILLSTREAM_COMMON_BASE_IDS_H_
#define MILLSTREAM_COMMON_BASE_IDS_H_

#include <cstdint>

namespace millstream {

// A type for each identity; messages carry them as plain integers.
enum class ExecutorId : uint32_t {};
enum class StreamId : uint32_t {};      // an input stream, counted from 0 per application
enum class BatchId : uint64_t {};       // dense: 0, 1, 2 ...
enum class StageRunId : uint64_t {};    // one attempt of one stage of one job
enum class ConnectionId : uint64_t {};  // a stream to a master, never used twice

// The driver seen as a peer that serves blocks (collections).
inline constexpr ExecutorId kDriverPeer{0xffffffff};

constexpr uint32_t Number(ExecutorId id) { return static_cast<uint32_t>(id); }
constexpr uint32_t Number(StreamId id) { return static_cast<uint32_t>(id); }
constexpr uint64_t Number(BatchId id) { return static_cast<uint64_t>(id); }
constexpr uint64_t Number(ConnectionId id) { return static_cast<uint64_t>(id); }
constexpr uint64_t Number(StageRunId id) { return static_cast<uint64_t>(id); }

}  // namespace millstream

#endif  // MILLSTREAM_COMMON_BASE_IDS_H_
