// Runs simulations and prints what happened; exits 1 at the first seed that breaks a promise.
// usage: simulate [--seed N] [--seeds N] [--executors N] [--seconds N] [--no-faults]
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/simulation/simulation.h"

namespace millstream::simulation {
namespace {

constexpr char kUsage[] =
    "usage: simulate [--seed N] [--seeds N] [--executors N] [--seconds N] [--no-faults]\n";

bool ReadNumber(const char* text, uint64_t& number) {
  char* end = nullptr;
  number = std::strtoull(text, &end, 10);
  return *text >= '0' && *text <= '9' && *end == '\0';
}

bool Read(int argc, char** argv, SimulationOptions& options, uint64_t& seeds) {
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    uint64_t number = 0;
    if (flag == "--no-faults") {
      options.faults = false;
    } else if (i + 1 == argc || !ReadNumber(argv[++i], number)) {
      return false;
    } else if (flag == "--seed") {
      options.seed = number;
    } else if (flag == "--seeds") {
      seeds = number;
    } else if (flag == "--executors") {
      options.executors = static_cast<int>(number);
    } else if (flag == "--seconds") {
      options.seconds = static_cast<int64_t>(number);
    } else {
      return false;
    }
  }
  return true;
}

int Main(int argc, char** argv) {
  SimulationOptions options;
  uint64_t seeds = 1;
  if (!Read(argc, argv, options, seeds)) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  for (; seeds > 0; --seeds, ++options.seed) {
    const SimulationReport report = Simulate(options);
    std::printf("seed %" PRIu64 ": executors %" PRIu64 ", batches %" PRIu64 ", records %" PRIu64
                ", tasks %" PRIu64 ", faults %" PRIu64
                ", most batches queued %zu, driver CPU %.2f ms per batch\n",
                options.seed, report.executors, report.batches, report.records, report.tasks, report.faults,
                report.most_queued_batches,
                static_cast<double>(report.driver_cpu_ns) / 1e6 / static_cast<double>(report.batches));
    for (const auto& [effect, count] : report.effects) {
      std::printf("  %.*s: %" PRIu64 "\n", static_cast<int>(effect.size()), effect.data(), count);
    }
    if (!report.violation.empty()) {
      std::printf("seed %" PRIu64 " FAILED: %s\n", options.seed, report.violation.c_str());
      return 1;
    }
    std::printf("trace %016" PRIx64 "\n", report.trace);
  }
  return 0;
}

}  // namespace
}  // namespace millstream::simulation

int main(int argc, char** argv) { return millstream::simulation::Main(argc, argv); }
