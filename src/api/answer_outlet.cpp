#include "api/answer_job.h"
#include "http/sse.h"

namespace bise::api {

void AnswerOutlet::open_stream(http::Response head) {
  auto stream = exchange_->respond_stream(std::move(head), http::sse_options());
  {
    const std::lock_guard lock(mutex_);
    stream_ = std::move(stream);
  }
  send();
}

void AnswerOutlet::add_handle(const GenerationHandle& handle) {
  const std::lock_guard lock(mutex_);
  handles_.push_back(handle);
  if (cancelled_) handles_.back().cancel();
}

void AnswerOutlet::write(std::string_view frames) {
  if (frames.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    if (cancelled_ || after_ != After::open) return;
    pending_ += frames;
  }
  send();
}

void AnswerOutlet::finish() {
  {
    const std::lock_guard lock(mutex_);
    if (after_ == After::open) after_ = After::finish;
  }
  send();
}

void AnswerOutlet::fail_stream(std::string_view frame) {
  {
    const std::lock_guard lock(mutex_);
    if (cancelled_ || after_ != After::open) return;
    pending_ += frame;
    after_ = After::close;
    for (GenerationHandle& handle : handles_) handle.cancel();
  }
  send();
}

void AnswerOutlet::respond(http::Response response) {
  exchange_->respond(std::move(response));
}

void AnswerOutlet::fail(const ApiError& error) {
  exchange_->respond(error_response(error, &exchange_->request()));
}

void AnswerOutlet::cancel() {
  const std::lock_guard lock(mutex_);
  cancel_locked();
}

bool AnswerOutlet::is_cancelled() const {
  const std::lock_guard lock(mutex_);
  return cancelled_;
}

void AnswerOutlet::cancel_locked() {
  cancelled_ = true;
  pending_.clear();
  for (GenerationHandle& handle : handles_) handle.cancel();
}

void AnswerOutlet::set_paused_locked(bool paused) {
  for (GenerationHandle& handle : handles_) handle.set_paused(paused);
}

void AnswerOutlet::send() {
  std::shared_ptr<http::ResponseStream> stream;
  {
    const std::lock_guard lock(mutex_);
    if (stream_ == nullptr || waits_) return;
    stream = stream_;
    const http::Sent sent = pending_.empty() ? http::Sent::taken : stream->write(pending_);
    if (sent == http::Sent::closed) {
      cancel_locked();
      return;
    }
    if (sent == http::Sent::taken) {
      pending_.clear();
      if (after_ == After::finish) stream->finish();
      if (after_ == After::close) stream->finish_and_close();
      return;
    }
    waits_ = true;
    set_paused_locked(true);
  }
  // It may call back at once, on this thread.
  stream->when_writable([self = shared_from_this()] {
    {
      const std::lock_guard lock(self->mutex_);
      self->waits_ = false;
      self->set_paused_locked(false);
    }
    self->send();
  });
}

}  // namespace bise::api
