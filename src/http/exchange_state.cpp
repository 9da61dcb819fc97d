#include "http/exchange_state.h"

#include <algorithm>
#include <utility>

#include "http/response_head.h"

namespace bise::http::detail {
namespace {

void call(Callback& callback) {
  if (callback) callback();
}

}  // namespace

void append_chunk(std::string& out, std::string_view bytes, bool chunked) {
  if (!chunked) {
    out.append(bytes);
    return;
  }
  constexpr char kDigits[] = "0123456789abcdef";
  int shift = 60;
  while (shift > 0 && (bytes.size() >> shift) == 0) shift -= 4;
  for (; shift >= 0; shift -= 4) out += kDigits[(bytes.size() >> shift) & 15];
  out.append("\r\n").append(bytes).append("\r\n");
}

void ExchangeState::wake_locked() {
  if (woken_ || !wake_) return;
  woken_ = true;
  wake_();
}

bool ExchangeState::answer(Response response) {
  const std::lock_guard lock(mutex_);
  if (answered_) return false;
  answered_ = true;
  response_ = std::move(response);
  wake_locked();
  return true;
}

bool ExchangeState::fail(Failure failure) {
  const std::lock_guard lock(mutex_);
  if (answered_) return false;
  answered_ = true;
  failure_ = std::move(failure);
  wake_locked();
  return true;
}

bool ExchangeState::begin_stream(Response head, StreamOptions options) {
  const std::lock_guard lock(mutex_);
  if (answered_) return false;
  answered_ = streaming_ = true;
  if (!has_body(head.status)) without_body = true;
  response_ = std::move(head);
  options_ = std::move(options);
  const std::string_view first =
      response_.fixed_body.empty() ? std::string_view(response_.body) : response_.fixed_body;
  if (without_body)
    ended_ = true;
  else if (!first.empty())
    append_chunk(written_, first, chunked);
  response_.body.clear();
  response_.fixed_body = {};
  wake_locked();
  return true;
}

bool ExchangeState::is_answered() const {
  const std::lock_guard lock(mutex_);
  return answered_;
}

std::string ExchangeState::take_body() {
  const std::lock_guard lock(mutex_);
  return std::exchange(request.body, {});
}

void ExchangeState::abandon() {
  const std::lock_guard lock(mutex_);
  gate_open_ = true;
  if (!answered_) {
    answered_ = true;
    failure_ =
        Failure{.status = 500, .message = "the server failed at this request", .headers = {}};
  }
  wake_locked();
}

void ExchangeState::gate_passed() {
  const std::lock_guard lock(mutex_);
  gate_open_ = wants_body_ = true;
  wake_locked();
}

void ExchangeState::gate_left() {
  const std::lock_guard lock(mutex_);
  gate_open_ = true;
  wake_locked();
}

Sent ExchangeState::write(std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  if (is_stream_closed() || !streaming_) return Sent::closed;
  if (bytes.empty()) return Sent::taken;
  if (buffered_locked() >= options_.buffer_bytes_max) return Sent::full;
  append_chunk(written_, bytes, chunked);
  wake_locked();
  return Sent::taken;
}

void ExchangeState::end_stream(StreamEnd end) {
  Callback dropped;
  const std::lock_guard lock(mutex_);
  if (!streaming_ || end_ != StreamEnd::none) return;
  end_ = end;
  ended_ = true;
  dropped.swap(on_writable_);
  wake_locked();
}

void ExchangeState::when_writable(Callback callback) {
  {
    const std::lock_guard lock(mutex_);
    if (!is_stream_closed() && buffered_locked() > options_.buffer_bytes_max / 2) {
      on_writable_.swap(callback);
      return;
    }
  }
  call(callback);
}

std::size_t ExchangeState::buffered_bytes() const {
  const std::lock_guard lock(mutex_);
  return buffered_locked();
}

void ExchangeState::on_gone(Callback callback) {
  {
    const std::lock_guard lock(mutex_);
    if (complete_) return;
    if (!is_gone()) {
      on_gone_.swap(callback);
      return;
    }
  }
  call(callback);
}

void ExchangeState::on_stopping(Callback callback) {
  const std::lock_guard lock(mutex_);
  on_stopping_.swap(callback);
}

void ExchangeState::attach(Callback wake) {
  const std::lock_guard lock(mutex_);
  wake_ = std::move(wake);
}

ExchangeState::View ExchangeState::poll() {
  const std::lock_guard lock(mutex_);
  woken_ = false;
  return {.gate_open = gate_open_,
          .wants_body = wants_body_ && !answered_,
          .answered = answered_ && gate_open_,
          .streaming = streaming_};
}

Response ExchangeState::take_answer(std::optional<Failure>& failure) {
  const std::lock_guard lock(mutex_);
  failure = std::move(failure_);
  return std::move(response_);
}

StreamEnd ExchangeState::take_written(std::string& out) {
  const std::lock_guard lock(mutex_);
  woken_ = false;
  unsent_bytes_ += written_.size();
  if (out.empty())
    out.swap(written_);
  else
    out.append(written_);
  written_.clear();
  return without_body ? StreamEnd::finished : end_;
}

void ExchangeState::sent(std::size_t count) {
  Callback writable;
  {
    const std::lock_guard lock(mutex_);
    unsent_bytes_ -= std::min(count, unsent_bytes_);
    if (buffered_locked() <= options_.buffer_bytes_max / 2) writable.swap(on_writable_);
  }
  call(writable);
}

void ExchangeState::client_gone() {
  Callback gone, writable;
  {
    const std::lock_guard lock(mutex_);
    if (is_gone()) return;
    gone_ = true;
    gone.swap(on_gone_);
    writable.swap(on_writable_);
  }
  call(gone);
  call(writable);
}

void ExchangeState::stop_now() {
  Callback stopping;
  {
    const std::lock_guard lock(mutex_);
    stopping.swap(on_stopping_);
  }
  if (stopping) return stopping();
  fail({.status = 503,
        .message = "the server is stopping; try again soon",
        .headers = {{"Retry-After", "1"}}});
  end_stream(StreamEnd::cut);
}

void ExchangeState::detach(bool complete) {
  Callback dropped[4];
  const std::lock_guard lock(mutex_);
  complete_ = complete;
  gone_ = true;
  dropped[0].swap(wake_);
  dropped[1].swap(on_gone_);
  dropped[2].swap(on_stopping_);
  dropped[3].swap(on_writable_);
  written_ = std::string();
}

}  // namespace bise::http::detail
