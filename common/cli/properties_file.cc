#include "common/cli/properties_file.h"

#include <string.h>

#include <algorithm>
#include <cerrno>
#include <fstream>

#include "common/cli/configuration_keys.h"
#include "common/cli/errors.h"
#include "common/cli/values.h"

namespace millstream::cli {
namespace {

constexpr size_t kLongestFile = size_t{1} << 20;

absl::Status AtLine(const std::string& file, size_t line, const absl::Status& status) {
  const absl::string_view message = status.message();
  return absl::InvalidArgumentError(file + ":" + std::to_string(line) + ": " +
                                    std::string(message.data(), message.size()));
}

absl::Status AddProperty(std::string_view line, std::map<std::string, std::string>& properties) {
  const size_t end = std::min(line.find_first_of("= \t"), line.size());
  const std::string_view name = line.substr(0, end);
  std::string_view value = Trim(line.substr(end));
  if (value.starts_with('=')) value = Trim(value.substr(1));
  const absl::StatusOr<const ConfigurationKey*> key = FindConfigurationKey(name);
  if (!key.ok()) return key.status();
  if (absl::Status checked = CheckValue(**key, name, value); !checked.ok()) return checked;
  if (!properties.emplace(name, value).second)
    return UsageError(name, "it is given twice", "Remove one of the lines");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::map<std::string, std::string>> ParseProperties(std::string_view text,
                                                                   const std::string& file) {
  std::map<std::string, std::string> properties;
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = Trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.starts_with('#')) continue;
    if (absl::Status added = AddProperty(line, properties); !added.ok()) return AtLine(file, number, added);
  }
  return properties;
}

absl::StatusOr<std::map<std::string, std::string>> ReadPropertiesFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kLongestFile + 1, '\0');
  if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad()) {
    return UsageError("properties file " + path, strerror(errno), "Name a file that can be read");
  }
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kLongestFile) {
    return UsageError("properties file " + path, "it is longer than 1 MiB", "Name a file of KEY VALUE lines");
  }
  return ParseProperties(text, path);
}

}  // namespace millstream::cli
