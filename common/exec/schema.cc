#include <millstream/exec/schema.h>

#include <string>

namespace millstream::exec {

void SchemaWriter::AppendNumber(size_t number) { text_ += std::to_string(number); }

bool SchemaWriter::Enter(const void* type) {
  for (const void* open : open_) {
    if (open == type) return false;
  }
  open_.push_back(type);
  return true;
}

}  // namespace millstream::exec
