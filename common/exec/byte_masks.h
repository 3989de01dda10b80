#ifndef MILLSTREAM_COMMON_EXEC_BYTE_MASKS_H_
#define MILLSTREAM_COMMON_EXEC_BYTE_MASKS_H_

#include <cstddef>
#include <cstdint>

namespace millstream::exec {

// Bytes of text that one mask describes.
inline constexpr size_t kMaskBytes = 64;

// Reads blocks * kMaskBytes bytes: bit i of masks[b] is set if byte b * kMaskBytes + i is of the class
// sought.
using FillMasks = void (*)(const char* text, size_t blocks, uint64_t* masks);

struct Classifiers {
  FillMasks spaces;    // ASCII whitespace: space and \t to \r.
  FillMasks newlines;  // \n.
};

// With the widest vectors that the CPU has.
const Classifiers& FastestClassifiers();
// For every x86-64.
const Classifiers& BaselineClassifiers();

}  // namespace millstream::exec

#endif  // MILLSTREAM_COMMON_EXEC_BYTE_MASKS_H_
