#include "tests/support/words.h"

#include <charconv>
#include <cstdlib>
#include <sstream>

namespace millstream::test {
namespace {

constexpr std::string_view kRule = "-------------------------------------------\n";

// Without its line end; nothing if there is none.
std::optional<std::string_view> TakeLine(std::string_view& out) {
  const size_t end = out.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = out.substr(0, end);
  out.remove_prefix(end + 1);
  return line;
}

bool TakeRule(std::string_view& out) {
  if (!out.starts_with(kRule)) return false;
  out.remove_prefix(kRule.size());
  return true;
}

std::optional<Frame> TakeFrame(std::string_view& out) {
  std::string_view rest = out;
  Frame frame;
  if (!TakeRule(rest)) return std::nullopt;
  const std::optional<std::string_view> time = TakeLine(rest);
  if (!time || !time->starts_with("Time: ") || !time->ends_with(" ms")) return std::nullopt;
  const std::string_view number = time->substr(6, time->size() - 9);
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), frame.time_ms);
  if (error != std::errc() || end != number.data() + number.size() || !TakeRule(rest)) return std::nullopt;
  for (;;) {
    const std::optional<std::string_view> row = TakeLine(rest);
    if (!row) return std::nullopt;
    if (row->empty()) break;
    frame.rows.emplace_back(*row);
  }
  out = rest;
  return frame;
}

}  // namespace

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

std::optional<std::vector<Frame>> ParseFrames(std::string_view out) {
  std::vector<Frame> frames;
  while (!out.empty()) {
    std::optional<Frame> frame = TakeFrame(out);
    if (!frame) return std::nullopt;
    frames.push_back(*std::move(frame));
  }
  return frames;
}

Counts PrintedCounts(std::string_view out) {
  Counts counts;
  while (const std::optional<Frame> frame = TakeFrame(out)) {
    for (const std::string& row : frame->rows) {
      const size_t comma = row.rfind(',');
      if (row.size() < 4 || comma == std::string::npos) continue;
      counts[row.substr(1, comma - 1)] += std::atoll(row.c_str() + comma + 1);
    }
  }
  return counts;
}

}  // namespace millstream::test
