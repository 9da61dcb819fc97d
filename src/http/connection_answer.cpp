#include <utility>

#include "http/connection.h"
#include "http/response_head.h"

namespace bise::http {
namespace {

// What one write takes at most, so that a fast reader does not hold up others.
constexpr std::size_t kWriteBytesMax = 256 * 1024;
// An answer's body up to here goes out in one piece with its head.
constexpr std::size_t kJoinedBytesMax = 16 * 1024;
// What a quiet stream keeps of its buffer.
constexpr std::size_t kKeptBytesMax = 16 * 1024;

using Kind = IoResult::Kind;

}  // namespace

Task<void> Connection::send_answer(const RequestHead& head, bool streaming) {
  std::optional<Failure> failure;
  Response response = state_->take_answer(failure);
  if (failure) response = hub_.describe(*failure, &state_->request);
  status_ = response.status;
  if (hub_.draining() || client_ended_) keep_alive_ = false;
  const std::string_view body =
      response.fixed_body.empty() ? std::string_view(response.body) : response.fixed_body;
  Framing framing = Framing::none;
  if (has_body(status_)) {
    framing = !streaming        ? Framing::length
              : state_->chunked ? Framing::chunked
                                : Framing::to_the_end;
  }
  if (framing == Framing::to_the_end) keep_alive_ = false;
  std::string text = response_head(response, {.framing = framing,
                                              .body_bytes = body.size(),
                                              .keep_alive = keep_alive_,
                                              .minor_version = head.minor_version,
                                              .id_headers = hub_.options().id_headers,
                                              .request = state_->request});
  if (streaming) {
    co_await send_stream(std::move(text), framing == Framing::chunked);
  } else if (state_->without_body || framing == Framing::none) {
    co_await send(text, {});
  } else if (body.size() <= kJoinedBytesMax) {
    text.append(body);
    co_await send(text, {});
  } else {
    co_await send(text, body);
  }
}

// Both, one after the other. False: the client has gone, or takes nothing any more.
Task<bool> Connection::send(std::string_view first, std::string_view second) {
  Time progress = Clock::now();
  int writes = 0;
  while (!is_lost() && !(first.empty() && second.empty())) {
    if (first.empty()) first = std::exchange(second, {});
    const IoResult result = transport_->write(first.substr(0, kWriteBytesMax), !second.empty());
    if (result.kind == Kind::done) {
      first.remove_prefix(result.count);
      bytes_sent_ += result.count;
      progress = Clock::now();
      if (++writes % kStepsInARow == 0) co_await YieldTo{hub_.loop()};
      continue;
    }
    if (result.kind == Kind::ended || result.kind == Kind::failed) {
      lose_client(Ending::client_gone);
      break;
    }
    watch(result.kind);
    const Time deadline = progress + hub_.options().limits.write_timeout;
    co_await waiting_.until(deadline);
    if (Clock::now() >= deadline) lose_client(Ending::timed_out);
  }
  co_return !is_lost();
}

Task<void> Connection::send_stream(std::string text, bool chunked) {
  const auto& options = state_->stream_options();
  std::size_t sent = 0;  // of text
  int writes = 0;
  Time progress = Clock::now();
  while (!is_lost()) {
    auto end = detail::StreamEnd::none;
    if (sent == text.size()) {
      text.clear();
      if (text.capacity() > kKeptBytesMax) text = std::string();
      sent = 0;
      end = state_->take_written(text);
    }
    bool blocked = false;
    if (!text.empty()) {
      const IoResult result = transport_->write(std::string_view(text).substr(sent), false);
      if (result.kind == Kind::done) {
        sent += result.count;
        bytes_sent_ += result.count;
        progress = Clock::now();
        state_->sent(result.count);
        if (++writes % kStepsInARow == 0) co_await YieldTo{hub_.loop()};
        continue;
      }
      blocked = true;
      if (result.kind == Kind::ended || result.kind == Kind::failed) {
        lose_client(Ending::client_gone);
        break;
      }
      watch(result.kind);
    } else if (end != detail::StreamEnd::none) {
      if (end != detail::StreamEnd::finished) keep_alive_ = false;
      if (end == detail::StreamEnd::cut)
        ending_ = Ending::cut;
      else if (chunked && !state_->without_body)
        co_await send("0\r\n\r\n", {});
      co_return;
    }
    look_at_client();
    if (client_ended_ && !blocked) lose_client(Ending::client_gone);
    if (is_lost()) break;
    const Time deadline = blocked ? progress + hub_.options().limits.write_timeout
                          : options.keep_alive.empty() ? Time::max()
                                                       : progress + options.keep_alive_after;
    co_await waiting_.until(deadline);
    if (Clock::now() < deadline) continue;
    if (blocked)
      lose_client(Ending::timed_out);
    else
      detail::append_chunk(text, options.keep_alive, chunked);
  }
  if (killed_ && ending_ == Ending::complete) ending_ = Ending::cut;
  if (killed_) state_->client_gone();
}

// The answer to what is no request. Its path, where that much was read, says in whose form.
Task<void> Connection::refuse(const RequestHead& head, BadRequest failure) {
  const Request* request = head.request.path.empty() ? nullptr : &head.request;
  const Response response = hub_.describe({failure.status, failure.message, {}}, request);
  const std::string_view body =
      response.fixed_body.empty() ? std::string_view(response.body) : response.fixed_body;
  std::string text = response_head(response, {.framing = Framing::length,
                                              .body_bytes = body.size(),
                                              .keep_alive = false,
                                              .minor_version = 1,
                                              .id_headers = hub_.options().id_headers,
                                              .request = head.request});
  ending_ = Ending::complete;
  bytes_received_ = bytes_sent_ = 0;
  unread_ = true;
  status_ = response.status;
  text.append(body);
  co_await send(text, {});
  finish_record(head.request);
}

}  // namespace bise::http
