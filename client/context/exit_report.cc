#include "client/context/exit_report.h"

#include <stdlib.h>

#include <chrono>
#include <cstdint>
#include <future>
#include <mutex>
#include <optional>

#include "common/rpc/master_connection.h"
#include "proto/cluster.pb.h"

namespace millstream::client {
namespace {

constexpr std::chrono::seconds kPatience{2};

struct EndedApplication {
  std::mutex mutex;  // protects what follows
  std::optional<security::Credentials> own;
  std::vector<std::string> masters;
  std::string id;
  int told = 0;
};
EndedApplication& Ended() {
  static EndedApplication* const ended = new EndedApplication;
  return *ended;
}

void OnExit(int status, void*) {
  const int code = status & 0xff;
  EndedApplication& ended = Ended();
  std::lock_guard lock(ended.mutex);
  if (code == ended.told) return;
  proto::ToMaster message;
  message.mutable_application_exit()->set_id(ended.id);
  message.mutable_application_exit()->set_exit_code(static_cast<uint32_t>(code));
  std::promise<void> over;
  std::once_flag once;
  const auto on_message = [&](const proto::FromMaster&) {
    std::call_once(once, [&over] { over.set_value(); });
  };
  rpc::MasterConnection connection(*ended.own, ended.masters,
                                   {.hello = [&message] { return message; },
                                    .on_message = on_message,
                                    .on_lost = [](const absl::Status&) {}});
  connection.Start();
  over.get_future().wait_for(kPatience);
}

}  // namespace

void ReportOtherExit(const security::Credentials& own, const std::vector<std::string>& masters,
                     const std::string& application, int told) {
  EndedApplication& ended = Ended();
  {
    std::lock_guard lock(ended.mutex);
    ended.own = own;
    ended.masters = masters;
    ended.id = application;
    ended.told = told;
  }
  // Now, when all that a connection needs is initialised: it is destroyed after this was called.
  static const int registered = on_exit(OnExit, nullptr);
  static_cast<void>(registered);
}

}  // namespace millstream::client
