#include <millstream/text.h>

namespace millstream {
namespace {

template <class Split>
std::vector<std::string_view> All(std::string_view text, Split split) {
  std::vector<std::string_view> parts;
  std::string_view some[256];
  size_t position = 0;
  while (const size_t count = split(text, position, some, std::size(some)))
    parts.insert(parts.end(), some, some + count);
  return parts;
}

}  // namespace

std::vector<std::string_view> SplitWords::operator()(std::string_view text) const {
  return All(text, [](std::string_view whole, size_t& position, std::string_view* out, size_t capacity) {
    return exec::SplitWordsInto(whole, position, out, capacity);
  });
}

std::vector<std::string_view> SplitLines::operator()(std::string_view text) const {
  return All(text, exec::SplitLinesInto);
}

}  // namespace millstream
