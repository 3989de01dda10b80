#include "client/context/listening.h"

#include <string_view>

#include "client/context/process_state.h"
#include "common/cli/configuration_keys.h"

namespace millstream::client {
namespace {

void SetPorts(const cli::ResolvedConfig& config, std::string_view key, rpc::ListenOptions& listen) {
  listen.port_name = key;
  listen.port = static_cast<int>(*config.GetInteger(key));
  listen.more_ports = static_cast<int>(*config.GetInteger(cli::keys::kPortMaxRetries));
}

}  // namespace

absl::StatusOr<DriverListening> DriverListeningOf(const cli::ResolvedConfig& config,
                                                  const std::vector<std::string>& masters) {
  rpc::ListenOptions listen;
  if (const std::string host = config.Get(cli::keys::kDriverBindAddress); !host.empty()) {
    listen.host = host;
  } else if (!Process().host.empty()) {
    listen.host = Process().host;
    listen.advertised_host = Process().advertised_host;
  } else if (!masters.empty()) {
    absl::StatusOr<std::string> own = rpc::OwnAddressTowards(masters.front());
    if (!own.ok()) return own.status();
    listen.host = *std::move(own);
  }
  if (const std::string host = config.Get(cli::keys::kDriverHost); !host.empty())
    listen.advertised_host = host;
  DriverListening listening{listen, listen};
  SetPorts(config, cli::keys::kDriverPort, listening.control);
  SetPorts(config, cli::keys::kDriverBlocksPort, listening.blocks);
  return listening;
}

rpc::ListenOptions ExecutorListeningOf(const cli::ResolvedConfig& config, const proto::Bootstrap& bootstrap) {
  rpc::ListenOptions listen;
  if (!bootstrap.host().empty()) listen.host = bootstrap.host();
  listen.advertised_host = bootstrap.advertised_host();
  SetPorts(config, cli::keys::kExecutorPort, listen);
  return listen;
}

}  // namespace millstream::client
