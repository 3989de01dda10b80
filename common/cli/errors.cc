#include "common/cli/errors.h"

#include "absl/strings/string_view.h"

namespace millstream::cli {

std::string OnOneLine(std::string_view text) {
  std::string line(text);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
  }
  return line;
}

std::string ErrorText(std::string_view thing, std::string_view cause, std::string_view fix) {
  std::string text(thing);
  text.append(": ").append(cause);
  if (!fix.empty()) text.append(". ").append(fix);
  return text;
}

std::string ErrorLine(std::string_view thing, std::string_view cause, std::string_view fix) {
  return "millstream: error: " + OnOneLine(ErrorText(thing, cause, fix));
}

std::string ErrorLine(const absl::Status& status) {
  const absl::string_view message = status.message();
  return "millstream: error: " + OnOneLine({message.data(), message.size()});
}

absl::Status UsageError(std::string_view thing, std::string_view cause, std::string_view fix) {
  return absl::InvalidArgumentError(ErrorText(thing, cause, fix));
}

}  // namespace millstream::cli
