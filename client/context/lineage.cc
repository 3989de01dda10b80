// The lineage of an RDD as text, in the layout of Spark's RDD.toDebugString.
#include <millstream/graph.h>

#include <string>
#include <vector>

#include "common/plan/node.h"

namespace millstream::graph {
namespace {

std::string Describe(const plan::Node& node) {
  std::string text =
      node.operation + "RDD[" + std::to_string(node.id) + "] at " + node.label() + " at " + node.where;
  return text + " []";
}

std::string Count(const plan::Node& node) { return "(" + std::to_string(node.partitions) + ")"; }

// What stands before the lines below one that shows `count`.
std::string Below(const std::string& count) {
  const size_t left = (count.size() - 1) / 2;
  return std::string(left, ' ') + "|" + std::string(count.size() - left, ' ');
}

void AppendParents(const plan::Node& node, const std::string& prefix, std::string& out) {
  for (size_t i = 0; i < node.parents.size(); ++i) {
    const plan::Node& parent = *node.parents[i].parent;
    out += '\n';
    if (node.kind != plan::NodeKind::kShuffle) {
      out += prefix + Describe(parent);
      AppendParents(parent, prefix, out);
    } else {
      const std::string indent = prefix.substr(0, prefix.rfind('|'));
      const std::string count = Count(parent);
      out += indent + "+-" + count + " " + Describe(parent);
      AppendParents(parent, indent + (i + 1 == node.parents.size() ? "  " : "| ") + Below(count), out);
    }
  }
}

}  // namespace

std::string Lineage(const Rdd& rdd) {
  if (rdd.node == nullptr) return {};
  const std::string count = Count(*rdd.node);
  std::string out = count + " " + Describe(*rdd.node);
  AppendParents(*rdd.node, Below(count), out);
  return out;
}

}  // namespace millstream::graph
