#include "http/server.h"

#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/check.h"
#include "base/text.h"
#include "http/hub.h"
#include "http/socket.h"
#include "http/task.h"
#include "http/transport.h"

namespace bise::http {
namespace {

// Descriptors that connections leave to files, the store and libraries.
constexpr std::size_t kOtherDescriptors = 128;
constexpr std::size_t kConnectionsMin = 64;
// Connections taken in a row before those that are open have their turn.
constexpr int kAcceptsInARow = 64;
constexpr std::chrono::milliseconds kPauseWhenFull{20};
constexpr std::chrono::milliseconds kPauseWithoutDescriptors{100};
constexpr std::chrono::seconds kReportInterval{10};

struct Listener {
  Listener(EventLoop& loop, Descriptor descriptor, bool tls)
      : socket(loop, std::move(descriptor)), waiting(loop), with_tls(tls) {}

  WatchedSocket socket;
  WaitPoint waiting;
  bool with_tls;
};

}  // namespace

class Server::Impl {
 public:
  Impl(ServerOptions options, Service service, std::size_t connections_max)
      : hub_(std::move(options), std::move(service), connections_max) {}

  Result<void> listen();
  Result<void> load_certificates();
  void run();

  std::uint16_t port() const { return port_; }
  const Hub& hub() const { return hub_; }
  Result<void> reload_certificates();
  void drain(std::chrono::milliseconds time);
  void wait();
  void stop();

 private:
  Task<void> accept_all(Listener& listener);
  void add(Descriptor socket, bool with_tls);
  void close_listeners();
  void report_full();
  void serve();

  Hub hub_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::uint16_t port_ = 0;
  bool unix_path_is_ours_ = false;
  Time reported_ = {};
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool has_ended_ = false;  // with the mutex
};

Result<void> Server::Impl::listen() {
  const ServerOptions& options = hub_.options();
  if (!options.host.empty()) {
    auto sockets = TRY(listen_on_tcp(options.host, options.port));
    port_ = port_of(sockets.front());
    for (Descriptor& socket : sockets) add(std::move(socket), options.tls.has_value());
  }
  if (!options.unix_path.empty()) {
    add(TRY(listen_on_unix(options.unix_path, options.unix_mode)), false);
    unix_path_is_ours_ = true;
  }
  if (listeners_.empty()) {
    return Error{ErrorCode::invalid_argument, "no address to listen on: neither host nor socket"};
  }
  return {};
}

void Server::Impl::add(Descriptor socket, bool with_tls) {
  listeners_.push_back(std::make_unique<Listener>(hub_.loop(), std::move(socket), with_tls));
}

Result<void> Server::Impl::load_certificates() {
  if (hub_.options().tls) hub_.tls = TRY(load_tls(*hub_.options().tls));
  return {};
}

Result<void> Server::Impl::reload_certificates() {
  if (!hub_.options().tls) return {};
  auto context = TRY(load_tls(*hub_.options().tls));
  hub_.loop().post([this, context = std::move(context)] { hub_.tls = context; });
  return {};
}

void Server::Impl::run() {
  hub_.close_listeners = [this] { close_listeners(); };
  hub_.on_drained = [this] { hub_.loop().release(); };
  for (const auto& listener : listeners_) {
    run_task(accept_all(*listener), [](const std::exception_ptr&) {});
  }
  thread_ = std::thread([this] { serve(); });
}

void Server::Impl::serve() {
  for (;;) {
    try {
      hub_.loop().run();
      break;
    } catch (const std::exception& failure) {
      // Out of memory while something was posted: what it was for times out.
      hub_.report(failure.what());
    }
  }
  const std::lock_guard lock(mutex_);
  has_ended_ = true;
  ended_.notify_all();
}

Task<void> Server::Impl::accept_all(Listener& listener) {
  int accepted = 0;
  while (listener.socket.is_open()) {
    if (hub_.is_full()) {
      if (!hub_.evict_idle()) report_full();
      co_await listener.waiting.until(Clock::now() + kPauseWhenFull);
      continue;
    }
    Descriptor connection;
    Peer peer;
    switch (accept_from(listener.socket.fd(), connection, peer)) {
      case Accepting::accepted:
        hub_.add(std::move(connection), std::move(peer), listener.with_tls);
        if (++accepted % kAcceptsInARow == 0) {
          co_await YieldTo{hub_.loop()};
        }
        break;
      case Accepting::none_waiting:
        listener.socket.when_ready(WatchedSocket::Direction::read,
                                   [&listener] { listener.waiting.notify(); });
        co_await listener.waiting.until(Time::max());
        break;
      case Accepting::no_descriptors:
        hub_.evict_idle();
        report_full();
        co_await listener.waiting.until(Clock::now() + kPauseWithoutDescriptors);
        break;
      case Accepting::failed:
        co_await YieldTo{hub_.loop()};
        break;
    }
  }
}

void Server::Impl::report_full() {
  const auto now = Clock::now();
  if (now - reported_ < kReportInterval) return;
  reported_ = now;
  hub_.report(concat("no room for more connections (", hub_.statistics().connections,
                     " are open); new ones wait. The limit of open files (ulimit -n) bounds them"));
}

void Server::Impl::close_listeners() {
  for (const auto& listener : listeners_) {
    listener->socket.close();
    listener->waiting.notify();
  }
  if (std::exchange(unix_path_is_ours_, false)) ::unlink(hub_.options().unix_path.c_str());
}

void Server::Impl::drain(std::chrono::milliseconds time) {
  hub_.loop().post([this, time] { hub_.drain(time); });
}

void Server::Impl::wait() {
  std::unique_lock lock(mutex_);
  ended_.wait(lock, [this] { return has_ended_; });
}

void Server::Impl::stop() {
  if (!thread_.joinable()) return;
  hub_.loop().post([this] {
    hub_.drain(std::chrono::milliseconds(0));
    hub_.close_all();
  });
  thread_.join();
  hub_.stop_workers();
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() {
  stop();
}

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, Service service) {
  CHECK(service.gate != nullptr);
  std::size_t connections_max = raise_descriptor_limit();
  connections_max =
      std::max(kConnectionsMin, connections_max - std::min(connections_max, kOtherDescriptors));
  if (options.limits.connections_max > 0) {
    connections_max = std::min(connections_max, options.limits.connections_max);
  }
  auto impl = std::make_unique<Impl>(std::move(options), std::move(service), connections_max);
  TRY_VOID(impl->load_certificates());
  TRY_VOID(impl->listen());
  impl->run();
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

std::uint16_t Server::port() const {
  return impl_->port();
}

const Router& Server::router() const {
  return impl_->hub().service().router;
}

ServerStatistics Server::statistics() const {
  return impl_->hub().statistics();
}

Result<void> Server::reload_tls() {
  return impl_->reload_certificates();
}

void Server::drain(std::chrono::milliseconds time) {
  impl_->drain(time);
}

void Server::wait() {
  impl_->wait();
}

void Server::stop() {
  impl_->stop();
}

}  // namespace bise::http
