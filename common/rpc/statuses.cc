#include "common/rpc/statuses.h"

#include <string_view>
#include <utility>

namespace millstream::rpc {
namespace {

// What gRPC says of connections, and what people are told.
constexpr std::pair<std::string_view, std::string_view> kCauses[] = {
    {"Connection refused", "nothing listens there"},
    {"No route to host", "no route leads there"},
    {"Network is unreachable", "no route leads there"},
    {"DNS resolution failed", "its name has no address"},
    {"Connection reset", "the connection broke"},
    {"Broken pipe", "the connection broke"},
    {"Socket closed", "the connection broke"},
    {"keepalive", "it does not answer"},
    {"ping timeout", "it does not answer"},
    {"timed out", "it does not answer"},
    {"Timeout", "it does not answer"},
    {"handshake failed", "it does not speak TLS as this process does"},
};

bool IsOfAConnection(std::string_view text) {
  return text.starts_with("failed to connect to all addresses") ||
         text.starts_with("DNS resolution failed") || text.starts_with("recvmsg:") ||
         text.starts_with("sendmsg:") || text == "Socket closed" || text == "Connection reset by peer" ||
         text == "Broken pipe" || text.starts_with("keepalive") || text == "ping timeout";
}

}  // namespace

absl::Status FromGrpc(const grpc::Status& status) {
  const std::string& text = status.error_message();
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  if (code != absl::StatusCode::kUnavailable || !IsOfAConnection(text)) return {code, text};
  for (const auto& [said, cause] : kCauses) {
    if (text.find(said) != text.npos) return {code, std::string(cause)};
  }
  return absl::UnavailableError("it cannot be connected to");
}

}  // namespace millstream::rpc
