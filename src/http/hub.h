#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/event_loop.h"
#include "http/exchange_state.h"
#include "http/server.h"
#include "http/socket.h"
#include "http/transport.h"
#include "http/worker_pool.h"

namespace bise::http {

class Connection;
using StatePtr = std::shared_ptr<detail::ExchangeState>;

// What the connections of a server share. All of it belongs to the server's thread, but for what is
// constant and what says otherwise.
class Hub {
 public:
  Hub(ServerOptions options, Service service, std::size_t connections_max);
  ~Hub();

  EventLoop& loop() { return loop_; }
  const ServerOptions& options() const { return options_; }
  const Service& service() const { return service_; }
  std::string next_id();
  bool draining() const { return draining_; }
  ServerStatistics statistics() const;  // any thread

  // ---- Connections
  void add(Descriptor socket, Peer peer, bool with_tls);
  void remove(Connection* connection);
  bool is_full() const { return connections_.size() >= connections_max_; }
  // Closes the connection that has been idle for longest; false: there is none.
  bool evict_idle();
  using IdlePlace = std::list<Connection*>::iterator;
  IdlePlace begin_idle(Connection* connection);
  void end_idle(IdlePlace place) { idle_.erase(place); }
  // One buffer for all: whoever reads takes the bytes before it waits again.
  std::span<char> scratch() { return scratch_; }
  std::shared_ptr<const TlsContext> tls;

  // ---- Requests
  void count_running(int change) { running_ += change; }
  // Whether that much more of bodies may be kept.
  bool take_body_bytes(std::size_t count);
  void give_back_body_bytes(std::size_t count) { body_bytes_ -= count; }
  // On a worker: the gate, and what it lets pass to the handler. Or each by itself.
  void run_gate_and_handler(StatePtr state, ExchangePtr exchange);
  void run_gate(StatePtr state);
  void run_handler(StatePtr state, ExchangePtr exchange);
  Response describe(const Failure& failure, const Request* request);
  void finished(const AccessRecord& record);
  void report(std::string_view problem);

  // ---- The end
  void drain(std::chrono::milliseconds time);
  void close_all();
  // Called once nothing is left.
  std::function<void()> on_drained;
  std::function<void()> close_listeners;

  void stop_workers() { workers_.stop(); }  // not on the server's thread

 private:
  bool admit(detail::ExchangeState& state);
  void handle(detail::ExchangeState& state, ExchangePtr exchange);
  void failed_by_exception(detail::ExchangeState& state, std::string_view what);
  void start_drain_timer(std::chrono::milliseconds time, std::function<void()> callback);
  void end_draining();
  void finish_if_empty();

  const ServerOptions options_;
  const Service service_;
  const std::size_t connections_max_;
  EventLoop loop_;
  Timer drain_timer_{loop_};
  int drain_timer_starts_ = 0;
  std::list<std::shared_ptr<Connection>> connections_;
  std::list<Connection*> idle_;
  std::vector<char> scratch_;
  std::size_t body_bytes_ = 0;
  std::uint64_t id_key_[2];
  std::uint64_t id_count_ = 0;
  bool draining_ = false;
  std::atomic<std::size_t> connection_count_{0};
  std::atomic<std::int64_t> running_{0};
  std::atomic<std::uint64_t> accepted_{0};
  WorkerPool workers_;  // last: its threads use the rest
};

}  // namespace bise::http
