#include "http/connection.h"

#include <algorithm>

#include "base/text.h"

namespace bise::http {
namespace {

// Bodies up to here are read before the gate sees the request: it saves a change of threads, and a
// refusal leaves the connection usable. Larger ones have to be let in first.
constexpr std::size_t kSmallBodyBytes = 64 * 1024;
// What a client may send ahead while its request is answered; beyond it is left to wait.
constexpr std::size_t kAheadBytesMax = 64 * 1024;
// How long, and for how many bytes, a client that was answered early may go on sending.
constexpr std::chrono::seconds kLingerTime{2};
constexpr std::size_t kLingerBytesMax = 64u << 20;

using Kind = IoResult::Kind;

}  // namespace

Connection::Connection(Hub& hub, Descriptor socket, Peer peer, bool with_tls)
    : hub_(hub),
      socket_(hub.loop(), std::move(socket)),
      waiting_(hub.loop()),
      transport_(with_tls && hub.tls ? hub.tls->accept(socket_.fd())
                                     : plain_transport(socket_.fd())),
      peer_(std::move(peer)),
      with_tls_(with_tls) {}

void Connection::start() {
  run_task(run(), [self = shared_from_this()](const std::exception_ptr& failure) {
    // Running out of memory, or a failure of the system: it costs this connection only.
    self->kill();
    if (failure && self->state_) {
      self->lose_client(Ending::cut);
      self->end_request();
    }
    self->hub_.remove(self.get());
  });
}

void Connection::kill() {
  if (std::exchange(killed_, true)) return;
  end_idle();
  socket_.close();
  waiting_.notify();
}

void Connection::stop_request() {
  if (state_) state_->stop_now();
}

// ---- Waiting

// Has the system tell when the socket is ready for what an attempt found it was not.
void Connection::watch(Kind kind) {
  const bool write = kind == Kind::wait_writable;
  bool& watching = write ? watching_write_ : watching_read_;
  if (watching || killed_) return;
  watching = true;
  using Direction = WatchedSocket::Direction;
  socket_.when_ready(write ? Direction::write : Direction::read,
                     [self = shared_from_this(), &watching] {
                       watching = false;
                       self->waiting_.notify();
                     });
}

template <class Feed>
Kind Connection::take_input(const Feed& feed) {
  if (!input_.empty()) {
    std::string_view rest = input_;
    feed(rest);
    input_.erase(0, input_.size() - rest.size());
    if (input_.empty()) input_ = std::string();
    return Kind::done;
  }
  const std::span<char> scratch = hub_.scratch();
  const IoResult result = transport_->read(scratch);
  if (result.kind == Kind::done) {
    std::string_view rest(scratch.data(), result.count);
    feed(rest);
    input_.assign(rest);
  }
  return result.kind;
}

// ---- A connection's life

Task<void> Connection::run() {
  begin_idle();
  bool go_on = co_await shake_hands();
  end_idle();
  while (go_on && !killed_ && !hub_.draining()) go_on = co_await serve_one();
  co_await leave();
}

Task<bool> Connection::shake_hands() {
  const Time deadline = Clock::now() + hub_.options().limits.header_timeout;
  for (;;) {
    if (killed_ || Clock::now() >= deadline) co_return false;
    const IoResult result = transport_->handshake();
    if (result.kind == Kind::done) co_return true;
    if (result.kind == Kind::ended || result.kind == Kind::failed) {
      unread_ = true;
      co_return false;
    }
    watch(result.kind);
    co_await waiting_.until(deadline);
  }
}

Task<bool> Connection::serve_one() {
  const Limits& limits = hub_.options().limits;
  HeadReader reader(
      {.bytes_max = limits.header_bytes_max, .target_bytes_max = limits.target_bytes_max});
  began_ = {};
  begin_idle();
  const bool read = co_await read_head(reader);
  end_idle();
  if (!read) co_return false;

  RequestHead& head = reader.head();
  state_ = std::make_shared<detail::ExchangeState>();
  state_->request = std::move(head.request);
  state_->chunked = head.minor_version == 1;
  state_->without_body = state_->request.method == "HEAD";
  state_->attach([this_weakly = weak_from_this(), &loop = hub_.loop()] {
    loop.post([this_weakly] {
      if (const auto self = this_weakly.lock()) self->wake();
    });
  });
  exchange_ = std::make_shared<Exchange>(state_);
  hub_.count_running(1);
  co_await exchange(head);
  end_request();
  co_return keep_alive_ && !is_lost() && !client_ended_;
}

void Connection::end_request() {
  hub_.count_running(-1);
  hub_.give_back_body_bytes(std::exchange(bytes_accounted_, 0));
  finish_record(state_->request);
  state_->detach(ending_ == Ending::complete);
  exchange_ = nullptr;
  state_ = nullptr;
}

void Connection::begin_idle() {
  if (!killed_) idle_ = hub_.begin_idle(this);
}

void Connection::end_idle() {
  if (idle_) hub_.end_idle(*std::exchange(idle_, std::nullopt));
}

// False: there is no request; what had to be said about that has been said.
Task<bool> Connection::read_head(HeadReader& reader) {
  const Limits& limits = hub_.options().limits;
  Time deadline = Clock::now() + limits.idle_timeout;
  while (!killed_) {
    Reading reading = Reading::needs_more;
    const Kind kind = take_input([&](std::string_view& bytes) { reading = reader.feed(bytes); });
    if (began_ == Time() && (reader.has_begun() || reading != Reading::needs_more)) {
      began_ = Clock::now();
      deadline = began_ + limits.header_timeout;
      Request& request = reader.head().request;
      request.id = hub_.next_id();
      request.peer_address = peer_.address;
      request.peer_port = peer_.port;
      request.over_tls = with_tls_;
    }
    if (reading == Reading::done) co_return true;
    if (reading == Reading::failed) {
      co_await refuse(reader.head(), reader.failure());
      break;
    }
    if (kind == Kind::ended || kind == Kind::failed) break;
    if (kind != Kind::done) {
      watch(kind);
      co_await waiting_.until(deadline);
    }
    if (Clock::now() >= deadline) {
      if (!reader.has_begun()) break;
      BadRequest late{408,
                      concat("the header took longer than ", limits.header_timeout.count(), " ms")};
      co_await refuse(reader.head(), std::move(late));
      break;
    }
  }
  co_return false;
}

// From the head to the end of the answer.
Task<void> Connection::exchange(RequestHead& head) {
  ending_ = Ending::complete;
  status_ = 0;
  bytes_received_ = bytes_sent_ = 0;
  keep_alive_ = head.keep_alive;
  const bool small = head.body_form == BodyForm::length && head.content_length <= kSmallBodyBytes &&
                     !head.expects_continue;
  bool whole = head.body_form == BodyForm::none;
  if (whole || small) {
    if (small) whole = co_await read_body(head, hub_.options().limits.body_bytes_max);
    if (whole)
      hub_.run_gate_and_handler(state_, std::move(exchange_));
    else
      state_->gate_left();
  } else {
    hub_.run_gate(state_);
    whole = co_await read_large_body(head);
    if (whole) hub_.run_handler(state_, std::move(exchange_));
  }
  if (!whole) keep_alive_ = false;
  if (!whole) unread_ = true;
  const auto view = co_await settle(false);
  if (!is_lost() && view.answered && ending_ == Ending::complete) {
    co_await send_answer(head, view.streaming);
  } else if (ending_ == Ending::complete) {
    ending_ = killed_ ? Ending::cut : Ending::client_gone;
  }
}

// Waits for the gate, then for the body. False: there is an answer before the body was read, or
// nobody to answer.
Task<bool> Connection::read_large_body(const RequestHead& head) {
  const auto view = co_await settle(true);
  if (!view.wants_body || is_lost()) co_return false;
  const Route& route = *state_->match.route;
  const std::size_t bytes_max =
      route.body_bytes_max > 0 ? route.body_bytes_max : hub_.options().limits.body_bytes_max;
  if (head.expects_continue && input_.empty() &&
      !(head.body_form == BodyForm::length && head.content_length > bytes_max)) {
    if (!co_await send("HTTP/1.1 100 Continue\r\n\r\n", {})) co_return false;
  }
  co_return co_await read_body(head, bytes_max);
}

Task<bool> Connection::read_body(const RequestHead& head, std::size_t bytes_max) {
  const Limits& limits = hub_.options().limits;
  BodyReader reader(head, bytes_max);
  std::string& body = state_->request.body;
  const Time began = Clock::now();
  int reads = 0;
  while (!is_lost() && reader.state() == Reading::needs_more) {
    const Kind kind = take_input([&](std::string_view& bytes) { reader.feed(bytes, body); });
    bytes_received_ = body.size();
    if (reader.state() != Reading::needs_more) break;
    if (!hub_.take_body_bytes(body.size() - bytes_accounted_)) {
      state_->fail({503,
                    "the bodies of other requests take all the room there is; try again soon",
                    {{"Retry-After", "1"}}});
      co_return false;
    }
    bytes_accounted_ = body.size();
    if (kind == Kind::ended || kind == Kind::failed) {
      lose_client(Ending::client_gone);
      break;
    }
    const std::chrono::milliseconds earned(body.size() * 1000 / limits.body_bytes_per_second_min);
    const Time deadline = began + limits.body_grace + earned;
    if (kind != Kind::done) {
      watch(kind);
      co_await waiting_.until(deadline);
    } else if (++reads % kStepsInARow == 0) {
      co_await YieldTo{hub_.loop()};
    }
    if (Clock::now() >= deadline) {
      state_->fail({408, "the body came too slowly", {}});
      co_return false;
    }
  }
  if (reader.state() == Reading::failed) {
    state_->fail({reader.failure().status, reader.failure().message, {}});
  }
  co_return reader.state() == Reading::done && !is_lost();
}

// Waits for an answer (or, first, for the gate to ask for the body), with an eye on the client. The
// gate is always waited for: until then the request is its own.
Task<detail::ExchangeState::View> Connection::settle(bool until_gate) {
  for (;;) {
    const auto view = state_->poll();
    if (view.answered || (until_gate && view.wants_body)) co_return view;
    if (!is_lost()) look_at_client();
    if (killed_) state_->client_gone();
    if (is_lost() && view.gate_open) co_return view;
    co_await waiting_.until(Time::max());
  }
}

void Connection::look_at_client() {
  while (!client_ended_ && input_.size() < kAheadBytesMax) {
    const std::span<char> scratch = hub_.scratch();
    const IoResult result = transport_->read(scratch);
    if (result.kind == Kind::done) {
      input_.append(scratch.data(), result.count);
    } else if (result.kind == Kind::ended) {
      // It may still read: an answer is sent if one comes, but nobody need go on for its sake.
      client_ended_ = true;
      state_->client_gone();
    } else if (result.kind == Kind::failed) {
      return lose_client(Ending::client_gone);
    } else {
      return watch(result.kind);
    }
  }
}

void Connection::lose_client(Ending ending) {
  lost_ = true;
  if (ending_ == Ending::complete) ending_ = ending;
  if (state_) state_->client_gone();
}

void Connection::finish_record(const Request& request) {
  using std::chrono::microseconds;
  const Route* route = state_ ? state_->match.route : nullptr;
  hub_.finished({.request = request,
                 .route = route,
                 .status = status_,
                 .ending = ending_,
                 .bytes_received = bytes_received_,
                 .bytes_sent = bytes_sent_,
                 .duration = std::chrono::duration_cast<microseconds>(Clock::now() - began_)});
}

// If the client may still be sending, closing at once would reset the connection, and the answer
// could be lost on its way; so its bytes are taken for a while.
Task<void> Connection::leave() {
  if (is_lost()) co_return;
  transport_->end_writing();
  if (!unread_ && input_.empty()) co_return;
  input_ = std::string();
  begin_idle();
  const Time deadline = Clock::now() + kLingerTime;
  std::size_t taken = 0;
  while (!killed_ && taken < kLingerBytesMax && Clock::now() < deadline) {
    // Past the transport: what is thrown away need not be decrypted.
    const std::span<char> scratch = hub_.scratch();
    const IoResult result = read_plain(socket_.fd(), scratch);
    if (result.kind == Kind::done) {
      taken += result.count;
    } else if (result.kind == Kind::wait_readable) {
      watch(result.kind);
      co_await waiting_.until(deadline);
    } else {
      break;
    }
  }
  end_idle();
}

}  // namespace bise::http
