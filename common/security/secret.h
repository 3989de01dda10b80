#ifndef MILLSTREAM_COMMON_SECURITY_SECRET_H_
#define MILLSTREAM_COMMON_SECURITY_SECRET_H_

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace millstream::security {

// What every process of one application, or of one cluster, knows and no other: calls show it. It never
// appears in arguments, environments, logs or error texts; it has no operator<<.
class Secret {
 public:
  static constexpr size_t kBytes = 32;

  // A new one, from the kernel's random numbers.
  static Secret Random();
  // nullopt if `bytes` is not kBytes long.
  static std::optional<Secret> FromBytes(std::string_view bytes);

  // Another secret, always the same one for the same `label` (HMAC-SHA256). Whoever knows it does not know
  // this one.
  Secret Derive(std::string_view label) const;

  // Takes the same time wherever they differ.
  bool Matches(std::string_view shown) const;

  // For a process's bootstrap, the metadata of its calls and the cluster's secret file, nothing else.
  std::string Reveal() const { return {bytes_.data(), bytes_.size()}; }

 private:
  Secret() = default;
  std::array<char, kBytes> bytes_;
};

}  // namespace millstream::security

#endif  // MILLSTREAM_COMMON_SECURITY_SECRET_H_
