#include "common/program/output_limits.h"

#include "common/cli/configuration_keys.h"

namespace millstream::program {

proto::OutputLimits OutputLimitsOf(const cli::ResolvedConfig& config) {
  proto::OutputLimits limits;
  limits.set_file_bytes(static_cast<uint64_t>(*config.GetBytes(cli::keys::kRolledSize)));
  limits.set_files(static_cast<uint32_t>(*config.GetInteger(cli::keys::kRolledFiles)));
  return limits;
}

}  // namespace millstream::program
