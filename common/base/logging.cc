#include "common/base/logging.h"

#include <glog/logging.h>

#include <mutex>

namespace millstream::base {

void InitLogging() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (google::IsGoogleLoggingInitialized()) return;
    FLAGS_logtostderr = true;
    google::InitGoogleLogging("millstream");
  });
}

void LogInfo(const std::string& text) { LOG(INFO) << text; }
void LogWarning(const std::string& text) { LOG(WARNING) << text; }
void LogError(const std::string& text) { LOG(ERROR) << text; }

}  // namespace millstream::base
