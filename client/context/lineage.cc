// The lineage of an RDD as text, in the layout of Spark's RDD.toDebugString.
#include <string>
#include <vector>

#include <millstream/graph.h>

#include "common/plan/node.h"

namespace millstream::graph {
namespace {

std::string Describe(const plan::Node& node) {
  std::string text = node.operation + "RDD[" + std::to_string(node.id) + "] at " + node.label() + " at " + node.where;
  return text + " []";
}

// `first` and `rest` are what stands before the first and every further line of the node's part.
void Append(const plan::Node& node, const std::string& first, const std::string& rest, bool count_partitions,
            std::string& out) {
  const std::string count = count_partitions ? "(" + std::to_string(node.partitions) + ") " : "";
  out += (out.empty() ? "" : "\n") + first + count + Describe(node);
  const std::string indent = rest + std::string(count.size(), ' ');
  for (size_t i = 0; i < node.parents.size(); ++i) {
    const plan::Node& parent = *node.parents[i].parent;
    const bool last = i + 1 == node.parents.size();
    if (node.kind == plan::NodeKind::kShuffle) {
      const std::string below = rest + (count.empty() ? " " : std::string(count.size() - 3, ' '));
      Append(parent, below + "+-", below + (last ? "  " : "| "), true, out);
    } else {
      Append(parent, indent + "|  ", indent + "|  ", false, out);
    }
  }
}

}  // namespace

std::string Lineage(const Rdd& rdd) {
  std::string out;
  if (rdd.node != nullptr) Append(*rdd.node, "", "", true, out);
  return out;
}

}  // namespace millstream::graph
