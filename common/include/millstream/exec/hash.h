#ifndef MILLSTREAM_EXEC_HASH_H_
#define MILLSTREAM_EXEC_HASH_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace millstream::exec {

// The one hash of keys, over their encoding: XXH3 with 64 bits and seed 0. Part of every stored format
// (test vectors in docs/formats.md).
uint64_t HashKey(std::string_view key);

// HashKey of `count` keys.
void HashKeys(const std::string_view* keys, size_t count, uint64_t* hashes);

// Keys are dealt to partitions by hash slot, so that a partition count can change without touching a key.
inline constexpr uint32_t kHashSlots = 65536;

constexpr uint32_t HashSlot(uint64_t hash) { return static_cast<uint32_t>(hash >> 48); }

// Slot map version 1: partition of `slot` among `partitions` in 1..65536; ranges of equal width.
constexpr uint32_t PartitionOf(uint32_t slot, uint32_t partitions) {
  return static_cast<uint32_t>((uint64_t{slot} * partitions) >> 16);
}

// CRC-32C (Castagnoli) of `bytes`. Continues a checksum when `seed` is the checksum of what came before.
uint32_t Crc32c(std::string_view bytes, uint32_t seed = 0);

}  // namespace millstream::exec

#endif  // MILLSTREAM_EXEC_HASH_H_
