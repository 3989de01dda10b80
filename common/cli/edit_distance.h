#ifndef MILLSTREAM_COMMON_CLI_EDIT_DISTANCE_H_
#define MILLSTREAM_COMMON_CLI_EDIT_DISTANCE_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace millstream::cli {

// How many letters must be inserted, deleted, replaced or swapped with their neighbour to make `a` of `b`.
// Case makes no difference.
size_t EditDistance(std::string_view a, std::string_view b);

// The candidate with the least distance to `name`, the first among equals. Empty if that is more than `share`
// of the length of `name`: then another thing is meant.
std::string_view Nearest(std::string_view name, std::span<const std::string_view> candidates,
                         double share = 0.5);

// "The nearest is CANDIDATE", or `otherwise` where none is near.
std::string NearestOr(std::string_view name, std::span<const std::string_view> candidates,
                      std::string_view otherwise, double share = 0.5);

}  // namespace millstream::cli

#endif  // MILLSTREAM_COMMON_CLI_EDIT_DISTANCE_H_
