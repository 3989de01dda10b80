#include "executor/receivers/receiver.h"

#include <utility>

#include "common/plan/kernel_refs.h"
#include "executor/receivers/raw_socket.h"
#include "executor/receivers/socket_text.h"
#include "executor/receivers/user_receiver.h"

namespace millstream::executor {
namespace {

template <class SocketReceiver>
absl::StatusOr<std::unique_ptr<Receiver>> MakeSocketReceiver(const ReceiverParts& parts) {
  absl::StatusOr<SocketAddress> address = DecodeSocketAddress(parts.settings.receiver().state());
  if (!address.ok()) return address.status();
  return std::make_unique<SocketReceiver>(*std::move(address), parts);
}

absl::StatusOr<std::unique_ptr<Receiver>> MakeUserReceiver(const ReceiverParts& parts) {
  const auto kernel = plan::ResolveKernel(parts.settings.modules(), parts.settings.receiver());
  if (!kernel.ok()) return kernel.status();
  return std::make_unique<UserReceiver>(**kernel, parts);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Receiver>> MakeReceiver(const ReceiverParts& parts) {
  const proto::KernelRef& kernel = parts.settings.receiver().kernel();
  if (!kernel.has_builtin()) return MakeUserReceiver(parts);
  const std::string& name = kernel.builtin().name();
  if (name == "socket_text") return MakeSocketReceiver<SocketText>(parts);
  if (name == "raw_socket") return MakeSocketReceiver<RawSocket>(parts);
  return absl::UnimplementedError("no receiver is called " + name);
}

}  // namespace millstream::executor
