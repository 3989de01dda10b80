#include "common/security/secret.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <sys/random.h>

#include <algorithm>

namespace millstream::security {

Secret Secret::Random() {
  Secret secret;
  // At most 256 bytes are never cut short, and only a kernel without the call makes it fail.
  if (getrandom(secret.bytes_.data(), secret.bytes_.size(), 0) != static_cast<ssize_t>(kBytes)) abort();
  return secret;
}

std::optional<Secret> Secret::FromBytes(std::string_view bytes) {
  if (bytes.size() != kBytes) return std::nullopt;
  Secret secret;
  std::ranges::copy(bytes, secret.bytes_.begin());
  return secret;
}

Secret Secret::Derive(std::string_view label) const {
  Secret derived;
  unsigned int bytes = kBytes;
  // Fails for want of memory alone.
  if (HMAC(EVP_sha256(), bytes_.data(), static_cast<int>(kBytes),
           reinterpret_cast<const unsigned char*>(label.data()), label.size(),
           reinterpret_cast<unsigned char*>(derived.bytes_.data()), &bytes) == nullptr) {
    abort();
  }
  return derived;
}

bool Secret::Matches(std::string_view shown) const {
  if (shown.size() != kBytes) return false;
  volatile unsigned char difference = 0;
  for (size_t i = 0; i < kBytes; ++i) {
    difference = static_cast<unsigned char>(difference | (bytes_[i] ^ shown[i]));
  }
  return difference == 0;
}

}  // namespace millstream::security
