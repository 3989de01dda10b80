#include <millstream/rdd.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

namespace millstream::graph {
namespace {

void PrintBatch(int64_t time_ms, const std::vector<std::string>& rows, int n) {
  static constexpr std::string_view kRule = "-------------------------------------------\n";
  std::string text(kRule);
  text += "Time: " + std::to_string(time_ms) + " ms\n";
  text += kRule;
  const size_t shown = std::min(rows.size(), static_cast<size_t>(std::max(n, 0)));
  for (size_t i = 0; i < shown; ++i) text += rows[i] + '\n';
  if (rows.size() > shown) text += "...\n";
  text += '\n';
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

}  // namespace

void Print(const Stream& texts, int n, const Where& where) {
  Output(
      texts, "Print",
      [n](const Rdd& rdd, const Batch& batch) -> absl::Status {
        const absl::StatusOr<std::vector<std::string>> rows = RDD<std::string>(rdd).Take(n + int64_t{1});
        if (!rows.ok()) return rows.status();
        PrintBatch(batch.time, *rows, n);
        return absl::OkStatus();
      },
      where);
}

}  // namespace millstream::graph
