#include <millstream/context.h>

#include <algorithm>
#include <utility>

#include "client/context/context_core.h"
#include "client/context/process_state.h"
#include "client/sources/file_ranges.h"
#include "common/cli/configuration_keys.h"

namespace millstream {

Config& Config::Set(std::string_view key, std::string_view value) {
  values_.insert_or_assign(std::string(key), std::string(value));
  return *this;
}

std::string Config::Get(std::string_view key) const {
  std::vector<std::string> notices;  // are for who starts with it
  const auto config = client::Combine(values_, &notices);
  if (!config.ok() || !cli::FindConfigurationKey(key).ok()) return {};
  return config->Get(key);
}

Context::Context(const Config& config)
    : core_(std::make_shared<graph::ContextCore>(client::Resolve(config.values()))) {}

Context::Context(std::shared_ptr<graph::ContextCore> core) : core_(std::move(core)) {}

Context::~Context() { Stop(); }

absl::Status Context::status() const { return core_->status(); }

void Context::Stop() { core_->Stop(); }

int Context::DefaultParallelism() const { return core_->default_parallelism(); }

graph::Rdd Context::NoPartitions(const char* name, int partitions, const Where& where) {
  return graph::Mistake(
      {nullptr, core_},
      absl::InvalidArgumentError(std::string(name) + ": " + std::to_string(partitions) +
                                 " partitions. Number of partitions must be positive: ask for at least 1"),
      where);
}

RDD<int64_t> Context::Range(int64_t first, int64_t last, int64_t step, std::optional<int> num_partitions,
                            const Where& where) {
  const int partitions = Partitions(num_partitions);
  if (partitions <= 0) return RDD<int64_t>(NoPartitions("Range", partitions, where));
  if (step == 0) {
    const absl::Status mistake = absl::InvalidArgumentError("Range: the step is 0. Give another");
    return RDD<int64_t>(graph::Mistake({nullptr, core_}, mistake, where));
  }
  // Differences of int64_t as uint64_t, where nothing overflows.
  uint64_t count = 0;
  if (step > 0 && first < last) {
    const uint64_t stride = static_cast<uint64_t>(step);
    count = (static_cast<uint64_t>(last) - static_cast<uint64_t>(first) - 1) / stride + 1;
  } else if (step < 0 && first > last) {
    const uint64_t stride = -static_cast<uint64_t>(step);
    count = (static_cast<uint64_t>(first) - static_cast<uint64_t>(last) - 1) / stride + 1;
  }
  exec::Encoder state;
  state.PutFixed(&first, sizeof(first));
  state.PutFixed(&step, sizeof(step));
  state.PutFixed(&count, sizeof(count));
  return RDD<int64_t>(graph::Source(core_,
                                    {.name = "Range",
                                     .where = where,
                                     .kernel = {&exec::kRangeKernel, state.Take()},
                                     .rows = ops::RowsOf<int64_t>()},
                                    partitions));
}

RDD<std::string_view> Context::TextFile(const std::string& path, int min_partitions, const Where& where) {
  const int partitions = min_partitions == 0 ? std::min(DefaultParallelism(), 2) : min_partitions;
  if (partitions <= 0) return RDD<std::string_view>(NoPartitions("TextFile", min_partitions, where));
  const absl::StatusOr<client::FileRanges> ranges = client::CutFiles(path, partitions);
  if (!ranges.ok()) return RDD<std::string_view>(graph::Mistake({nullptr, core_}, ranges.status(), where));
  return RDD<std::string_view>(graph::Source(core_,
                                             {.name = "TextFile",
                                              .where = where,
                                              .kernel = {&exec::kTextFileKernel, ranges->state},
                                              .rows = ops::RowsOf<std::string_view>()},
                                             ranges->partitions));
}

}  // namespace millstream
