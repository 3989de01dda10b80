#include "common/security/credentials.h"

#include "proto/bootstrap.pb.h"

namespace millstream::security {

void ToProto(const Credentials& credentials, proto::Credentials& message) {
  message.set_name(NameOf(credentials.identity));
  message.set_token(credentials.token.Reveal());
  if (!credentials.tls) return;
  message.set_authority(credentials.tls->authority);
  message.set_certificate(credentials.tls->own.certificate);
  message.set_private_key(credentials.tls->own.private_key);
}

std::optional<Credentials> FromProto(const proto::Credentials& message) {
  std::optional<Identity> identity = ParseName(message.name());
  const std::optional<Secret> token = Secret::FromBytes(message.token());
  if (!identity || !token) return std::nullopt;
  Credentials credentials{*std::move(identity), *token, std::nullopt};
  if (!message.authority().empty())
    credentials.tls = {message.authority(), {message.certificate(), message.private_key()}};
  return credentials;
}

}  // namespace millstream::security
