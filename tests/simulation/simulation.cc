#include "tests/simulation/simulation.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "tests/driver/jobs/lineage.h"
#include "tests/simulation/cluster.h"
#include "tests/simulation/nemesis.h"
#include "tests/simulation/virtual_driver.h"
#include "tests/simulation/world.h"

namespace millstream::simulation {
namespace {

constexpr int64_t kSecondUs = 1'000'000;
constexpr int kPartitionsPerStream = 4;
// After the last fault: the driver's patience with a silent executor, three times, and time to catch up.
constexpr int64_t kRestUs = 40 * kSecondUs;
constexpr int64_t kStopUs = 10 * kSecondUs;
constexpr int64_t kFarewellUs = 3 * kSecondUs;
constexpr uint64_t kRepeatedReports = 30;  // of a thousand
constexpr int64_t kMeanFaultUs = 400'000;

struct Shape {
  int executors = 0;
  int cores = 0;
  int streams = 0;
  // Of a hundred messages one is slow: many executors make few stages fast.
  int64_t interval_ms() const { return executors < 100 ? 200 : 2000; }
};

Shape ShapeOf(const SimulationOptions& options) {
  if (options.executors > 0) return {options.executors, 2, std::max(1, options.executors / 10)};
  Random random(~options.seed);
  const auto between = [&](int64_t low, int64_t high) { return static_cast<int>(random.Between(low, high)); };
  return {between(4, 12), between(1, 3), between(1, 3)};
}

plan::StreamingRequest RequestOf(const Shape& shape) {
  plan::StreamingRequest request;
  request.interval = std::chrono::milliseconds(shape.interval_ms());
  request.block_interval = request.interval / kPartitionsPerStream;
  for (int s = 0; s < shape.streams; ++s) {
    plan::ReceiverSpec& spec = request.receivers.emplace_back();
    spec.stream = StreamId{static_cast<uint32_t>(s)};
    spec.label = "stream " + std::to_string(s);
  }
  return request;
}

// The blocks of a batch, dealt to the partitions of their streams.
std::shared_ptr<plan::Node> ReceivedIn(const plan::BatchRecord& batch) {
  std::vector<std::vector<plan::BlockLocation>> partitions;
  for (const plan::StreamInput& input : batch.inputs) {
    const size_t first = partitions.size();
    partitions.resize(first + kPartitionsPerStream);
    for (size_t i = 0; i < input.blocks.size(); ++i) {
      partitions[first + i % kPartitionsPerStream].push_back(input.blocks[i]);
    }
  }
  return driver::Received(std::move(partitions));
}

class Simulation {
 public:
  explicit Simulation(const SimulationOptions& options)
      : options_(options),
        shape_(ShapeOf(options)),
        world_(options.seed, shape_.streams, options.faults ? kRepeatedReports : 0),
        cluster_(world_, shape_.cores),
        driver_(world_, cluster_, shape_.executors, RequestOf(shape_),
                [this](const plan::BatchRecord& batch, std::function<void(absl::Status)> done) {
                  RunOutputs(batch, std::move(done));
                }),
        nemesis_(world_, cluster_, static_cast<size_t>(shape_.executors), kMeanFaultUs) {}

  SimulationReport Run() {
    driver_.Start();
    Until("all executors join", kSecondUs, [this] { return driver_.joined() == wanted(); });
    const int64_t joining_ns = driver_.cpu_ns();
    driver_.StartStreaming();
    if (options_.faults) nemesis_.Begin();
    const int64_t end_us = world_.agenda.now_us() + options_.seconds * kSecondUs;
    Until("", end_us, [&] { return world_.agenda.now_us() >= end_us; });
    nemesis_.Stop();
    const int64_t over_us = nemesis_.over_us();
    Until("", over_us, [&] { return world_.agenda.now_us() >= over_us; });
    Until("batches settle and executors are replaced", kRestUs,
          [this] { return driver_.queued_batches() <= 1 && driver_.joined() == wanted(); });
    driver_.StopStreaming();
    Until("the application stops", kStopUs, [this] { return driver_.ended().has_value(); });
    world_.control.StopRepeating();
    const int64_t farewell_us = world_.agenda.now_us() + kFarewellUs;
    Until("", farewell_us, [&] { return world_.agenda.now_us() >= farewell_us; });
    CheckRest();
    return Report(joining_ns);
  }

 private:
  size_t wanted() const { return static_cast<size_t>(shape_.executors); }

  // Goes on until something is so, which must be within a bound if it has a name.
  void Until(const std::string& what, int64_t within_us, const std::function<bool()>& is_so) {
    const int64_t deadline_us = world_.agenda.now_us() + within_us;
    while (world_.ledger.violation().empty() && !is_so()) {
      if (!what.empty() && world_.agenda.now_us() > deadline_us) {
        return world_.ledger.Violate("waiting for ever until " + what + ": " +
                                     std::to_string(driver_.queued_batches()) + " batches are queued, " +
                                     std::to_string(driver_.joined()) + " executors joined");
      }
      world_.agenda.RunNext();
      most_queued_ = std::max(most_queued_, driver_.queued_batches());
      if (driver_.ended() && !driver_.ended()->ok()) {
        world_.ledger.Violate("the application failed: " + std::string(driver_.ended()->message()));
      }
    }
  }

  // The outputs of a batch, one after the other as a program has them.
  void RunOutputs(const plan::BatchRecord& batch, std::function<void(absl::Status)> done) {
    const auto counts = driver::ReduceByKey(driver::Map(ReceivedIn(batch)), shape_.executors);
    Output(batch, counts, "Count", [this, batch, counts, done](const absl::Status& status) {
      if (!status.ok() || !options_.faults) return done(status);
      // Reads the shuffle that is there already.
      const int parts = std::max(1, shape_.executors / 2);
      Output(batch, driver::ReduceByKey(driver::Coalesce(driver::Map(counts), parts), parts), "Histogram",
             done);
    });
  }

  void Output(const plan::BatchRecord& batch, const driver::NodePtr& root, const std::string& name,
              std::function<void(absl::Status)> done) {
    driver_.RunJob(root, name, batch, [this, batch, name, done](const absl::StatusOr<Value>& value) {
      if (value.ok()) world_.ledger.Check(batch, name, *value);
      done(value.status());
    });
  }

  void CheckRest() {
    world_.ledger.CheckComplete();
    const size_t kept = driver_.kept_blocks() + driver_.queued_batches() + driver_.jobs();
    if (kept > 0)
      world_.ledger.Violate("the driver still keeps " + std::to_string(kept) + " blocks, batches and jobs");
    for (const ExecutorId id : cluster_.Running()) {
      if (!driver_.Knows(id)) continue;
      const std::vector<plan::BlockId> left = cluster_.Find(id)->Leftovers(world_.ledger);
      if (left.empty()) continue;
      return world_.ledger.Violate("executor " + std::to_string(Number(id)) + " still keeps " +
                                   std::to_string(left.size()) + " blocks; the first is " +
                                   plan::ToString(left.front()));
    }
  }

  SimulationReport Report(int64_t joining_ns) const {
    SimulationReport report;
    report.violation = world_.ledger.violation();
    report.trace = world_.trace.hash();
    report.executors = wanted();
    report.batches = world_.ledger.settled_batches();
    report.records = world_.ledger.settled_records();
    report.tasks = driver_.launched_tasks();
    report.faults = nemesis_.faults();
    report.effects = world_.effects;
    report.most_queued_batches = most_queued_;
    report.driver_cpu_ns = driver_.cpu_ns() - joining_ns;
    return report;
  }

  const SimulationOptions options_;
  const Shape shape_;
  World world_;
  Cluster cluster_;
  VirtualDriver driver_;
  Nemesis nemesis_;
  size_t most_queued_ = 0;
};

}  // namespace

SimulationReport Simulate(const SimulationOptions& options) { return Simulation(options).Run(); }

}  // namespace millstream::simulation
