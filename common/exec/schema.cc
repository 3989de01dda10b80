#include <millstream/exec/schema.h>

#include <string>
#include <utility>

namespace millstream::exec {

SchemaWriter::SchemaWriter() = default;
SchemaWriter::~SchemaWriter() = default;

void SchemaWriter::Append(std::string_view text) { text_ += text; }

void SchemaWriter::AppendNumber(size_t number) { text_ += std::to_string(number); }

void SchemaWriter::AppendFieldName(std::string_view name, size_t index) {
  if (index != 0) text_ += ',';
  if (name.empty()) {
    text_ += 'f';
    AppendNumber(index);
  } else {
    text_ += name;
  }
  text_ += ':';
}

bool SchemaWriter::IsOpen(const void* type) const {
  for (const Scope* scope = innermost_; scope != nullptr; scope = scope->outer_) {
    if (scope->type_ == type) return true;
  }
  return false;
}

std::string SchemaWriter::Take() { return std::move(text_); }

}  // namespace millstream::exec
