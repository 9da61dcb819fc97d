#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <cstdio>

#include "base/text.h"
#include "http/test_client.h"

namespace bise::http {
namespace {

// A key and a certificate that it signed itself, as files.
class Certificate {
 public:
  explicit Certificate(const char* name) {
    const std::string base = concat(testing::TempDir(), "http_tls_", ::getpid(), "_", name);
    files_ = {.certificate_path = base + ".crt", .key_path = base + ".key"};
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME* subject = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
    X509_set_issuer_name(certificate, subject);
    X509_sign(certificate, key, EVP_sha256());
    write(files_.certificate_path, [&](FILE* file) { PEM_write_X509(file, certificate); });
    write(files_.key_path, [&](FILE* file) {
      PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    });
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  ~Certificate() {
    ::unlink(files_.certificate_path.c_str());
    ::unlink(files_.key_path.c_str());
  }
  const TlsFiles& files() const { return files_; }

 private:
  template <class Write>
  static void write(const std::string& path, const Write& body) {
    FILE* file = std::fopen(path.c_str(), "w");
    ASSERT_NE(file, nullptr);
    body(file);
    std::fclose(file);
  }

  TlsFiles files_;
};

class TlsClient {
 public:
  explicit TlsClient(std::uint16_t port)
      : client_(port), context_(SSL_CTX_new(TLS_client_method())) {
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, client_.fd());
    connected_ = SSL_connect(ssl_) == 1;
  }
  ~TlsClient() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  bool is_connected() const { return connected_; }
  std::string certificate_name() const {
    X509* certificate = SSL_get1_peer_certificate(ssl_);
    char name[64] = {};
    if (certificate != nullptr) {
      X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name,
                                sizeof name);
    }
    X509_free(certificate);
    return name;
  }
  bool send(std::string_view bytes) {
    return SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())) > 0;
  }
  // Up to the end of the connection.
  std::string receive_all() {
    std::string all;
    char piece[16 * 1024];
    for (int count; (count = SSL_read(ssl_, piece, sizeof piece)) > 0;) {
      all.append(piece, static_cast<std::size_t>(count));
    }
    return all;
  }
  void close() { client_.close(); }

 private:
  TestClient client_;
  SSL_CTX* context_;
  SSL* ssl_ = nullptr;
  bool connected_ = false;
};

std::unique_ptr<Server> tls_server(const TlsFiles& files) {
  Service service = open_service();
  service.router.add({"POST", "/", Access{}, answer_with([](const Request& request) {
                        return text_response(request.over_tls ? 200 : 500, request.body);
                      })});
  ServerOptions options;
  options.tls = files;
  return started(std::move(service), std::move(options));
}

TEST(Tls, CarriesRequestsAndAnswersOfAnySize) {
  const Certificate certificate("any");
  const auto server = tls_server(certificate.files());
  for (const std::size_t size : {std::size_t{1}, std::size_t{100'000}, std::size_t{9'000'000}}) {
    TlsClient client(server->port());
    ASSERT_TRUE(client.is_connected());
    const std::string body(size, 'x');
    ASSERT_TRUE(
        client.send(concat("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                           "Content-Length: ",
                           size, "\r\n\r\n")));
    ASSERT_TRUE(client.send(body));
    const std::string answer = client.receive_all();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    EXPECT_TRUE(answer.ends_with("\r\n\r\n" + body));
  }
}

TEST(Tls, TellsAClientThatSpeaksPlainHttp) {
  const Certificate certificate("plain");
  const auto server = tls_server(certificate.files());
  const Answer answer = TestClient(server->port()).get("/");
  EXPECT_EQ(answer.status, 400);
  EXPECT_TRUE(answer.whole);
  EXPECT_NE(answer.body.find("https://"), std::string::npos);
}

TEST(Tls, OutlivesClientsThatGo) {
  const Certificate certificate("go");
  const auto server = tls_server(certificate.files());
  for (int i = 0; i < 20; ++i) {
    TestClient half(server->port());
    half.send(std::string_view("\x16\x03\x01\x00\xff\x01", 6));
    if (i % 2 == 0) half.reset();
    TlsClient gone(server->port());
    gone.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789");
    gone.close();
  }
  EXPECT_TRUE(TlsClient(server->port()).is_connected());
  EXPECT_TRUE(comes_true([&] { return server->statistics().connections == 0; }));
}

TEST(Tls, ReadsCertificatesAgain) {
  const Certificate first("first"), second("second");
  const auto server = tls_server(first.files());
  EXPECT_EQ(TlsClient(server->port()).certificate_name(), "first");
  const auto copy = [](const std::string& from, const std::string& to) {
    ASSERT_EQ(std::rename(from.c_str(), to.c_str()), 0);
  };
  copy(second.files().certificate_path, first.files().certificate_path);
  const Result<void> mismatch = server->reload_tls();  // the key is still the first one's
  ASSERT_FALSE(mismatch.ok());
  EXPECT_NE(mismatch.error().message.find("is not that of"), std::string::npos);
  EXPECT_EQ(TlsClient(server->port()).certificate_name(), "first");
  copy(second.files().key_path, first.files().key_path);
  ASSERT_TRUE(server->reload_tls().ok());
  EXPECT_TRUE(comes_true([&] { return TlsClient(server->port()).certificate_name() == "second"; }));
}

TEST(Tls, SaysWhichFileCannotBeRead) {
  const Certificate certificate("files");
  ServerOptions options;
  options.tls = {.certificate_path = "/nowhere.crt", .key_path = certificate.files().key_path};
  EXPECT_NE(Server::start(options, open_service()).error().message.find("/nowhere.crt"),
            std::string::npos);
  options.tls = {.certificate_path = certificate.files().certificate_path,
                 .key_path = "/nowhere.key"};
  EXPECT_NE(Server::start(options, open_service()).error().message.find("/nowhere.key"),
            std::string::npos);
}

}  // namespace
}  // namespace bise::http
