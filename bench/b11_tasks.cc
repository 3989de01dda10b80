// B11: stages of empty tasks, one every 100 ms.
//
//   b11_tasks [FLAGS] TASKS STAGES
//
// Prints, as one JSON object, the CPU time of this process per task (in `local[N]` that is driver and
// executor, on a cluster the driver alone) and how long a stage took.
#include <millstream/streaming.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

namespace ms = millstream;

namespace {

using SteadyClock = std::chrono::steady_clock;

double CpuMicros() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto micros = [](const timeval& t) { return double(t.tv_sec) * 1e6 + double(t.tv_usec); };
  return micros(usage.ru_utime) + micros(usage.ru_stime);
}

absl::Status RunStages(ms::Context& sc, int tasks, int stages) {
  constexpr int kWarmUp = 5;
  const auto empty = sc.Parallelize(std::vector<int64_t>{}, tasks);
  std::vector<double> took_ms;
  double cpu_before = 0;
  auto next = SteadyClock::now();
  for (int i = -kWarmUp; i < stages; ++i) {
    if (i == 0) cpu_before = CpuMicros();
    std::this_thread::sleep_until(next += std::chrono::milliseconds(100));
    const auto start = SteadyClock::now();
    if (const auto count = empty.Count(); !count.ok()) return count.status();
    const std::chrono::duration<double, std::milli> took = SteadyClock::now() - start;
    if (i >= 0) took_ms.push_back(took.count());
  }
  const double cpu_micros = CpuMicros() - cpu_before;
  std::sort(took_ms.begin(), took_ms.end());
  std::printf("{\"cpu_us_per_task\": %.3f, \"stage_ms\": %.3f}\n", cpu_micros / tasks / stages,
              took_ms[took_ms.size() / 2]);
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) {
  ms::Init(&argc, &argv);
  const auto args = ms::Args();
  const int tasks = args.size() == 2 ? std::atoi(args[0].c_str()) : 0;
  const int stages = args.size() == 2 ? std::atoi(args[1].c_str()) : 0;
  if (tasks <= 0 || stages <= 0) {
    std::fprintf(stderr, "usage: b11_tasks [FLAGS] TASKS STAGES\n");
    return 2;
  }
  ms::Config config;
  config.SetAppName("b11_tasks");
  ms::Context sc(config);
  const absl::Status status = RunStages(sc, tasks, stages);
  if (!status.ok()) std::fprintf(stderr, "b11_tasks: %s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
