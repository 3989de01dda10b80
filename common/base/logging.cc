#include "common/base/logging.h"

#include <glog/logging.h>

#include <atomic>
#include <mutex>

namespace millstream::base {
namespace {

std::atomic<LogLevel> least_logged{LogLevel::kInfo};

bool IsLogged(LogLevel level) { return level >= least_logged.load(std::memory_order_relaxed); }

}  // namespace

void InitLogging() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (google::IsGoogleLoggingInitialized()) return;
    FLAGS_logtostderr = true;
    google::InitGoogleLogging("millstream");
  });
}

void SetLogLevel(LogLevel least) { least_logged = least; }

void LogDebug(const std::string& text) { LOG_IF(INFO, IsLogged(LogLevel::kDebug)) << text; }
void LogInfo(const std::string& text) { LOG_IF(INFO, IsLogged(LogLevel::kInfo)) << text; }
void LogWarning(const std::string& text) { LOG_IF(WARNING, IsLogged(LogLevel::kWarning)) << text; }
void LogError(const std::string& text) { LOG_IF(ERROR, IsLogged(LogLevel::kError)) << text; }

}  // namespace millstream::base
