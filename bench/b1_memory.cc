// B1 in memory: counts the words of a persisted RDD of texts of 1 MiB.
//
//   b1_memory [FLAGS] TEXTS REPEATS
//
// The texts are those of the reference's `--memory`, in as many partitions as there are cores. They are
// stored and counted once before the clock starts. The totals are one JSON object, as the reference prints
// them.
#include <millstream/streaming.h>
#include <sys/resource.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/text/word_summary.h"
#include "bench/text/zipf_lines.h"

namespace ms = millstream;

namespace {

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) { return double(t.tv_sec) + double(t.tv_usec) * 1e-6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

absl::Status CountTexts(ms::Context& sc, size_t num_texts, int repeats) {
  constexpr size_t kTextLines = (1 << 20) / ms::bench::kLineBytes;
  std::vector<std::string> texts(num_texts);
  ms::bench::LineMaker maker({});
  for (std::string& text : texts) maker.Append(kTextLines, text);
  auto stored = sc.Parallelize(texts).Persist();
  if (const auto count = stored.Count(); !count.ok()) return count.status();

  ms::bench::WordSummary total;
  double cpu_before = 0;
  for (int i = -1; i < repeats; ++i) {  // the first is the warm-up
    // A lineage of its own each time: the shuffle of one that ran already would be used again.
    auto words = stored.FlatMap(ms::SplitWords{});
    auto counts = words.Map([](std::string_view word) { return std::pair(word, int64_t{1}); })
                      .ReduceByKey(std::plus<>());
    const auto summary = ms::bench::SummarizeCounts(counts);
    if (!summary.ok()) return summary.status();
    if (i < 0) {
      cpu_before = CpuSeconds();
      continue;
    }
    total.results += summary->results;
    total.words += summary->words;
    total.checksum += summary->checksum;
  }
  const double cpu_seconds = CpuSeconds() - cpu_before;
  const uint64_t bytes =
      uint64_t{num_texts} * kTextLines * ms::bench::kLineBytes * static_cast<uint64_t>(repeats);
  std::printf(
      "{\"bytes\": %llu, \"words\": %lld, \"results\": %lld, \"checksum\": %llu, \"cpu_s\": %.4f, "
      "\"gb_per_cpu_s\": %.4f}\n",
      static_cast<unsigned long long>(bytes), static_cast<long long>(total.words),
      static_cast<long long>(total.results), static_cast<unsigned long long>(total.checksum), cpu_seconds,
      static_cast<double>(bytes) * 1e-9 / cpu_seconds);
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) {
  ms::Init(&argc, &argv);
  const auto args = ms::Args();
  if (args.size() != 2) {
    std::fprintf(stderr, "usage: b1_memory [FLAGS] TEXTS REPEATS\n");
    return 2;
  }
  ms::Config config;
  config.SetAppName("b1_memory");
  ms::Context sc(config);
  const absl::Status status =
      CountTexts(sc, std::strtoul(args[0].c_str(), nullptr, 10), std::atoi(args[1].c_str()));
  if (!status.ok()) std::fprintf(stderr, "b1_memory: %s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
