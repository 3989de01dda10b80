#include "common/security/identity.h"

#include <algorithm>
#include <array>

#include "absl/strings/escaping.h"
#include "common/security/secret.h"

namespace millstream::security {
namespace {

constexpr std::string_view kDomain = ".millstream";
constexpr size_t kLongestLabel = 63;  // of a DNS name
constexpr size_t kRandomBytes = 8;

// In the order of Role.
constexpr std::array<std::string_view, 5> kRoles{"driver", "executor", "master", "worker", "submitter"};

bool IsPlain(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; }

}  // namespace

std::string NewApplicationId() {
  return "app-" + absl::BytesToHexString(Secret::Random().Reveal().substr(0, kRandomBytes));
}

std::string LaunchApplicationId(const std::string& driver, uint32_t epoch) {
  return driver + "-" + std::to_string(epoch);
}

bool IsApplicationId(std::string_view id) {
  return !id.empty() && id.size() <= kLongestLabel && std::ranges::all_of(id, IsPlain);
}

std::string NameOf(const Identity& identity) {
  std::string name(kRoles[static_cast<size_t>(identity.role)]);
  if (!identity.application.empty()) name.append(".").append(identity.application);
  return name.append(kDomain);
}

std::optional<Identity> ParseName(std::string_view name) {
  if (!name.ends_with(kDomain)) return std::nullopt;
  name.remove_suffix(kDomain.size());
  const size_t dot = name.find('.');
  const auto role = std::ranges::find(kRoles, name.substr(0, dot));
  if (role == kRoles.end()) return std::nullopt;
  Identity identity{static_cast<Role>(role - kRoles.begin()), ""};
  if (dot == std::string_view::npos) return identity;
  identity.application = name.substr(dot + 1);
  if (!IsApplicationId(identity.application)) return std::nullopt;
  return identity;
}

}  // namespace millstream::security
