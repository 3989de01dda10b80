#define XXH_INLINE_ALL
#include <millstream/exec/hash.h>
#include <xxhash.h>

namespace millstream::exec {

uint64_t HashKey(std::string_view key) { return XXH3_64bits(key.data(), key.size()); }

// Flattened: the call costs as much as the hash of a short key.
[[gnu::flatten]] void HashKeys(const std::string_view* keys, size_t count, uint64_t* hashes) {
  for (size_t i = 0; i < count; ++i) hashes[i] = XXH3_64bits(keys[i].data(), keys[i].size());
}

}  // namespace millstream::exec
