#include "common/cli/values.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <limits>
#include <span>

namespace millstream::cli {
namespace {

struct Unit {
  std::string_view name;
  int64_t factor;
};

// The first one that divides a value is the one it is printed with.
constexpr std::array<Unit, 6> kDurationUnits{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"min", 60'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};
constexpr std::array<Unit, 9> kSizeUnits{{{"t", int64_t{1} << 40},
                                          {"tb", int64_t{1} << 40},
                                          {"g", int64_t{1} << 30},
                                          {"gb", int64_t{1} << 30},
                                          {"m", int64_t{1} << 20},
                                          {"mb", int64_t{1} << 20},
                                          {"k", int64_t{1} << 10},
                                          {"kb", int64_t{1} << 10},
                                          {"b", 1}}};

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

// `text` is a whole number and one of `units`, or nothing, which counts `bare` (0: refused).
std::optional<int64_t> ParseWithUnit(std::string_view text, std::span<const Unit> units, int64_t bare) {
  const size_t digits =
      std::min(text.find_first_not_of("0123456789", text.starts_with('-') ? 1 : 0), text.size());
  const std::optional<int64_t> number = ParseInteger(text.substr(0, digits));
  if (!number) return std::nullopt;
  int64_t factor = bare;
  if (digits < text.size()) {
    const std::string name = Lower(text.substr(digits));
    const auto unit = std::ranges::find(units, name, &Unit::name);
    if (unit == units.end()) return std::nullopt;
    factor = unit->factor;
  }
  int64_t value = 0;
  if (factor == 0 || __builtin_mul_overflow(*number, factor, &value)) return std::nullopt;
  return value;
}

std::string FormatWithUnit(int64_t value, std::span<const Unit> units) {
  const auto fits = [value](const Unit& unit) { return value != 0 && value % unit.factor == 0; };
  const auto unit = std::ranges::find_if(units, fits);
  if (unit == units.end()) return std::to_string(value) + std::string(units.back().name);
  return std::to_string(value / unit->factor) + std::string(unit->name);
}

}  // namespace

std::optional<std::chrono::milliseconds> ParseDuration(std::string_view text,
                                                       std::chrono::milliseconds bare) {
  const std::optional<int64_t> value = ParseWithUnit(text, kDurationUnits, bare.count());
  if (!value) return std::nullopt;
  return std::chrono::milliseconds(*value);
}

std::optional<int64_t> ParseSize(std::string_view text, int64_t bare) {
  return ParseWithUnit(text, kSizeUnits, bare);
}

std::optional<int64_t> ParseInteger(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<bool> ParseBoolean(std::string_view text) {
  const std::string lower = Lower(text);
  if (lower == "true") return true;
  if (lower == "false") return false;
  return std::nullopt;
}

std::optional<base::LogLevel> ParseLogLevel(std::string_view text) {
  if (text == "debug") return base::LogLevel::kDebug;
  if (text == "info") return base::LogLevel::kInfo;
  if (text == "warning") return base::LogLevel::kWarning;
  if (text == "error") return base::LogLevel::kError;
  return std::nullopt;
}

std::string FormatDuration(std::chrono::milliseconds duration) {
  return FormatWithUnit(duration.count(), kDurationUnits);
}

std::string FormatSize(int64_t bytes) { return FormatWithUnit(bytes, kSizeUnits); }

std::string Counted(uint64_t count, std::string_view thing) {
  return std::to_string(count).append(" ").append(thing).append(count == 1 ? "" : "s");
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n\f\v";
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

}  // namespace millstream::cli
