#include "api/page/run_sink.h"

#include <utility>

namespace bise::api {

void Waker::wake() {
  const std::lock_guard lock(mutex_);
  woken_ = true;
  changed_.notify_one();
}

void Waker::wait(std::chrono::milliseconds at_most) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, at_most, [&] { return woken_; });
  woken_ = false;
}

std::vector<RunEvent> RunSink::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(events_, {});
}

void RunSink::add(RunEvent event) {
  {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
  }
  waker_->wake();
}

}  // namespace bise::api
