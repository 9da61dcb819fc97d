#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "http/socket.h"

namespace bise::http {

using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;

// One thread's loop over timers and sockets. It is Boost.Asio, kept to one file because of what its
// headers cost every other. All but post() belongs to the thread that runs it. Callbacks come from
// the loop, never from within the call that causes them.
class EventLoop {
 public:
  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Until release() was called and nothing is waited for any more. What a callback throws comes
  // out; run() may be called again then.
  void run();
  void release();
  void post(std::function<void()> callback);  // any thread

  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

class Timer {
 public:
  explicit Timer(EventLoop& loop);
  ~Timer();  // not while it waits, unless the loop has ended

  // Calls back once: when the time has come, or after cancel(). A second start() cancels the first.
  void start(Time time, std::function<void()> callback);
  void cancel();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A socket whose readiness the loop watches.
class WatchedSocket {
 public:
  enum class Direction { read, write };

  WatchedSocket(EventLoop& loop, Descriptor socket);
  ~WatchedSocket();

  int fd() const;
  bool is_open() const;
  // Calls back once: when the socket may be read or written, or was closed.
  void when_ready(Direction direction, std::function<void()> callback);
  void close();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bise::http
