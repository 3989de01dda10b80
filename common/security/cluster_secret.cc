#include "common/security/cluster_secret.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <ctime>
#include <optional>

#include "absl/strings/escaping.h"
#include "common/cli/errors.h"
#include "common/security/private_file.h"
#include "common/security/sha256.h"

namespace millstream::security {
namespace {

using std::chrono::hours;

constexpr hours kDay{24};
constexpr hours kClusterLife = 3650 * kDay;
constexpr hours kProcessLife = 365 * kDay;
// Clocks of hosts may differ by so much.
constexpr hours kClockTolerance{1};

constexpr std::string_view kFirstLine = "Millstream cluster secret, version 1\n";
constexpr std::string_view kTokenLine = "token ";
constexpr std::string_view kDigestLine = "sha256 ";

std::string Hex(std::string_view bytes) { return absl::BytesToHexString({bytes.data(), bytes.size()}); }

std::string Digest(std::string_view text) {
  Sha256 digest;
  digest.Add(text);
  return Hex(digest.Finish());
}

absl::Status Unusable(const std::string& path, std::string_view cause, std::string_view fix) {
  return absl::UnauthenticatedError(cli::ErrorText(path, cause, fix));
}

std::string DateOf(ClusterSecret::Time time) {
  const time_t seconds = std::chrono::system_clock::to_time_t(time);
  tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text;
  return {text.data(), strftime(text.data(), text.size(), "%Y-%m-%d %H:%M UTC", &parts)};
}

// Takes what precedes the line that starts with `line`, and that line's rest; it is the last one.
bool TakeLast(std::string_view line, std::string_view& text, std::string_view& value) {
  if (!text.ends_with('\n')) return false;
  const size_t begin = text.rfind('\n', text.size() - 2) + 1;
  value = text.substr(begin, text.size() - 1 - begin);
  if (!value.starts_with(line)) return false;
  value.remove_prefix(line.size());
  text = text.substr(0, begin);
  return true;
}

}  // namespace

// The first line, the key, the certificate, the token's line, and the digest of all that (docs/formats.md).
absl::Status ClusterSecret::MakeFile(const std::string& path, Time now) {
  const absl::StatusOr<CertifiedKey> authority =
      MakeAuthority({now - kClockTolerance, now - kClockTolerance + kClusterLife});
  if (!authority.ok()) return authority.status();
  std::string text(kFirstLine);
  text.append(authority->private_key).append(authority->certificate);
  text.append(kTokenLine).append(Hex(Secret::Random().Reveal())).append("\n");
  const std::string digest = Digest(text);
  text.append(kDigestLine).append(digest).append("\n");
  return WritePrivateFile(path, text);
}

absl::StatusOr<ClusterSecret> ClusterSecret::Parse(std::string_view text) {
  const absl::Status damaged = absl::InvalidArgumentError("damaged");
  std::string_view digest;
  std::string_view token;
  if (!text.starts_with(kFirstLine) || !TakeLast(kDigestLine, text, digest) || Digest(text) != digest)
    return damaged;
  if (!TakeLast(kTokenLine, text, token)) return damaged;
  const std::string token_bytes = absl::HexStringToBytes({token.data(), token.size()});
  const std::optional<Secret> secret = Secret::FromBytes(token_bytes);
  const size_t certificate = text.find("-----BEGIN CERTIFICATE-----");
  if (!secret || certificate == std::string_view::npos) return damaged;
  CertifiedKey authority{std::string(text.substr(certificate)),
                         std::string(text.substr(kFirstLine.size(), certificate - kFirstLine.size()))};
  const absl::StatusOr<Validity> validity = CheckCertifiedKey(authority);
  if (!validity.ok()) return validity.status();
  return ClusterSecret(std::move(authority), *validity, *secret);
}

absl::StatusOr<ClusterSecret> ClusterSecret::Read(const std::string& path, Time now) {
  const absl::StatusOr<std::string> text = ReadPrivateFile(path);
  if (!text.ok()) return text.status();
  absl::StatusOr<ClusterSecret> secret = Parse(*text);
  if (!secret.ok()) {
    return Unusable(path, "it is damaged, or no secret file of this version",
                    "Copy the cluster's again, or make a new one for all its hosts with millstream secret");
  }
  if (now >= secret->validity_.end) {
    return Unusable(path, "it expired at " + DateOf(secret->validity_.end),
                    "Make a new one for all hosts of the cluster with millstream secret");
  }
  if (now < secret->validity_.begin) {
    return Unusable(path, "it is not valid before " + DateOf(secret->validity_.begin),
                    "Set this host's clock");
  }
  return secret;
}

absl::StatusOr<Credentials> ClusterSecret::Issue(const Identity& identity, Time now) const {
  const bool of_cluster = identity.application.empty();
  if (!of_cluster && !IsApplicationId(identity.application)) {
    return absl::InvalidArgumentError(
        cli::ErrorText(identity.application, "an application cannot have this id",
                       "Use at most 63 lower-case letters, digits and hyphens"));
  }
  const Time begin = now - kClockTolerance;
  absl::StatusOr<CertifiedKey> own =
      IssueCertificate(authority_, NameOf(identity), {begin, std::min(begin + kProcessLife, validity_.end)});
  if (!own.ok()) return own.status();
  return Credentials{identity, of_cluster ? token_ : token_.Derive(identity.application),
                     Credentials::Tls{authority_.certificate, *std::move(own)}};
}

absl::StatusOr<Credentials> ClusterCredentials(Role role, const std::string& secret_file) {
  if (secret_file.empty()) return Credentials{{role, ""}, Secret::Random(), std::nullopt};
  const absl::StatusOr<ClusterSecret> secret = ClusterSecret::Read(secret_file);
  if (!secret.ok()) return secret.status();
  return secret->Issue({role, ""});
}

}  // namespace millstream::security
