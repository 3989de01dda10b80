#ifndef MILLSTREAM_COMMON_SECURITY_IDENTITY_H_
#define MILLSTREAM_COMMON_SECURITY_IDENTITY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millstream::security {

enum class Role { kDriver, kExecutor, kMaster, kWorker, kSubmitter };

// Who a process is: what its certificate says.
struct Identity {
  Role role = Role::kDriver;
  std::string application;  // its id; empty: the process serves the cluster, not one application

  bool operator==(const Identity&) const = default;
};

// A new one: "app-" and random digits.
std::string NewApplicationId();

// Of what a launch of a driver in cluster mode starts; nobody else is certified as it.
std::string LaunchApplicationId(const std::string& driver, uint32_t epoch);

// Whether `id` can name an application: 1-63 lower-case letters, digits and hyphens.
bool IsApplicationId(std::string_view id);

// The one name in the certificate of `identity`: "executor.app-1.millstream", "master.millstream".
std::string NameOf(const Identity& identity);
// nullopt if `name` is no NameOf().
std::optional<Identity> ParseName(std::string_view name);

}  // namespace millstream::security

#endif  // MILLSTREAM_COMMON_SECURITY_IDENTITY_H_
