#include "common/security/tls_probe.h"

#include <netdb.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <string_view>

#include "common/security/openssl_owned.h"

namespace millstream::security {
namespace {

constexpr timeval kPatience{.tv_sec = 1, .tv_usec = 0};
constexpr int kMostReads = 16;
constexpr std::string_view kHttp2 = "\x02h2";

using Context = OpenSslOwned<SSL_CTX, SSL_CTX_free>;
using Session = OpenSslOwned<SSL, SSL_free>;
using Certificate = OpenSslOwned<X509, X509_free>;

class Connection {
 public:
  Connection(const std::string& address, const std::stop_token& stop) {
    const size_t colon = address.rfind(':');
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (getaddrinfo(address.substr(0, colon).c_str(), address.substr(colon + 1).c_str(), &hints, &found) != 0)
      return;
    socket_ = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience));
    setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof(kPatience));
    stopped_.emplace(stop, [this] { shutdown(socket_, SHUT_RDWR); });
    open_ = connect(socket_, found->ai_addr, found->ai_addrlen) == 0;
    freeaddrinfo(found);
  }
  ~Connection() {
    stopped_.reset();
    if (socket_ >= 0) close(socket_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool open() const { return open_; }
  bool Send(std::string_view bytes) {
    return send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  }
  // What has arrived; nothing at the end, or after a silence.
  std::string_view Receive() {
    const ssize_t bytes = recv(socket_, buffer_.data(), buffer_.size(), 0);
    return {buffer_.data(), bytes > 0 ? static_cast<size_t>(bytes) : 0};
  }

 private:
  int socket_ = -1;
  bool open_ = false;
  std::optional<std::stop_callback<std::function<void()>>> stopped_;
  std::array<char, 16384> buffer_;
};

// Believes certificates of `own`'s authority alone; without it, any.
Context MakeContext(const std::optional<Credentials::Tls>& own) {
  Context context(SSL_CTX_new(TLS_client_method()));
  if (context == nullptr || !own) return context;
  const OpenSslOwned<BIO, BIO_free> text(
      BIO_new_mem_buf(own->authority.data(), static_cast<int>(own->authority.size())));
  const Certificate authority(PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr));
  if (authority == nullptr) return nullptr;
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), authority.get());
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  return context;
}

// Until it is complete or cannot go on. OpenSSL's own sockets would raise SIGPIPE.
bool ShakeHands(SSL* session, Connection& connection) {
  BIO* const in = BIO_new(BIO_s_mem());
  BIO* const out = BIO_new(BIO_s_mem());
  SSL_set_bio(session, in, out);
  for (int reads = 0; reads < kMostReads; ++reads) {
    const int result = SSL_connect(session);
    const int error = SSL_get_error(session, result);
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(out, &bytes);
    if (size > 0 && !connection.Send({bytes, static_cast<size_t>(size)})) return false;
    BIO_ctrl(out, BIO_CTRL_RESET, 0, nullptr);
    if (result == 1) return true;
    if (error != SSL_ERROR_WANT_READ) return false;
    const std::string_view received = connection.Receive();
    if (received.empty()) return false;
    BIO_write(in, received.data(), static_cast<int>(received.size()));
  }
  return false;
}

std::string Explain(long verification) {
  switch (verification) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "its certificate is not valid at this time. Set the clocks, or start it again";
    case X509_V_ERR_HOSTNAME_MISMATCH:
      return "its certificate names another kind of process. Check the address";
    default:
      return "its certificate is not by this secret file. Give --secret-file the one it was started with";
  }
}

}  // namespace

TlsProbe ProbeTls(const std::string& address, const std::optional<Credentials::Tls>& own,
                  const Identity& peer, const std::stop_token& stop) {
  Connection connection(address, stop);
  if (!connection.open()) return {};
  const Context context = MakeContext(own);
  const Session session(context == nullptr ? nullptr : SSL_new(context.get()));
  if (session == nullptr) return {true};
  SSL_set_alpn_protos(session.get(), reinterpret_cast<const unsigned char*>(kHttp2.data()), kHttp2.size());
  if (own) SSL_set1_host(session.get(), NameOf(peer).c_str());
  ERR_clear_error();
  const bool complete = ShakeHands(session.get(), connection);
  const bool speaks_tls = SSL_get_current_cipher(session.get()) != nullptr;
  const bool speaks_another = ERR_GET_REASON(ERR_peek_error()) == SSL_R_WRONG_VERSION_NUMBER;
  ERR_clear_error();
  if (!own) {
    if (!speaks_tls) return {true};
    return {true, "it takes connections by its secret file alone. Give --secret-file FILE, a copy of it"};
  }
  const long verification = SSL_get_verify_result(session.get());
  if (!complete && verification != X509_V_OK) return {true, Explain(verification)};
  if (speaks_another)
    return {true, "it has no secret file. Start it with --secret-file, or leave that out here"};
  return {true};
}

}  // namespace millstream::security
