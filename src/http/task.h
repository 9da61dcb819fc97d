#pragma once

#include <coroutine>
#include <exception>
#include <functional>
#include <optional>
#include <utility>

#include "http/event_loop.h"

namespace bise::http {

template <class T>
class Task;

namespace detail {

struct Promise {
  struct Return {  // to whoever awaits the task
    bool await_ready() noexcept { return false; }
    template <class P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> ended) noexcept {
      return ended.promise().awaiting;
    }
    void await_resume() noexcept {}
  };

  std::suspend_always initial_suspend() noexcept { return {}; }
  Return final_suspend() noexcept { return {}; }
  void unhandled_exception() { failure = std::current_exception(); }

  std::coroutine_handle<> awaiting = std::noop_coroutine();
  std::exception_ptr failure;
};

template <class T>
struct ValuePromise : Promise {
  Task<T> get_return_object();
  void return_value(T result) { value = std::move(result); }
  T take() { return std::move(*value); }
  std::optional<T> value;
};

template <>
struct ValuePromise<void> : Promise {
  Task<void> get_return_object();
  void return_void() {}
  void take() {}
};

}  // namespace detail

// A coroutine that runs while it is awaited, once. What it throws comes out where it is awaited.
template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::ValuePromise<T>;

  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) noexcept {
    handle_.promise().awaiting = awaiting;
    return handle_;
  }
  T await_resume() {
    if (handle_.promise().failure) std::rethrow_exception(handle_.promise().failure);
    return handle_.promise().take();
  }

 private:
  std::coroutine_handle<promise_type> handle_;
};

namespace detail {

template <class T>
Task<T> ValuePromise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<ValuePromise>::from_promise(*this));
}

inline Task<void> ValuePromise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<ValuePromise>::from_promise(*this));
}

struct Root {
  struct promise_type {
    Root get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

}  // namespace detail

// Runs the task now, up to where it waits; `done` (which does not throw) gets what it threw.
inline detail::Root run_task(Task<void> task, std::function<void(std::exception_ptr)> done) {
  std::exception_ptr failure;
  try {
    co_await task;
  } catch (...) {
    failure = std::current_exception();
  }
  done(failure);
}

// co_await YieldTo{loop}: whatever else the loop has to do comes first.
struct YieldTo {
  EventLoop& loop;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) const {
    loop.post([handle] { handle.resume(); });
  }
  void await_resume() const noexcept {}
};

// Where one coroutine waits for a deadline, or for notify(), whichever comes first.
class WaitPoint {
 public:
  explicit WaitPoint(EventLoop& loop) : timer_(loop) {}

  struct Wait {
    WaitPoint& point;
    Time deadline;
    bool await_ready() const noexcept { return point.notified_; }  // a notice before is as good
    void await_suspend(std::coroutine_handle<> handle) const {
      point.waiting_ = true;
      point.timer_.start(deadline, [at = &point, handle] {
        at->waiting_ = false;
        handle.resume();
      });
    }
    void await_resume() const noexcept { point.notified_ = false; }
  };

  Wait until(Time deadline) { return {*this, deadline}; }
  void notify() {
    if (!std::exchange(notified_, true) && waiting_) timer_.cancel();
  }

 private:
  Timer timer_;
  bool notified_ = false;
  bool waiting_ = false;
};

}  // namespace bise::http
