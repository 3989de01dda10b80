#ifndef MILLSTREAM_EXEC_BYTES_H_
#define MILLSTREAM_EXEC_BYTES_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millstream::exec {

// The most bytes of one slice at rest or on the wire. A single longer record is a slice of its own.
inline constexpr size_t kSliceBytes = size_t{1} << 20;

// An immutable run of bytes, pinned: `view` stays valid for as long as `owner` is held.
struct Bytes {
  std::shared_ptr<const void> owner;
  std::string_view view;
};

// Whole records in order; no record spans two slices.
using Slices = std::vector<Bytes>;

// Takes over `text` without copying it.
Bytes OwnBytes(std::string text);

size_t TotalBytes(const Slices& slices);

}  // namespace millstream::exec

#endif  // MILLSTREAM_EXEC_BYTES_H_
