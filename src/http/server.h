#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "http/exchange.h"
#include "http/message.h"
#include "http/router.h"

namespace bise::http {

struct Limits {
  std::size_t body_bytes_max = 32u << 20;            // 413
  std::size_t all_bodies_bytes_max = 1024u << 20;    // of all requests being received: 503
  std::size_t header_bytes_max = 64u << 10;          // 431; request line and all fields
  std::size_t target_bytes_max = 16u << 10;          // 414
  std::chrono::milliseconds header_timeout{10'000};  // from a request's first byte to its body: 408
  // A body may take body_grace, and from then on as long as its bytes so far at that rate: 408.
  std::chrono::milliseconds body_grace{10'000};
  std::size_t body_bytes_per_second_min = 4096;
  std::chrono::milliseconds idle_timeout{120'000};  // between requests: closed without a word
  // An answer of which the client takes nothing for so long is cut.
  std::chrono::milliseconds write_timeout{60'000};
  std::size_t connections_max = 0;  // 0: what RLIMIT_NOFILE allows, less 128 for files
};

struct TlsFiles {
  std::string certificate_path;  // PEM, with the chain
  std::string key_path;          // PEM
};

struct ServerOptions {
  std::string host = "127.0.0.1";  // an address, or a name; "" listens on no TCP port
  std::uint16_t port = 0;          // 0: any free one
  std::string unix_path;           // "": none. Never with TLS
  std::uint32_t unix_mode = 0600;  // permissions of the socket's file
  std::optional<TlsFiles> tls;
  int workers = 4;  // threads that run gates and handlers
  Limits limits;
  std::vector<std::string> id_headers = {"x-request-id"};  // answer fields that carry Request::id
  std::chrono::milliseconds last_words{1'000};  // after Exchange::on_stopping, for streams to end
};

// A failure that the server answers itself: before any handler, or instead of one.
struct Failure {
  int status;
  std::string message;   // a sentence for the client
  Headers headers = {};  // Allow, Retry-After
};

enum class Ending { complete, client_gone, timed_out, cut };

// For logs and metrics: one for each request of which the head was read.
struct AccessRecord {
  const Request& request;  // its body has been given to the handler
  const Route* route;      // null: none matched
  int status;              // 0: none was sent
  Ending ending;
  std::size_t bytes_received;          // of the body
  std::size_t bytes_sent;              // of the answer, with its head
  std::chrono::microseconds duration;  // from the request's first byte
};

struct Service {
  Router router;

  // Sees each request as soon as its head is there, before the body is read, whether or not there
  // is such a route; a worker thread runs it. What it returns is answered; nothing: the handler, or
  // 404 or 405. Who may do what is decided here, so a server needs one.
  std::function<std::optional<Response>(Request&, const Router::Match&)> gate;

  // The body of a failure in the form of the API in question. `request` is null if not even a
  // path could be read; of a head that is no request it has what stood before the fault. Headers of
  // the failure are added by the server. Default: the message as text.
  // Runs on the server's thread; must not block.
  std::function<Response(const Failure&, const Request*)> describe_failure;

  // Called on the server's thread after each request; must not block.
  std::function<void(const AccessRecord&)> on_finished;
  // What an operator should know and no client can be told: a sentence. As above.
  std::function<void(std::string_view)> on_problem;
};

struct ServerStatistics {
  std::size_t connections;       // open now
  std::size_t running_requests;  // head read, answer not complete
  std::uint64_t accepted;        // connections since the start
};

// Threads: one for all connections, and the workers.
class Server {
 public:
  // Listens, then serves. Errors in words, with the remedy: a port in use, an address that no
  // interface has, a certificate that does not fit its key.
  static Result<std::unique_ptr<Server>> start(ServerOptions options, Service service);
  ~Server();  // stop()
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const;  // 0 without TCP
  const Router& router() const;
  ServerStatistics statistics() const;

  // Certificates read again, for connections to come. On an error the old ones stay.
  Result<void> reload_tls();

  // Stops listening, closes idle connections, lets requests that run finish until `time` is over,
  // then tells them (Exchange::on_stopping), waits ServerOptions::last_words and closes what is
  // left. Returns at once; may be called again with another time.
  void drain(std::chrono::milliseconds time);
  // Waits until nothing is left after drain() or stop().
  void wait();
  // Closes everything now, and waits for handlers that run.
  void stop();

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace bise::http
