#include "tests/simulation/control_streams.h"

#include <algorithm>

namespace millstream::simulation {
namespace {

constexpr int64_t kLeastLatencyUs = 50;
constexpr int64_t kMostLatencyUs = 500;
constexpr int64_t kSlowLatencyUs = 100'000;
constexpr uint64_t kSlowMessages = 10;    // of a thousand
constexpr int64_t kSoonRepeatUs = 5'000;  // while what it tells of may still go on
constexpr int64_t kLatestRepeatUs = 2'000'000;

}  // namespace

void ControlStreams::Open(ExecutorId executor, Ends ends) {
  streams_[executor] = std::make_shared<Stream>(Stream{std::move(ends), {}, {}});
}

ControlStreams::StreamPtr ControlStreams::Find(ExecutorId executor) const {
  const auto found = streams_.find(executor);
  return found == streams_.end() ? nullptr : found->second;
}

void ControlStreams::SendToDriver(ExecutorId executor, const std::string& message) {
  const StreamPtr stream = Find(executor);
  if (stream == nullptr) return;
  const int64_t latest_us = random_.Chance(500) ? kSoonRepeatUs : kLatestRepeatUs;
  const int64_t repeat_us = random_.Chance(repeats_) ? random_.Between(1, latest_us) : 0;
  Enqueue(stream, &Stream::to_driver, [this, message, repeat_us](const StreamPtr& from) {
    from->ends.at_driver(message);
    if (repeat_us > 0) Repeat(from, message, repeat_us);
  });
}

void ControlStreams::Repeat(const StreamPtr& from, const std::string& message, int64_t after_us) {
  agenda_.After(after_us, [this, from, message, before = from->to_driver.arrived] {
    ++effects_["report repeated"];
    if (from->to_driver.arrived > before) ++effects_["report out of order"];
    from->ends.at_driver(message);
  });
}

void ControlStreams::SendToExecutor(ExecutorId executor, const std::string& message) {
  const StreamPtr stream = Find(executor);
  if (stream == nullptr) return;
  Enqueue(stream, &Stream::to_executor, [message](const StreamPtr& to) { to->ends.at_executor(message); });
}

void ControlStreams::Block(ExecutorId executor, bool to_driver, bool to_executor) {
  const StreamPtr stream = Find(executor);
  if (stream == nullptr) return;
  stream->to_driver.blocked = to_driver;
  stream->to_executor.blocked = to_executor;
  Pump(stream, &Stream::to_driver);
  Pump(stream, &Stream::to_executor);
}

void ControlStreams::EndAtExecutor(ExecutorId executor, Rest rest) {
  const StreamPtr stream = Find(executor);
  if (stream == nullptr || stream->to_executor.closed) return;
  stream->to_executor.closed = true;
  Lose(stream->to_executor);
  if (rest == Rest::kIsLost) Lose(stream->to_driver);
  Enqueue(stream, &Stream::to_driver, [](const StreamPtr& ended) {
    ended->to_driver.closed = true;
    ended->ends.closed_at_driver();
  });
}

void ControlStreams::EndAtDriver(ExecutorId executor) {
  const StreamPtr stream = Find(executor);
  if (stream == nullptr) return;
  streams_.erase(executor);
  stream->to_driver.closed = true;
  Lose(stream->to_driver);
  Enqueue(stream, &Stream::to_executor, [](const StreamPtr& ended) {
    ended->to_executor.closed = true;
    ended->ends.closed_at_executor();
  });
}

void ControlStreams::Break(ExecutorId executor) {
  const StreamPtr stream = Find(executor);
  if (stream == nullptr) return;
  Lose(stream->to_executor);
  EndAtExecutor(executor, Rest::kIsLost);
  agenda_.After(random_.Between(kLeastLatencyUs, kSlowLatencyUs),
                [stream] { stream->ends.closed_at_executor(); });
}

void ControlStreams::Lose(Direction& way) {
  if (!way.under_way.empty()) effects_["message lost"] += way.under_way.size();
  way.under_way.clear();
}

void ControlStreams::Enqueue(const StreamPtr& stream, Direction Stream::*direction, Arrival arrive) {
  Direction& way = (*stream).*direction;
  const int64_t latency = random_.Chance(kSlowMessages) ? random_.Between(kMostLatencyUs, kSlowLatencyUs)
                                                        : random_.Between(kLeastLatencyUs, kMostLatencyUs);
  if (latency > kMostLatencyUs) ++effects_["message late"];
  way.last_us = std::max(way.last_us, agenda_.now_us() + latency);
  way.under_way.emplace_back(way.last_us, std::move(arrive));
  agenda_.After(way.last_us - agenda_.now_us(), [this, stream, direction] { Pump(stream, direction); });
}

void ControlStreams::Pump(const StreamPtr& stream, Direction Stream::*direction) {
  Direction& way = (*stream).*direction;
  while (!way.blocked && !way.closed && !way.under_way.empty() &&
         way.under_way.front().first <= agenda_.now_us()) {
    const Arrival arrive = std::move(way.under_way.front().second);
    if (way.under_way.front().first < agenda_.now_us()) ++effects_["message held"];
    way.under_way.pop_front();
    ++way.arrived;
    arrive(stream);
  }
}

}  // namespace millstream::simulation
