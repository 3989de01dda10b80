#ifndef MILLSTREAM_EXEC_KEYED_RECORD_READER_H_
#define MILLSTREAM_EXEC_KEYED_RECORD_READER_H_

#include <absl/status/status.h>

#include <cstddef>
#include <string_view>

namespace millstream::exec {

// How the reader finds the end of an encoded value, which carries no length of its own.
struct ValueExtent {
  size_t fixed_size = 0;  // Bytes of every value, used if `skip` is null.
  // End of the value that starts at `begin`; null if it is corrupt or ends beyond `end`.
  const char* (*skip)(const char* begin, const char* end) = nullptr;
};

// Reads the keyed records of one slice, in order. The slice outlives the reader and what it returns.
class KeyedRecordReader {
 public:
  KeyedRecordReader(std::string_view slice, const ValueExtent& extent)
      : at_(slice.data()), end_(slice.data() + slice.size()), extent_(extent) {}

  // Writes up to `capacity` keys and the encoded values that belong to them. 0: the end, or bytes that are no
  // records: then status() is DataLoss.
  size_t Next(std::string_view* keys, std::string_view* values, size_t capacity);

  const absl::Status& status() const { return status_; }

 private:
  const char* at_;
  const char* end_;
  ValueExtent extent_;
  absl::Status status_;
};

}  // namespace millstream::exec

#endif  // MILLSTREAM_EXEC_KEYED_RECORD_READER_H_
