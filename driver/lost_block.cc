#include "driver/lost_block.h"

namespace millstream::driver {

absl::Status NoCopyIsLeft(const std::string& label, const plan::BlockId& block, const std::string& loss) {
  const std::string lost = "no copy is left of block " + plan::ToString(block);
  if (const size_t fix = loss.rfind(". Fix "); fix != std::string::npos) {
    return absl::DataLossError(loss.substr(0, fix) + "; " + lost + " of " + label + loss.substr(fix));
  }
  return absl::DataLossError(label + ": " + lost + ": " + loss +
                             ". A storage level ending in 2, the default, keeps copies on two executors, "
                             "which outlast the loss of one: run at least two, and on two hosts if there "
                             "are, and find out what ended these");
}

}  // namespace millstream::driver
