#include "common/cli/edit_distance.h"

#include <algorithm>
#include <cctype>
#include <vector>

namespace millstream::cli {
namespace {

char Lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

}  // namespace

size_t EditDistance(std::string_view a, std::string_view b) {
  // Rows of the distances between prefixes of `a` and of `b`: the current one and the two before it.
  std::vector<size_t> two_before(b.size() + 1);
  std::vector<size_t> before(b.size() + 1);
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    two_before.swap(before);
    before.swap(row);
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const bool same = Lower(a[i - 1]) == Lower(b[j - 1]);
      row[j] = std::min({before[j] + 1, row[j - 1] + 1, before[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && Lower(a[i - 1]) == Lower(b[j - 2]) && Lower(a[i - 2]) == Lower(b[j - 1])) {
        row[j] = std::min(row[j], two_before[j - 2] + 1);
      }
    }
  }
  return row[b.size()];
}

std::string_view Nearest(std::string_view name, std::span<const std::string_view> candidates, double share) {
  std::string_view nearest;
  size_t least = static_cast<size_t>(share * static_cast<double>(name.size())) + 1;
  for (const std::string_view candidate : candidates) {
    const size_t distance = EditDistance(name, candidate);
    if (distance >= least) continue;
    least = distance;
    nearest = candidate;
  }
  return nearest;
}

std::string NearestOr(std::string_view name, std::span<const std::string_view> candidates,
                      std::string_view otherwise, double share) {
  const std::string_view nearest = Nearest(name, candidates, share);
  return nearest.empty() ? std::string(otherwise) : "The nearest is " + std::string(nearest);
}

}  // namespace millstream::cli
