#include "driver/lost_block.h"

namespace millstream::driver {

absl::Status NoCopyIsLeft(const std::string& label, const plan::BlockId& block, const BlockLoss& loss) {
  const std::string lost = "no copy is left of block " + plan::ToString(block);
  if (const size_t fix = loss.last.rfind(". Fix "); fix != std::string::npos) {
    return absl::DataLossError(loss.last.substr(0, fix) + "; " + lost + " of " + label +
                               loss.last.substr(fix));
  }
  if (loss.holders < 2) {
    return absl::DataLossError(label + ": " + lost + ": " +
                               (loss.last.empty() ? "the executor that had it is gone" : loss.last) +
                               ". Run at least two executors: a storage level ending in 2, the default, "
                               "keeps a copy on each of two");
  }
  return absl::DataLossError(
      label + ": " + lost + ": " + (loss.holders == 2 ? "both" : "all " + std::to_string(loss.holders)) +
      " executors that had it are gone" + (loss.last.empty() ? "" : "; last: " + loss.last) +
      ". Two copies outlast one executor at a time: find out why these ended together, spread executors over "
      "several workers, and start the application again");
}

}  // namespace millstream::driver
