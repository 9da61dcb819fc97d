#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/text.h"
#include "http/transport.h"

namespace bise::http {
namespace {

template <auto kFree>
struct Free {
  template <class T>
  void operator()(T* pointer) const {
    kFree(pointer);
  }
};
using SslContext = std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>>;
using Ssl = std::unique_ptr<SSL, Free<SSL_free>>;
using BioMethod = std::unique_ptr<BIO_METHOD, Free<BIO_meth_free>>;

// OpenSSL's own socket BIO writes without MSG_NOSIGNAL, so a client that has gone would end the
// process; this one does not.
int fd_of(BIO* bio) {
  return *static_cast<const int*>(BIO_get_data(bio));
}

int bio_read(BIO* bio, char* into, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t count = ::recv(fd_of(bio), into, static_cast<std::size_t>(size), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  return static_cast<int>(count);
}

int bio_write(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t count = ::send(fd_of(bio), bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(count);
}

long bio_control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

int bio_create(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

const BIO_METHOD* socket_bio() {
  static const BioMethod method = [] {
    BioMethod made(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket"));
    if (made != nullptr) {
      BIO_meth_set_read(made.get(), bio_read);
      BIO_meth_set_write(made.get(), bio_write);
      BIO_meth_set_ctrl(made.get(), bio_control);
      BIO_meth_set_create(made.get(), bio_create);
    }
    return made;
  }();
  return method.get();
}

class TlsTransport final : public Transport {
 public:
  TlsTransport(int fd, Ssl ssl) : fd_(fd), ssl_(std::move(ssl)) {
    if (ssl_) BIO_set_data(SSL_get_rbio(ssl_.get()), &fd_);
  }

  IoResult handshake() override {
    if (!ssl_) return {.kind = IoResult::Kind::failed};
    ERR_clear_error();
    const int outcome = SSL_accept(ssl_.get());
    if (outcome == 1) return {.kind = IoResult::Kind::done};
    const IoResult result = unfinished(outcome);
    if (result.kind == IoResult::Kind::failed &&
        ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST) {
      say_what_is_spoken();
    }
    return result;
  }

  IoResult read(std::span<char> into) override {
    std::size_t count = 0;
    ERR_clear_error();
    const int outcome = SSL_read_ex(ssl_.get(), into.data(), into.size(), &count);
    return outcome == 1 ? IoResult{IoResult::Kind::done, count} : unfinished(outcome);
  }

  IoResult write(std::string_view bytes, bool) override {
    std::size_t count = 0;
    ERR_clear_error();
    const int outcome = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &count);
    return outcome == 1 ? IoResult{IoResult::Kind::done, count} : unfinished(outcome);
  }

  void end_writing() override {
    // Not allowed after a failure of the protocol (and of no use then).
    if (ssl_ && !failed_) static_cast<void>(SSL_shutdown(ssl_.get()));
    static_cast<void>(::shutdown(fd_, SHUT_WR));
  }

 private:
  IoResult unfinished(int outcome) {
    switch (SSL_get_error(ssl_.get(), outcome)) {
      case SSL_ERROR_WANT_READ:
        return {.kind = IoResult::Kind::wait_readable};
      case SSL_ERROR_WANT_WRITE:
        return {.kind = IoResult::Kind::wait_writable};
      case SSL_ERROR_ZERO_RETURN:
        return {.kind = IoResult::Kind::ended};
      default:
        failed_ = true;
        return {.kind = IoResult::Kind::failed};
    }
  }

  void say_what_is_spoken() {
    constexpr std::string_view kAnswer =
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Content-Length: 46\r\nConnection: close\r\n\r\n"
        "this port speaks TLS, not plain; use https://\n";
    static_cast<void>(::send(fd_, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL));
  }

  int fd_;
  Ssl ssl_;
  bool failed_ = false;
};

class OpenSslContext final : public TlsContext {
 public:
  explicit OpenSslContext(SslContext context) : context_(std::move(context)) {}

  std::unique_ptr<Transport> accept(int fd) const override {
    Ssl ssl(SSL_new(context_.get()));
    BIO* bio = ssl ? BIO_new(socket_bio()) : nullptr;
    if (bio == nullptr) return std::make_unique<TlsTransport>(fd, nullptr);
    SSL_set_bio(ssl.get(), bio, bio);
    return std::make_unique<TlsTransport>(fd, std::move(ssl));
  }

 private:
  SslContext context_;
};

// HTTP/1.1 if the client offers it; a client that offers only others gets no protocol, and finds
// out by itself.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* offered, unsigned int offered_size, void*) {
  constexpr unsigned char kOurs[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kOurs, sizeof kOurs - 1, offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

// OpenSSL would ask for it on the terminal.
int no_password(char*, int, int, void*) {
  return -1;
}

Error tls_error(std::string_view what) {
  const unsigned long code = ERR_peek_error();
  char text[256] = {};
  if (code != 0) ERR_error_string_n(code, text, sizeof text);
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return {ErrorCode::invalid_argument,
          concat(what, code == 0 ? "" : ": ", reason == nullptr ? text : reason)};
}

}  // namespace

Result<std::shared_ptr<const TlsContext>> load_tls(const TlsFiles& files) {
  ERR_clear_error();
  SslContext context(SSL_CTX_new(TLS_server_method()));
  if (!context || socket_bio() == nullptr) return tls_error("TLS cannot start");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // Clients of all kinds end a connection without a farewell; HTTP itself tells what is whole.
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF |
                                         SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_default_passwd_cb(context.get(), no_password);
  SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
  if (SSL_CTX_use_certificate_chain_file(context.get(), files.certificate_path.c_str()) != 1) {
    return tls_error(concat("the certificate ", files.certificate_path, " cannot be read"));
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), files.key_path.c_str(), SSL_FILETYPE_PEM) != 1) {
    return tls_error(concat("the key ", files.key_path, " cannot be read, or is not that of ",
                            files.certificate_path));
  }
  if (SSL_CTX_check_private_key(context.get()) != 1) {
    return tls_error(concat("the key ", files.key_path, " is not that of the certificate ",
                            files.certificate_path));
  }
  return std::shared_ptr<const TlsContext>(std::make_shared<OpenSslContext>(std::move(context)));
}

}  // namespace bise::http
