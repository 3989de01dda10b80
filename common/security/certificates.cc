#include "common/security/certificates.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <optional>

#include "common/security/openssl_owned.h"

namespace millstream::security {
namespace {

using std::chrono::system_clock;

using Bio = OpenSslOwned<BIO, BIO_free>;
using BigNumber = OpenSslOwned<BIGNUM, BN_free>;
using Key = OpenSslOwned<EVP_PKEY, EVP_PKEY_free>;
using Certificate = OpenSslOwned<X509, X509_free>;
using Extension = OpenSslOwned<X509_EXTENSION, X509_EXTENSION_free>;

constexpr int kSerialBits = 128;
constexpr long kVersion3 = 2;

// What OpenSSL says last; its other errors are dropped.
absl::Status OpenSslError(const std::string& thing) {
  char text[256] = "unknown";
  if (const unsigned long error = ERR_peek_last_error(); error != 0)
    ERR_error_string_n(error, text, sizeof(text));
  ERR_clear_error();
  return absl::InternalError(thing + ": " + text);
}

Bio Reader(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

template <typename Write>
std::optional<std::string> ToPem(const Write& write) {
  const Bio bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr || write(bio.get()) != 1) return std::nullopt;
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &bytes);
  return std::string(bytes, static_cast<size_t>(size));
}

absl::StatusOr<CertifiedKey> Encode(X509* certificate, EVP_PKEY* key) {
  auto certificate_pem = ToPem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
  auto key_pem = ToPem([&](BIO* bio) {
    return PEM_write_bio_PKCS8PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
  if (!certificate_pem || !key_pem) return OpenSslError("certificate");
  return CertifiedKey{*std::move(certificate_pem), *std::move(key_pem)};
}

bool SetValidity(X509* certificate, const Validity& validity) {
  return ASN1_TIME_set(X509_getm_notBefore(certificate), system_clock::to_time_t(validity.begin)) !=
             nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), system_clock::to_time_t(validity.end)) != nullptr;
}

bool SetSerial(X509* certificate) {
  const BigNumber serial(BN_new());
  return serial != nullptr && BN_rand(serial.get(), kSerialBits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool SetSubject(X509* certificate, const char* common_name) {
  return X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                                    reinterpret_cast<const unsigned char*>(common_name), -1, -1, 0) == 1;
}

bool AddExtension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// An unsigned certificate of `key`.
Certificate Draft(EVP_PKEY* key, const char* common_name, const Validity& validity) {
  Certificate draft(X509_new());
  const bool made = draft != nullptr && key != nullptr && X509_set_version(draft.get(), kVersion3) == 1 &&
                    SetSerial(draft.get()) && SetValidity(draft.get(), validity) &&
                    SetSubject(draft.get(), common_name) && X509_set_pubkey(draft.get(), key) == 1;
  return made ? std::move(draft) : nullptr;
}

struct Pair {
  Certificate certificate;
  Key key;
};

// Null pointers if it cannot be read.
Pair Decode(const CertifiedKey& pem) {
  return {Certificate(PEM_read_bio_X509(Reader(pem.certificate).get(), nullptr, nullptr, nullptr)),
          Key(PEM_read_bio_PrivateKey(Reader(pem.private_key).get(), nullptr, nullptr, nullptr))};
}

std::optional<system_clock::time_point> TimeOf(const ASN1_TIME* time) {
  tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  return system_clock::from_time_t(timegm(&parts));
}

}  // namespace

absl::StatusOr<CertifiedKey> MakeAuthority(const Validity& validity) {
  const Key key(EVP_EC_gen("P-256"));
  const Certificate own = Draft(key.get(), "Millstream cluster", validity);
  const bool made = own != nullptr &&
                    X509_set_issuer_name(own.get(), X509_get_subject_name(own.get())) == 1 &&
                    AddExtension(own.get(), own.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                    AddExtension(own.get(), own.get(), NID_key_usage, "critical,keyCertSign") &&
                    AddExtension(own.get(), own.get(), NID_subject_key_identifier, "hash") &&
                    X509_sign(own.get(), key.get(), EVP_sha256()) != 0;
  if (!made) return OpenSslError("authority");
  return Encode(own.get(), key.get());
}

absl::StatusOr<CertifiedKey> IssueCertificate(const CertifiedKey& authority, const std::string& name,
                                              const Validity& validity) {
  const Pair issuer = Decode(authority);
  const Key key(EVP_EC_gen("P-256"));
  const Certificate issued = Draft(key.get(), "Millstream process", validity);
  if (issuer.certificate == nullptr || issuer.key == nullptr || issued == nullptr)
    return OpenSslError("certificate");
  X509* const by = issuer.certificate.get();
  X509* const to = issued.get();
  const bool made = X509_set_issuer_name(to, X509_get_subject_name(by)) == 1 &&
                    AddExtension(to, by, NID_basic_constraints, "critical,CA:FALSE") &&
                    AddExtension(to, by, NID_key_usage, "critical,digitalSignature") &&
                    AddExtension(to, by, NID_ext_key_usage, "serverAuth,clientAuth") &&
                    AddExtension(to, by, NID_subject_key_identifier, "hash") &&
                    AddExtension(to, by, NID_authority_key_identifier, "keyid") &&
                    AddExtension(to, by, NID_subject_alt_name, "DNS:" + name) &&
                    X509_sign(to, issuer.key.get(), EVP_sha256()) != 0;
  if (!made) return OpenSslError("certificate");
  return Encode(to, key.get());
}

absl::StatusOr<Validity> CheckCertifiedKey(const CertifiedKey& certified) {
  const Pair pair = Decode(certified);
  const bool belong_together = pair.certificate != nullptr && pair.key != nullptr &&
                               X509_check_private_key(pair.certificate.get(), pair.key.get()) == 1;
  ERR_clear_error();
  if (!belong_together) return absl::InvalidArgumentError("the certificate is not the key's");
  const auto begin = TimeOf(X509_get0_notBefore(pair.certificate.get()));
  const auto end = TimeOf(X509_get0_notAfter(pair.certificate.get()));
  if (!begin || !end) return absl::InvalidArgumentError("the certificate has no time");
  return Validity{*begin, *end};
}

}  // namespace millstream::security
