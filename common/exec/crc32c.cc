#include "common/exec/crc32c.h"

#include <millstream/exec/hash.h>
#include <nmmintrin.h>

#include <array>
#include <cstring>

namespace millstream::exec {
namespace {

constexpr uint32_t kPolynomial = 0x82f63b78;  // Reflected.

using Table = std::array<uint32_t, 256>;

constexpr Table MakeByteTable() {
  Table table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? kPolynomial : 0);
    table[i] = crc;
  }
  return table;
}

constexpr Table kByteTable = MakeByteTable();

// The three streams of the fast loop.
constexpr size_t kStride = 1024;

// shift[k][b]: what kStride zero bytes make of a checksum that is b in byte k and 0 elsewhere. The checksum
// of a concatenation is Shift(first) ^ second, since the code is linear.
struct ShiftTable {
  std::array<Table, 4> shift{};
};

constexpr ShiftTable MakeShiftTable() {
  std::array<uint32_t, 32> image{};  // Of each bit.
  for (uint32_t bit = 0; bit < 32; ++bit) {
    uint32_t crc = uint32_t{1} << bit;
    for (size_t i = 0; i < kStride; ++i) crc = (crc >> 8) ^ kByteTable[crc & 0xff];
    image[bit] = crc;
  }
  ShiftTable table;
  for (uint32_t byte = 0; byte < 4; ++byte) {
    for (uint32_t value = 0; value < 256; ++value) {
      for (uint32_t bit = 0; bit < 8; ++bit) {
        if (value >> bit & 1) table.shift[byte][value] ^= image[byte * 8 + bit];
      }
    }
  }
  return table;
}

constexpr ShiftTable kShift = MakeShiftTable();

uint32_t Shift(uint32_t crc) {
  return kShift.shift[0][crc & 0xff] ^ kShift.shift[1][crc >> 8 & 0xff] ^ kShift.shift[2][crc >> 16 & 0xff] ^
         kShift.shift[3][crc >> 24];
}

uint32_t ExtendByTable(uint32_t crc, const char* p, size_t size) {
  for (size_t i = 0; i < size; ++i) crc = (crc >> 8) ^ kByteTable[(crc ^ static_cast<uint8_t>(p[i])) & 0xff];
  return crc;
}

uint64_t Load64(const char* p) {
  uint64_t value;
  std::memcpy(&value, p, sizeof(value));
  return value;
}

// The instruction has a latency of three cycles: three independent streams keep it busy.
__attribute__((target("sse4.2"))) uint32_t ExtendByInstruction(uint32_t crc, const char* p, size_t size) {
  uint64_t a = crc;
  for (; size >= 3 * kStride; size -= 3 * kStride, p += 3 * kStride) {
    uint64_t b = 0;
    uint64_t c = 0;
    for (size_t i = 0; i < kStride; i += 8) {
      a = _mm_crc32_u64(a, Load64(p + i));
      b = _mm_crc32_u64(b, Load64(p + kStride + i));
      c = _mm_crc32_u64(c, Load64(p + 2 * kStride + i));
    }
    a = Shift(static_cast<uint32_t>(a)) ^ b;
    a = Shift(static_cast<uint32_t>(a)) ^ c;
  }
  for (; size >= 8; size -= 8, p += 8) a = _mm_crc32_u64(a, Load64(p));
  uint32_t rest = static_cast<uint32_t>(a);
  for (; size > 0; --size, ++p) rest = _mm_crc32_u8(rest, static_cast<uint8_t>(*p));
  return rest;
}

using Extend = uint32_t (*)(uint32_t, const char*, size_t);

Extend ChooseExtend() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("sse4.2") ? ExtendByInstruction : ExtendByTable;
}

}  // namespace

uint32_t Crc32cByTable(std::string_view bytes, uint32_t seed) {
  return ~ExtendByTable(~seed, bytes.data(), bytes.size());
}

uint32_t Crc32c(std::string_view bytes, uint32_t seed) {
  static const Extend extend = ChooseExtend();
  return ~extend(~seed, bytes.data(), bytes.size());
}

}  // namespace millstream::exec
