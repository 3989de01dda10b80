#include "deploy/worker/executor_logs.h"

#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/cli/values.h"
#include "deploy/worker/output_files.h"
#include "deploy/worker/plain_name.h"

namespace millstream::deploy {
namespace {

constexpr size_t kMostBytes = size_t{256} << 10;

}  // namespace

proto::LogAnswer ReadLogs(const std::string& directory, const proto::LogQuery& query) {
  proto::LogAnswer answer;
  answer.set_query(query.query());
  if (!IsPlainName(query.application())) return answer;
  const std::string of_application = directory + "/" + query.application();
  std::vector<uint32_t> executors;
  if (query.has_executor()) {
    executors.push_back(query.executor());
  } else {
    std::error_code error;
    for (std::filesystem::directory_iterator at(of_application, error), end; !error && at != end;
         at.increment(error)) {
      const std::optional<int64_t> executor = cli::ParseInteger(at->path().filename().string());
      if (executor && *executor >= 0) executors.push_back(static_cast<uint32_t>(*executor));
    }
  }
  for (const uint32_t executor : executors) {
    absl::StatusOr<OutputPart> output =
        ReadOutput(of_application + "/" + std::to_string(executor), query.errors() ? "stderr" : "stdout",
                   query.offset(), kMostBytes);
    if (!output.ok()) continue;
    proto::LogAnswer::Part& part = *answer.add_parts();
    part.set_executor(executor);
    part.set_offset(output->offset);
    part.set_data(std::move(output->data));
  }
  return answer;
}

}  // namespace millstream::deploy
