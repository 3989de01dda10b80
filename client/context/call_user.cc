// Where exceptions of the user's driver-side functions become statuses.
#include <millstream/graph.h>

#include <string>

#include "common/base/thrown.h"

namespace millstream::graph {

absl::Status CallUser(const char* name, const std::function<absl::Status()>& f) {
  try {
    return f();
  } catch (...) {
    return absl::UnknownError(std::string(name) + ": the function given to it threw " +
                              base::DescribeThrown().ToString());
  }
}

}  // namespace millstream::graph
