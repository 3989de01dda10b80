#ifndef MILLSTREAM_COMMON_SECURITY_SHA256_H_
#define MILLSTREAM_COMMON_SECURITY_SHA256_H_

#include <memory>
#include <string>
#include <string_view>

namespace millstream::security {

// The SHA-256 of what was added, by parts.
class Sha256 {
 public:
  static constexpr size_t kBytes = 32;

  Sha256();
  ~Sha256();
  void Add(std::string_view bytes);
  // kBytes long. Once, last.
  std::string Finish();

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

}  // namespace millstream::security

#endif  // MILLSTREAM_COMMON_SECURITY_SHA256_H_
