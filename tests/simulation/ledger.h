#ifndef MILLSTREAM_TESTS_SIMULATION_LEDGER_H_
#define MILLSTREAM_TESTS_SIMULATION_LEDGER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/plan/block_id.h"
#include "common/plan/streaming.h"

namespace millstream::simulation {

// What stands for rows in the simulation: how many records, and the sum of their hashes. All arithmetic is
// modulo 2^64, so that a total tells whether every record went into it exactly once.
struct Value {
  uint64_t records = 0;
  uint64_t checksum = 0;

  Value& operator+=(const Value& other) {
    records += other.records;
    checksum += other.checksum;
    return *this;
  }
  // A share of a value; the shares of all `parts` add up to it.
  Value Share(size_t part, size_t parts) const;
  auto operator<=>(const Value&) const = default;

  std::string Encode() const;
  static Value Decode(std::string_view bytes);
};

// The sources' books, kept beside the engine and never shown to it: which records were acknowledged, where
// their blocks are, and how often each was counted. A source hands a receiver what was not acknowledged yet,
// again if it must.
class Ledger {
 public:
  explicit Ledger(int streams) : streams_(static_cast<size_t>(streams)) {}

  // What was found wrong first; empty: nothing.
  const std::string& violation() const { return violation_; }
  void Violate(const std::string& what) {
    if (violation_.empty()) violation_ = what;
  }

  // Receivers.
  uint64_t FirstUnacknowledged(StreamId stream) const { return Of(stream).acknowledged; }
  // A receiver has made a block of `count` records from `first` on.
  void Cut(const plan::BlockId& block, uint64_t first, uint64_t count);
  // It is being told to the driver by the executor that is its first holder.
  void Report(const plan::BlockId& block, const std::vector<ExecutorId>& holders);
  Value ValueOf(const plan::BlockId& block) const;

  // What the driver has heard.
  void Acknowledge(const plan::BlockId& block);
  void Refuse(const plan::BlockId& block) { live_.erase(block); }
  void Copied(const plan::BlockId& block, ExecutorId to);
  void Lose(ExecutorId executor);

  // The driver has decided a batch; its outputs were computed; it is over.
  void Take(const plan::BatchRecord& batch);
  void Check(const plan::BatchRecord& batch, const std::string& output, const Value& counted);
  void Settle(const plan::BatchRecord& batch);

  // Whether no block that is needed would be without a copy if `victim` were lost besides `endangered`.
  bool CanSpare(ExecutorId victim, const std::set<ExecutorId>& endangered) const;
  bool WasAcknowledged(const plan::BlockId& block) const;
  size_t unsettled_blocks() const;
  uint64_t settled_records() const { return settled_records_; }
  uint64_t settled_batches() const { return settled_batches_; }

  // Every acknowledged record was counted, and no other.
  void CheckComplete();

 private:
  struct Block {
    uint64_t first = 0;
    uint64_t count = 0;
    bool acknowledged = false;
    bool taken = false;
    ExecutorId reporter{};
    std::set<ExecutorId> holders;  // that the driver knows of, or is being told of
  };
  struct Stream {
    uint64_t acknowledged = 0;     // records, from the first on
    std::vector<uint8_t> counted;  // times, by record
  };

  const Stream& Of(StreamId stream) const { return streams_[Number(stream)]; }
  Block& Find(const plan::BlockId& block) { return blocks_.at(block); }

  std::vector<Stream> streams_;
  std::map<plan::BlockId, Block> blocks_;
  std::set<plan::BlockId> live_;  // reported and not settled
  std::set<ExecutorId> lost_;
  uint64_t settled_records_ = 0;
  uint64_t settled_batches_ = 0;
  uint64_t taken_batches_ = 0;
  std::string violation_;
};

}  // namespace millstream::simulation

#endif  // MILLSTREAM_TESTS_SIMULATION_LEDGER_H_
