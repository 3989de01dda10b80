#ifndef MILLSTREAM_COMMON_SECURITY_OPENSSL_OWNED_H_
#define MILLSTREAM_COMMON_SECURITY_OPENSSL_OWNED_H_

#include <memory>

namespace millstream::security {

template <auto kFree>
struct OpenSslFree {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};

// An OpenSSL object and the function that frees it.
template <typename T, auto kFree>
using OpenSslOwned = std::unique_ptr<T, OpenSslFree<kFree>>;

}  // namespace millstream::security

#endif  // MILLSTREAM_COMMON_SECURITY_OPENSSL_OWNED_H_
