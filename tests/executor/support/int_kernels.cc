#include "tests/executor/support/int_kernels.h"

#include <millstream/exec/slice_writer.h>
#include <millstream/exec/task_error.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <new>
#include <stdexcept>
#include <utility>

namespace millstream::executor {
namespace {

using exec::Chunk;
using exec::ChunkStream;
using exec::KernelArgs;

std::mutex gate_mutex;
std::condition_variable gate_changed;
int gate_arrivals = 0;
bool gate_open = false;
std::atomic<int> add_runs{0};
std::atomic<int> counted_failures{0};

int64_t IntAt(std::string_view bytes, size_t at = 0) {
  int64_t value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof(value));
  return value;
}

class Encode : public ChunkStream {
 public:
  Encode(KernelArgs args, uint32_t partitions) : args_(std::move(args)), partitions_(partitions) {}

  bool Next(Chunk&) override {
    std::vector<exec::SliceWriter> writers;
    for (uint32_t i = 0; i < partitions_; ++i) writers.emplace_back(size_t{64} << 10);
    Chunk in;
    while (args_.inputs[0]->Next(in)) {
      for (int64_t row : in.As<int64_t>()) {
        const auto partition = static_cast<uint32_t>(static_cast<uint64_t>(row) % partitions_);
        writers[partition].Append({reinterpret_cast<const char*>(&row), sizeof(row)});
        if (writers[partition].has_finished()) Deliver(writers[partition].TakeFinished(), partition);
      }
    }
    for (uint32_t i = 0; i < partitions_; ++i) Deliver(writers[i].Take(), i);
    return false;
  }

 private:
  void Deliver(exec::Slices slices, uint32_t partition) {
    for (exec::Bytes& slice : slices) exec::ThrowIfError(args_.sink->Add(partition, std::move(slice)));
  }

  KernelArgs args_;
  const uint32_t partitions_;
};

class Decode : public ChunkStream {
 public:
  explicit Decode(KernelArgs args) : args_(std::move(args)) {}
  bool Next(Chunk& out) override {
    while (position_ == slice_.view.size()) {
      position_ = 0;
      if (!args_.slices->Next(slice_)) return false;
    }
    const size_t rows = std::min(args_.env->chunk_rows, (slice_.view.size() - position_) / sizeof(int64_t));
    rows_.resize(rows);
    std::memcpy(rows_.data(), slice_.view.data() + position_, rows * sizeof(int64_t));
    position_ += rows * sizeof(int64_t);
    out = {rows_.data(), rows};
    return true;
  }

 private:
  KernelArgs args_;
  exec::Bytes slice_;
  size_t position_ = 0;
  std::vector<int64_t> rows_;
};

class Add : public ChunkStream {
 public:
  explicit Add(KernelArgs args) : args_(std::move(args)) { add_runs.fetch_add(1); }
  bool Next(Chunk& out) override {
    for (; next_ < args_.inputs.size(); ++next_) {
      if (!args_.inputs[next_]->Next(out)) continue;
      args_.env->operation = args_.operation;
      for (int64_t& row : out.As<int64_t>()) row += IntAt(args_.state);
      return true;
    }
    return false;
  }

 private:
  KernelArgs args_;
  size_t next_ = 0;
};

[[gnu::noinline]] int64_t Recurse(int64_t depth) {
  volatile char frame[256];
  frame[0] = static_cast<char>(depth);
  return depth < 0 ? 0 : Recurse(depth + 1) + frame[0];
}

class FailAt : public ChunkStream {
 public:
  explicit FailAt(KernelArgs args) : args_(std::move(args)) {}
  bool Next(Chunk& out) override {
    if (!args_.inputs[0]->Next(out)) return false;
    args_.env->operation = args_.operation;
    for (int64_t row : out.As<int64_t>()) {
      if (row == IntAt(args_.state, 1)) Fail(args_.state[0]);
    }
    return true;
  }

 private:
  void Fail(char how) {
    if (how == 't') throw std::runtime_error("seven is not allowed");
    if (how == 'i') throw 42;
    if (how == 'a') throw std::bad_alloc();
    if (how == 'c' && counted_failures.fetch_add(1) == 0) throw std::runtime_error("the first time");
    if (how == 's') *static_cast<volatile int*>(nullptr) = 1;  // NOLINT: it is to crash
    if (how == 'r') Recurse(0);
  }
  KernelArgs args_;
};

class Gate : public ChunkStream {
 public:
  explicit Gate(KernelArgs args) : args_(std::move(args)) {}
  bool Next(Chunk& out) override {
    {
      std::unique_lock lock(gate_mutex);
      ++gate_arrivals;
      gate_changed.notify_all();
      gate_changed.wait(lock, [] { return gate_open; });
    }
    return args_.inputs[0]->Next(out);
  }

 private:
  KernelArgs args_;
};

template <class T>
std::unique_ptr<ChunkStream> Make(KernelArgs args) {
  return std::make_unique<T>(std::move(args));
}
std::unique_ptr<ChunkStream> MakeEncode(KernelArgs args) {
  return std::make_unique<Encode>(std::move(args), 1);
}
std::unique_ptr<ChunkStream> MakeDeal(KernelArgs args) {
  const auto partitions = static_cast<uint32_t>(args.env->output_partitions);
  return std::make_unique<Encode>(std::move(args), partitions);
}

constexpr uint64_t kInts = exec::SignatureOf<int64_t>();

}  // namespace

constinit const exec::KernelDescriptor kEncodeInts{.make = &MakeEncode, .input_signature = kInts};
constinit const exec::KernelDescriptor kDealInts{.make = &MakeDeal, .input_signature = kInts};
constinit const exec::KernelDescriptor kDecodeInts{.make = &Make<Decode>, .output_signature = kInts};
constinit const exec::KernelDescriptor kAddInts{
    .make = &Make<Add>, .input_signature = kInts, .output_signature = kInts};
constinit const exec::KernelDescriptor kFailAt{
    .make = &Make<FailAt>, .input_signature = kInts, .output_signature = kInts};
constinit const exec::KernelDescriptor kGate{
    .make = &Make<Gate>, .input_signature = kInts, .output_signature = kInts};
constinit const exec::KernelDescriptor kTextRows{.make = &Make<Add>,
                                                 .input_signature = exec::SignatureOf<std::string>(),
                                                 .output_signature = exec::SignatureOf<std::string>()};

void ResetGate() {
  std::lock_guard lock(gate_mutex);
  gate_arrivals = 0;
  gate_open = false;
}
void ReleaseGate() {
  std::lock_guard lock(gate_mutex);
  gate_open = true;
  gate_changed.notify_all();
}
int GateArrivals() {
  std::lock_guard lock(gate_mutex);
  return gate_arrivals;
}
void WaitForGateArrivals(int n) {
  std::unique_lock lock(gate_mutex);
  gate_changed.wait_for(lock, std::chrono::seconds(30), [n] { return gate_arrivals >= n; });
}
int AddRuns() { return add_runs.load(); }

std::string IntState(int64_t value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof(value));
}

exec::Slices EncodeInts(const std::vector<int64_t>& rows, size_t rows_per_slice) {
  exec::Slices slices;
  for (size_t at = 0; at < rows.size(); at += rows_per_slice) {
    const size_t count = std::min(rows_per_slice, rows.size() - at);
    slices.push_back(
        exec::OwnBytes({reinterpret_cast<const char*>(rows.data() + at), count * sizeof(int64_t)}));
  }
  return slices;
}

std::vector<int64_t> DecodeInts(std::string_view bytes) {
  std::vector<int64_t> rows(bytes.size() / sizeof(int64_t));
  std::copy_n(bytes.data(), rows.size() * sizeof(int64_t), reinterpret_cast<char*>(rows.data()));
  return rows;
}

std::vector<int64_t> DecodeInts(const exec::Slices& slices) {
  std::vector<int64_t> rows;
  for (const exec::Bytes& slice : slices) {
    for (int64_t row : DecodeInts(slice.view)) rows.push_back(row);
  }
  return rows;
}

}  // namespace millstream::executor
