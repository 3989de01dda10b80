#ifndef MILLSTREAM_COMMON_CLI_EDIT_DISTANCE_H_
#define MILLSTREAM_COMMON_CLI_EDIT_DISTANCE_H_

#include <cstddef>
#include <span>
#include <string_view>

namespace millstream::cli {

// How many letters must be inserted, deleted, replaced or swapped with their neighbour to make `a` of `b`.
// Case makes no difference.
size_t EditDistance(std::string_view a, std::string_view b);

// The candidate with the least distance to `name`, the first among equals. `candidates` is not empty.
std::string_view Nearest(std::string_view name, std::span<const std::string_view> candidates);

}  // namespace millstream::cli

#endif  // MILLSTREAM_COMMON_CLI_EDIT_DISTANCE_H_
