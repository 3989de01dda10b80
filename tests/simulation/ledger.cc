#include "tests/simulation/ledger.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "tests/simulation/virtual_time.h"

namespace millstream::simulation {
namespace {

// The weights of `parts` shares; they add up to 1.
const std::vector<uint64_t>& Weights(size_t parts) {
  static std::map<size_t, std::vector<uint64_t>> known;
  std::vector<uint64_t>& weights = known[parts];
  if (!weights.empty()) return weights;
  uint64_t rest = 1;
  for (size_t part = 0; part + 1 < parts; ++part) {
    weights.push_back(Random::Mix(part + 1));
    rest -= weights.back();
  }
  weights.push_back(rest);
  return weights;
}

std::string NameOf(const plan::BatchRecord& batch) { return "batch " + std::to_string(Number(batch.id)); }

}  // namespace

Value Value::Share(size_t part, size_t parts) const {
  const uint64_t weight = Weights(parts)[part];
  return {records * weight, checksum * weight};
}

std::string Value::Encode() const {
  std::string bytes(sizeof(*this), '\0');
  std::memcpy(bytes.data(), this, sizeof(*this));
  return bytes;
}

Value Value::Decode(std::string_view bytes) {
  Value value;
  std::memcpy(&value, bytes.data(), std::min(bytes.size(), sizeof(value)));
  return value;
}

void Ledger::Cut(const plan::BlockId& block, uint64_t first, uint64_t count) {
  blocks_[block] = {.first = first, .count = count, .holders = {}};
}

void Ledger::Report(const plan::BlockId& id, const std::vector<ExecutorId>& holders) {
  Block& block = Find(id);
  block.reporter = holders.front();
  if (lost_.contains(block.reporter)) return;
  live_.insert(id);
  for (const ExecutorId holder : holders) Copied(id, holder);
}

Value Ledger::ValueOf(const plan::BlockId& id) const {
  const Block& block = blocks_.at(id);
  Value value{block.count, 0};
  for (uint64_t i = block.first; i < block.first + block.count; ++i)
    value.checksum += Random::Mix(id.a << 40 | i);
  return value;
}

void Ledger::Acknowledge(const plan::BlockId& id) {
  Block& block = Find(id);
  Stream& stream = streams_[id.a];
  if (block.first != stream.acknowledged) {
    Violate("the simulation itself: block " + plan::ToString(id) + " is out of order");
  }
  block.acknowledged = true;
  stream.acknowledged = block.first + block.count;
}

void Ledger::Copied(const plan::BlockId& id, ExecutorId to) {
  if (live_.contains(id) && !lost_.contains(to)) Find(id).holders.insert(to);
}

void Ledger::Lose(ExecutorId executor) {
  lost_.insert(executor);
  std::erase_if(live_, [&](const plan::BlockId& id) {
    Block& block = Find(id);
    block.holders.erase(executor);
    return !block.acknowledged && block.reporter == executor;
  });
}

void Ledger::Take(const plan::BatchRecord& batch) {
  if (Number(batch.id) != taken_batches_++) Violate(NameOf(batch) + " runs out of order or twice");
  for (const plan::StreamInput& input : batch.inputs) {
    for (const plan::BlockLocation& location : input.blocks) {
      const auto found = blocks_.find(location.id);
      const std::string name = NameOf(batch) + " reads block " + plan::ToString(location.id);
      if (found == blocks_.end() || !found->second.acknowledged) {
        return Violate(name + ", which nobody acknowledged");
      }
      if (found->second.taken) return Violate(name + " a second time");
      found->second.taken = true;
    }
  }
}

void Ledger::Check(const plan::BatchRecord& batch, const std::string& output, const Value& counted) {
  Value expected;
  for (const plan::StreamInput& input : batch.inputs) {
    for (const plan::BlockLocation& block : input.blocks) expected += ValueOf(block.id);
  }
  if (counted == expected) return;
  Violate(NameOf(batch) + ": " + output + " counted " + std::to_string(counted.records) + " records, not " +
          std::to_string(expected.records) + (counted.records == expected.records ? ", or others" : ""));
}

void Ledger::Settle(const plan::BatchRecord& batch) {
  ++settled_batches_;
  for (const plan::StreamInput& input : batch.inputs) {
    Stream& stream = streams_[Number(input.stream)];
    for (const plan::BlockLocation& location : input.blocks) {
      const Block& block = Find(location.id);
      live_.erase(location.id);
      settled_records_ += block.count;
      stream.counted.resize(std::max<size_t>(stream.counted.size(), block.first + block.count));
      for (uint64_t i = block.first; i < block.first + block.count; ++i) {
        if (++stream.counted[i] == 2) {
          Violate(NameOf(batch) + " counts record " + std::to_string(i) + " of stream " +
                  std::to_string(Number(input.stream)) + " a second time");
        }
      }
    }
  }
}

bool Ledger::CanSpare(ExecutorId victim, const std::set<ExecutorId>& endangered) const {
  return std::all_of(live_.begin(), live_.end(), [&](const plan::BlockId& id) {
    const std::set<ExecutorId>& holders = blocks_.at(id).holders;
    if (!holders.contains(victim)) return true;
    return std::any_of(holders.begin(), holders.end(),
                       [&](ExecutorId holder) { return holder != victim && !endangered.contains(holder); });
  });
}

bool Ledger::WasAcknowledged(const plan::BlockId& block) const {
  const auto found = blocks_.find(block);
  return found != blocks_.end() && found->second.acknowledged;
}

size_t Ledger::unsettled_blocks() const {
  return static_cast<size_t>(
      std::count_if(live_.begin(), live_.end(), [&](const auto& id) { return blocks_.at(id).acknowledged; }));
}

void Ledger::CheckComplete() {
  for (size_t s = 0; s < streams_.size(); ++s) {
    const Stream& stream = streams_[s];
    const auto counted = static_cast<uint64_t>(std::count_if(stream.counted.begin(), stream.counted.end(),
                                                             [](uint8_t times) { return times == 1; }));
    if (counted == stream.acknowledged && stream.counted.size() == counted) continue;
    Violate("of stream " + std::to_string(s) + ", " + std::to_string(stream.acknowledged) +
            " records were acknowledged and " + std::to_string(counted) + " counted once");
  }
}

}  // namespace millstream::simulation
