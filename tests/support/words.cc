#include "tests/support/words.h"

#include <cstdlib>
#include <sstream>

namespace millstream::test {

std::vector<std::string> SomeLines(int count) {
  std::vector<std::string> lines;
  uint64_t random = 88172645463325252u;
  for (int i = 0; i < count; ++i) {
    std::string line;
    for (int word = 0; word < 5; ++word) {
      random ^= random << 13, random ^= random >> 7, random ^= random << 17;
      const uint64_t of = word < 3 ? 20 : 5000;
      line += (word == 0 ? "w" : " w") + std::to_string(random % of);
    }
    lines.push_back(line);
  }
  return lines;
}

Counts CountedWords(const std::vector<std::string>& lines) {
  Counts counts;
  for (const std::string& line : lines) {
    std::istringstream words(line);
    for (std::string word; words >> word;) ++counts[word];
  }
  return counts;
}

std::string Joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

Counts PrintedCounts(std::string_view out) {
  Counts counts;
  while (!out.empty()) {
    const size_t end = out.find('\n');
    const std::string_view line = out.substr(0, end);
    out.remove_prefix(end == std::string_view::npos ? out.size() : end + 1);
    const size_t comma = line.rfind(',');
    if (line.size() < 4 || line.front() != '(' || line.back() != ')' || comma == std::string_view::npos)
      continue;
    counts[std::string(line.substr(1, comma - 1))] += std::atoll(std::string(line.substr(comma + 1)).c_str());
  }
  return counts;
}

}  // namespace millstream::test
