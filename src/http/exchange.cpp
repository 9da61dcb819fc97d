#include "http/exchange.h"

#include <utility>

#include "http/exchange_state.h"

namespace bise::http {

ResponseStream::ResponseStream(std::shared_ptr<detail::ExchangeState> state)
    : state_(std::move(state)) {}

ResponseStream::~ResponseStream() {
  abort();
}

Sent ResponseStream::write(std::string_view bytes) {
  return state_->write(bytes);
}

void ResponseStream::when_writable(std::function<void()> callback) {
  state_->when_writable(std::move(callback));
}

std::size_t ResponseStream::buffered_bytes() const {
  return state_->buffered_bytes();
}

bool ResponseStream::closed() const {
  return state_->is_stream_closed();
}

void ResponseStream::finish() {
  state_->end_stream(detail::StreamEnd::finished);
}

void ResponseStream::finish_and_close() {
  state_->end_stream(detail::StreamEnd::finished_and_close);
}

void ResponseStream::abort() {
  state_->end_stream(detail::StreamEnd::cut);
}

Exchange::Exchange(std::shared_ptr<detail::ExchangeState> state) : state_(std::move(state)) {}

Exchange::~Exchange() {
  state_->abandon();
}

const Request& Exchange::request() const {
  return state_->request;
}

std::string Exchange::take_body() {
  return state_->take_body();
}

void Exchange::respond(Response response) {
  state_->answer(std::move(response));
}

std::shared_ptr<ResponseStream> Exchange::respond_stream(Response head, StreamOptions options) {
  if (state_->begin_stream(std::move(head), std::move(options))) {
    return std::make_shared<ResponseStream>(state_);
  }
  // An answer is there already; a state of its own, so that this stream cannot end the real one.
  const auto closed = std::make_shared<detail::ExchangeState>();
  closed->client_gone();
  return std::make_shared<ResponseStream>(closed);
}

bool Exchange::closed() const {
  return state_->is_gone();
}

void Exchange::on_closed(std::function<void()> callback) {
  state_->on_gone(std::move(callback));
}

void Exchange::on_stopping(std::function<void()> callback) {
  state_->on_stopping(std::move(callback));
}

Handler answer_with(std::function<Response(const Request&)> answer) {
  return [answer = std::move(answer)](const ExchangePtr& exchange) {
    exchange->respond(answer(exchange->request()));
  };
}

}  // namespace bise::http
