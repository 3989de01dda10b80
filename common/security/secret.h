#ifndef MILLSTREAM_COMMON_SECURITY_SECRET_H_
#define MILLSTREAM_COMMON_SECURITY_SECRET_H_

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace millstream::security {

// What every process of one application knows and no other: whoever shows it may command executors and read
// blocks. It never appears in arguments, environments, logs or error texts; it has no operator<<.
class Secret {
 public:
  static constexpr size_t kBytes = 32;

  // A new one, from the kernel's random numbers.
  static Secret Random();
  // nullopt if `bytes` is not kBytes long.
  static std::optional<Secret> FromBytes(std::string_view bytes);

  // Takes the same time wherever they differ.
  bool Matches(std::string_view shown) const;

  // For the bootstrap of a process of the application and the metadata of its calls, nothing else.
  std::string Reveal() const { return {bytes_.data(), bytes_.size()}; }

 private:
  Secret() = default;
  std::array<char, kBytes> bytes_;
};

}  // namespace millstream::security

#endif  // MILLSTREAM_COMMON_SECURITY_SECRET_H_
