#ifndef MILLSTREAM_TESTS_SIMULATION_EFFECTS_H_
#define MILLSTREAM_TESTS_SIMULATION_EFFECTS_H_

#include <cstdint>
#include <map>
#include <string_view>

namespace millstream::simulation {

// What faults did, counted by kind where it was done: a kind that did nothing is not there. Keys are
// literals.
using Effects = std::map<std::string_view, uint64_t>;

}  // namespace millstream::simulation

#endif  // MILLSTREAM_TESTS_SIMULATION_EFFECTS_H_
