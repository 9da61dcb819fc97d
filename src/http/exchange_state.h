#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "http/exchange.h"
#include "http/message.h"
#include "http/router.h"
#include "http/server.h"

namespace bise::http::detail {

using Callback = std::function<void()>;

// One piece of a stream as it goes over the wire.
void append_chunk(std::string& out, std::string_view bytes, bool chunked);

enum class StreamEnd { none, finished, finished_and_close, cut };

// What a handler and a connection share: the answer on its way from any thread to the server's.
// The connection looks (poll) whenever it has been woken. Callbacks run without the lock.
class ExchangeState {
 public:
  // The connection's until the gate has it, then the gate's, then for everybody to read.
  Request request;
  Router::Match match;
  bool chunked = true;  // how a stream is framed: in chunks, or up to the end of the connection
  bool without_body = false;  // HEAD, 204, 304: a stream ends with its head

  // ---- The handler's side: any thread.
  bool answer(Response response);
  bool fail(Failure failure);  // answered in the form of Service::describe_failure
  bool begin_stream(Response head, StreamOptions options);
  std::string take_body();
  bool is_answered() const;
  // The last pointer to the exchange has gone: without an answer it becomes 500.
  void abandon();
  void gate_passed();  // the body is wanted
  void gate_left();    // from now on the request does not change

  Sent write(std::string_view bytes);
  void end_stream(StreamEnd end);
  void when_writable(Callback callback);
  std::size_t buffered_bytes() const;
  bool is_gone() const { return gone_.load(std::memory_order_relaxed); }
  bool is_stream_closed() const { return is_gone() || ended_.load(std::memory_order_relaxed); }
  void on_gone(Callback callback);
  void on_stopping(Callback callback);

  // ---- The connection's side: the server's thread.
  struct View {
    bool gate_open = false;   // the gate is done with the request
    bool wants_body = false;  // and has let it pass without an answer
    bool answered = false;    // an answer or its head can be taken
    bool streaming = false;
  };

  // `wake` makes the connection look again; called with the lock held, until detach().
  void attach(Callback wake);
  View poll();
  // What was answered; `failure` instead of it, if that was it.
  Response take_answer(std::optional<Failure>& failure);
  const StreamOptions& stream_options() const { return options_; }
  // Moves what was written behind `out`; says whether and how the stream has ended behind it.
  StreamEnd take_written(std::string& out);
  void sent(std::size_t count);  // of what was taken
  void client_gone();
  void stop_now();  // the time for draining is over
  // Nothing more will be sent. `complete`: because all of it was.
  void detach(bool complete);

 private:
  void wake_locked();
  std::size_t buffered_locked() const { return written_.size() + unsent_bytes_; }

  mutable std::mutex mutex_;
  Callback wake_;
  bool woken_ = false;  // since the last poll()
  bool gate_open_ = false;
  bool wants_body_ = false;
  bool answered_ = false;
  bool streaming_ = false;
  Response response_;
  std::optional<Failure> failure_;
  StreamOptions options_;
  std::string written_;           // framed, not taken yet
  std::size_t unsent_bytes_ = 0;  // taken, not sent yet
  StreamEnd end_ = StreamEnd::none;
  bool complete_ = false;
  std::atomic<bool> gone_{false};
  std::atomic<bool> ended_{false};
  Callback on_gone_, on_stopping_, on_writable_;
};

}  // namespace bise::http::detail
