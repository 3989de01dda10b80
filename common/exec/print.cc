#include <millstream/exec/print.h>

#include <charconv>
#include <cmath>

namespace millstream::exec {
namespace {

template <class T>
void AppendDigits(std::string& out, T value) {
  char text[24];
  out.append(text, std::to_chars(text, text + sizeof(text), value).ptr);
}

// The shortest digits, laid out as Java does: plain between 10^-3 and 10^7, else d.dddE[-]x; always one
// decimal.
template <class T>
void AppendShortest(std::string& out, T value) {
  if (std::isnan(value)) {
    out += "NaN";
    return;
  }
  if (std::isinf(value)) {
    out += value < 0 ? "-Infinity" : "Infinity";
    return;
  }
  const T size = std::abs(value);
  char text[48];
  if (size == 0 || (size >= T(1e-3) && size < T(1e7))) {
    const std::string_view plain(
        text, std::to_chars(text, text + sizeof(text), value, std::chars_format::fixed).ptr - text);
    out += plain;
    if (plain.find('.') == std::string_view::npos) out += ".0";
    return;
  }
  const char* end = std::to_chars(text, text + sizeof(text), value, std::chars_format::scientific).ptr;
  const std::string_view scientific(text, end - text);
  const size_t e = scientific.find('e');
  const std::string_view digits = scientific.substr(0, e);
  out += digits;
  out += digits.find('.') == std::string_view::npos ? ".0E" : "E";
  if (scientific[e + 1] == '-') out += '-';
  out += scientific.substr(scientific.find_first_not_of("+-0", e + 1));
}

}  // namespace

void AppendInteger(std::string& out, int64_t value) { AppendDigits(out, value); }
void AppendUnsigned(std::string& out, uint64_t value) { AppendDigits(out, value); }
void AppendFloating(std::string& out, double value) { AppendShortest(out, value); }
void AppendFloating(std::string& out, float value) { AppendShortest(out, value); }

}  // namespace millstream::exec
