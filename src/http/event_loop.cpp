#include "http/event_loop.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>

namespace bise::http {

namespace asio = boost::asio;

struct EventLoop::Impl {
  asio::io_context io{1};
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work{io.get_executor()};
};

EventLoop::EventLoop() : impl_(std::make_unique<Impl>()) {}
EventLoop::~EventLoop() = default;

void EventLoop::run() {
  impl_->io.run();
}

void EventLoop::release() {
  impl_->work.reset();
}

void EventLoop::post(std::function<void()> callback) {
  asio::post(impl_->io, std::move(callback));
}

struct Timer::Impl {
  asio::steady_timer timer;
};

Timer::Timer(EventLoop& loop)
    : impl_(std::make_unique<Impl>(Impl{asio::steady_timer(loop.impl().io)})) {}

Timer::~Timer() = default;

void Timer::start(Time time, std::function<void()> callback) {
  impl_->timer.expires_at(time);
  impl_->timer.async_wait(
      [callback = std::move(callback)](const boost::system::error_code&) { callback(); });
}

void Timer::cancel() {
  impl_->timer.cancel();
}

struct WatchedSocket::Impl {
  asio::posix::stream_descriptor descriptor;
};

WatchedSocket::WatchedSocket(EventLoop& loop, Descriptor socket)
    : impl_(std::make_unique<Impl>(
          Impl{asio::posix::stream_descriptor(loop.impl().io, socket.release())})) {}

WatchedSocket::~WatchedSocket() = default;

int WatchedSocket::fd() const {
  return impl_->descriptor.native_handle();
}

bool WatchedSocket::is_open() const {
  return impl_->descriptor.is_open();
}

void WatchedSocket::when_ready(Direction direction, std::function<void()> callback) {
  impl_->descriptor.async_wait(
      direction == Direction::read ? asio::posix::stream_descriptor::wait_read
                                   : asio::posix::stream_descriptor::wait_write,
      [callback = std::move(callback)](const boost::system::error_code&) { callback(); });
}

void WatchedSocket::close() {
  boost::system::error_code ignored;
  impl_->descriptor.close(ignored);
}

}  // namespace bise::http
