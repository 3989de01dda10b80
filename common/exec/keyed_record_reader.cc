#include <millstream/exec/encoder.h>
#include <millstream/exec/keyed_record_reader.h>

namespace millstream::exec {

size_t KeyedRecordReader::Next(std::string_view* keys, std::string_view* values, size_t capacity) {
  size_t count = 0;
  while (count < capacity && at_ != end_) {
    Decoder record({at_, static_cast<size_t>(end_ - at_)});
    bool ok = record.GetText(keys[count]);
    if (ok && extent_.skip == nullptr) {
      ok = record.GetBytes(extent_.fixed_size, values[count]);
      at_ = record.position();
    } else if (ok) {
      const char* begin = record.position();
      at_ = extent_.skip(begin, end_);
      ok = at_ != nullptr;
      if (ok) values[count] = {begin, static_cast<size_t>(at_ - begin)};
    }
    if (!ok) {
      at_ = end_;
      status_ = absl::DataLossError("shuffle slice: a record is cut short or malformed");
      return count;
    }
    ++count;
  }
  return count;
}

}  // namespace millstream::exec
