#include "common/security/sha256.h"

#include <openssl/evp.h>
#include <stdlib.h>

namespace millstream::security {

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  // It fails only without memory, or in a library that was built without SHA-256.
  if (EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) != 1) abort();
}

Sha256::~Sha256() { EVP_MD_CTX_free(state_->context); }

void Sha256::Add(std::string_view bytes) {
  if (EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) != 1) abort();
}

std::string Sha256::Finish() {
  std::string digest(kBytes, '\0');
  if (EVP_DigestFinal_ex(state_->context, reinterpret_cast<unsigned char*>(digest.data()), nullptr) != 1)
    abort();
  return digest;
}

}  // namespace millstream::security
