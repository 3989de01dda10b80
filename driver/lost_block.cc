#include "driver/lost_block.h"

namespace millstream::driver {

absl::Status NoCopyIsLeft(const std::string& label, const plan::BlockId& block, const std::string& loss) {
  const std::string lost = "no copy is left of block " + plan::ToString(block);
  if (const size_t fix = loss.rfind(". Fix "); fix != std::string::npos) {
    return absl::DataLossError(loss.substr(0, fix) + "; " + lost + " of " + label + loss.substr(fix));
  }
  return absl::DataLossError(label + ": " + lost + ": " + loss +
                             ". Run at least two executors: a storage level ending in 2, the default, keeps "
                             "a copy on each of two");
}

}  // namespace millstream::driver
