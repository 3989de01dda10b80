#include "common/rpc/grpc_log.h"

#include <grpc/support/log.h>

#include <mutex>
#include <string>
#include <string_view>

#include "common/base/logging.h"

namespace millstream::rpc {

void RouteGrpcLog() {
  static std::once_flag once;
  std::call_once(once, [] {
    gpr_set_log_function([](gpr_log_func_args* line) {
      const std::string text = "gRPC: " + std::string(line->message);
      // After this one it aborts the process.
      if (std::string_view(line->message).starts_with("assertion failed")) return base::LogError(text);
      base::LogDebug(text);
    });
  });
}

}  // namespace millstream::rpc
