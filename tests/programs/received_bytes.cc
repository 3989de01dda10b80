// Tells, for every batch, how many bytes its received blocks have and how many bytes of lines its tasks saw:
//
//   received_bytes [FLAGS] HOST PORT
//
// "batch 3 blocks 1200 lines 1200 sum 1200": what was reported, what was read, and what came through a
// shuffle.
#include <millstream/streaming.h>

#include <cinttypes>
#include <cstdio>
#include <string>
#include <utility>

namespace ms = millstream;

using Sized = std::pair<int64_t, int64_t>;

absl::Status Tell(const ms::RDD<int64_t>& sizes, const ms::Batch& batch) {
  int64_t blocks = 0;
  for (const ms::BatchBlock& block : batch.blocks) blocks += static_cast<int64_t>(block.bytes);
  const auto lines = sizes.Fold(0, std::plus<>());
  if (!lines.ok()) return lines.status();
  const auto sums = sizes.Map([](int64_t size) { return Sized(size, size); })
                        .ReduceByKey(std::plus<>(), {.num_partitions = 3})
                        .Map([](const Sized& sized) { return sized.second; })
                        .Fold(0, std::plus<>());
  if (!sums.ok()) return sums.status();
  std::printf("batch %" PRIu64 " blocks %" PRId64 " lines %" PRId64 " sum %" PRId64 "\n", batch.id, blocks,
              *lines, *sums);
  std::fflush(stdout);
  return absl::OkStatus();
}

int main(int argc, char** argv) {
  return ms::Run(argc, argv, {.app_name = "ReceivedBytes", .batch_interval = std::chrono::milliseconds(200)},
                 [](ms::StreamingContext& ssc) -> absl::Status {
                   if (ms::Args().size() != 2)
                     return absl::InvalidArgumentError("usage: received_bytes HOST PORT");
                   ssc.SocketTextStream(ms::Args()[0], std::stoi(ms::Args()[1]))
                       .Map([](std::string_view line) { return static_cast<int64_t>(line.size()) + 1; })
                       .ForEachRdd(Tell);
                   return absl::OkStatus();
                 });
}
