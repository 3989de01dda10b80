// B1: counts the words of a TCP source, batch by batch, until SIGTERM.
//
//   b1_word_count [FLAGS] HOST PORT
//
// Each batch is one line on stdout, as the reference prints it: `batch TIME_MS RESULTS WORDS CHECKSUM`.
#include <millstream/streaming.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string_view>
#include <utility>

#include "bench/text/word_summary.h"

namespace ms = millstream;
using namespace std::chrono_literals;

namespace {

absl::Status CountWords(ms::StreamingContext& ssc) {
  const auto args = ms::Args();
  if (args.size() != 2) return absl::InvalidArgumentError("usage: b1_word_count [FLAGS] HOST PORT");
  auto words = ssc.SocketTextStream(args[0], std::atoi(args[1].c_str())).FlatMap(ms::SplitWords{});
  auto counts =
      words.Map([](std::string_view word) { return std::pair(word, int64_t{1}); }).ReduceByKey(std::plus<>());
  counts.ForEachRdd([](auto rdd, const ms::Batch& batch) -> absl::Status {
    const auto summary = ms::bench::SummarizeCounts(rdd);
    if (!summary.ok()) return summary.status();
    std::printf("batch %lld %lld %lld %llu\n", static_cast<long long>(batch.time),
                static_cast<long long>(summary->results), static_cast<long long>(summary->words),
                static_cast<unsigned long long>(summary->checksum));
    std::fflush(stdout);
    return absl::OkStatus();
  });
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) {
  return ms::Run(argc, argv, {.app_name = "b1_word_count", .batch_interval = 1s}, CountWords);
}
