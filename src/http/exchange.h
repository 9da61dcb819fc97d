#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "http/message.h"

namespace bise::http {

namespace detail {
class ExchangeState;
}

struct StreamOptions {
  // What may wait for a slow reader. One write may pass the border; the next is refused.
  std::size_t buffer_bytes_max = 256 * 1024;
  // Sent whenever nothing else was for so long; empty: never. kSseKeepAlive in sse.h.
  std::string keep_alive = {};
  std::chrono::milliseconds keep_alive_after{15'000};
};

enum class Sent {
  taken,   // will be sent
  full,    // not taken: the reader is slow; when_writable() says when to try again
  closed,  // not taken: the client has gone, or the stream has ended
};

// An answer whose body is made while it is sent. Every function may be called from any thread, and
// none waits. Callbacks come on the server's thread (or, where what they wait for has happened, on
// the caller's, before the function returns) and must not block. If the last pointer goes away
// before finish(), the answer is cut as by abort().
class ResponseStream {
 public:
  explicit ResponseStream(std::shared_ptr<detail::ExchangeState> state);
  ~ResponseStream();
  ResponseStream(const ResponseStream&) = delete;
  ResponseStream& operator=(const ResponseStream&) = delete;

  // One chunk, sent as soon as the client takes it. Empty: Sent::taken, nothing is sent.
  Sent write(std::string_view bytes);
  // Calls back once there is room (half of the buffer), or the stream has closed.
  void when_writable(std::function<void()> callback);
  std::size_t buffered_bytes() const;

  // The client has gone, or the stream has ended. Cheap: for every step of an engine.
  bool closed() const;

  // The answer is whole; the connection can be used again.
  void finish();
  // The same, but the connection closes after it.
  void finish_and_close();
  // The answer is cut: the connection closes after what was written, without a proper end, so that
  // the client can tell.
  void abort();

 private:
  std::shared_ptr<detail::ExchangeState> state_;
};

// One request and the way to answer it, once, now or later, from any thread. If the last pointer
// goes away unanswered, the client gets 500.
class Exchange {
 public:
  explicit Exchange(std::shared_ptr<detail::ExchangeState> state);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  const Request& request() const;
  // The body, to have: request().body is empty afterwards.
  std::string take_body();

  // The first answer counts, later ones change nothing (a stop may come between).
  void respond(Response response);
  // Sends the head, and its body as the first chunk. Never null; closed if there was an answer.
  std::shared_ptr<ResponseStream> respond_stream(Response head, StreamOptions options = {});

  // The client has gone before the answer was complete. Answering is still allowed.
  bool closed() const;
  // Calls back once when that happens: on the server's thread (must not block), or at once if it
  // has happened. Not called once the answer is complete. One callback; it must not hold a pointer
  // to this exchange.
  void on_closed(std::function<void()> callback);
  // Calls back once when the server stops and the time for draining is over: the last chance to
  // end a stream in its own way (ServerOptions::last_words). Without one, an unanswered exchange
  // gets 503 and a stream is cut. As above.
  void on_stopping(std::function<void()> callback);

 private:
  std::shared_ptr<detail::ExchangeState> state_;
};

using ExchangePtr = std::shared_ptr<Exchange>;

// Runs on a worker thread. May keep the exchange and answer later, from any thread; should not wait
// for long, because the workers are few. An exception becomes 500.
using Handler = std::function<void(ExchangePtr)>;

// For handlers that answer at once.
Handler answer_with(std::function<Response(const Request&)> answer);

}  // namespace bise::http
