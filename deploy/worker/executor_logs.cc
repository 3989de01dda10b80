#include "deploy/worker/executor_logs.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <optional>
#include <system_error>
#include <vector>

#include "common/cli/values.h"

namespace millstream::deploy {
namespace {

constexpr size_t kMostBytes = size_t{256} << 10;

// nullopt: there is no such file.
std::optional<std::string> ReadFrom(const std::string& path, uint64_t offset) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return std::nullopt;
  std::string data(kMostBytes, '\0');
  const off_t most = std::numeric_limits<off_t>::max() - static_cast<off_t>(kMostBytes);
  const ssize_t bytes = pread(fd, data.data(), data.size(),
                              static_cast<off_t>(std::min<uint64_t>(offset, static_cast<uint64_t>(most))));
  close(fd);
  data.resize(static_cast<size_t>(std::max<ssize_t>(0, bytes)));
  return data;
}

}  // namespace

bool IsPlainName(const std::string& name) {
  return !name.empty() && name[0] != '.' && name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos && name.size() < 200;
}

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
    const std::optional<std::string> data =
        ReadFrom(of_application + "/" + std::to_string(executor) + (query.errors() ? "/stderr" : "/stdout"),
                 query.offset());
    if (!data) continue;
    proto::LogAnswer::Part& part = *answer.add_parts();
    part.set_executor(executor);
    part.set_data(*data);
  }
  return answer;
}

}  // namespace millstream::deploy
