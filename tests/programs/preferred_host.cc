// Two receivers that prefer a host tell the processes that they run in, once there are two executors:
//
//   preferred_host [FLAGS] HOST
//
// "receiver 1 in 4711": its number and its process.
#include <millstream/streaming.h>
#include <unistd.h>

#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace ms = millstream;
using namespace std::chrono_literals;

using NumberAndProcess = std::pair<int64_t, int64_t>;

struct Teller {
  int64_t number = 0;
  std::string host;

  std::string PreferredHost() const { return host; }
  void Receive(ms::ReceiverSink<NumberAndProcess>& sink) const {
    while (!sink.Stopped()) {
      sink.Store({number, getpid()});
      std::this_thread::sleep_for(10ms);
    }
  }
};

// Executors of a cluster come one by one.
absl::Status AwaitTwoExecutors(ms::Context& sc) {
  const auto numbers = sc.Parallelize(std::vector<int64_t>(8), 8);
  std::set<int64_t> processes;
  while (processes.size() < 2) {
    const auto seen = numbers.Map([](int64_t) { return static_cast<int64_t>(getpid()); }).Collect();
    if (!seen.ok()) return seen.status();
    processes.insert(seen->begin(), seen->end());
  }
  return absl::OkStatus();
}

absl::Status Tell(const ms::RDD<NumberAndProcess>& told) {
  const auto rows = told.Collect();
  if (!rows.ok()) return rows.status();
  for (const auto& [number, process] : *rows)
    std::printf("receiver %" PRId64 " in %" PRId64 "\n", number, process);
  std::fflush(stdout);
  return absl::OkStatus();
}

int main(int argc, char** argv) {
  return ms::Run(argc, argv, {.app_name = "PreferredHost", .batch_interval = 100ms},
                 [](ms::StreamingContext& ssc) -> absl::Status {
                   if (ms::Args().size() != 1)
                     return absl::InvalidArgumentError("usage: preferred_host HOST");
                   const std::string host = ms::Args()[0];
                   const std::vector<ms::DStream<NumberAndProcess>> streams{
                       ssc.ReceiverStream<NumberAndProcess>(Teller{1, host}),
                       ssc.ReceiverStream<NumberAndProcess>(Teller{2, host})};
                   ssc.Union(streams).ForEachRdd(Tell);
                   return AwaitTwoExecutors(ssc.context());
                 });
}
