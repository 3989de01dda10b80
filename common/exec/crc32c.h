#ifndef MILLSTREAM_COMMON_EXEC_CRC32C_H_
#define MILLSTREAM_COMMON_EXEC_CRC32C_H_

#include <cstdint>
#include <string_view>

namespace millstream::exec {

// What Crc32c does on a CPU without the instruction.
uint32_t Crc32cByTable(std::string_view bytes, uint32_t seed = 0);

}  // namespace millstream::exec

#endif  // MILLSTREAM_COMMON_EXEC_CRC32C_H_
