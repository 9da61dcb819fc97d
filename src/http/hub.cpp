#include "http/hub.h"

#include <random>

#include "base/text.h"
#include "http/connection.h"

namespace bise::http {
namespace {

constexpr std::size_t kScratchBytes = 64 * 1024;

// splitmix64: a permutation, so that ids of one process differ.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

std::uint64_t random_word() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

}  // namespace

Hub::Hub(ServerOptions options, Service service, std::size_t connections_max)
    : options_(std::move(options)),
      service_(std::move(service)),
      connections_max_(connections_max),
      scratch_(kScratchBytes),
      id_key_{random_word(), random_word()},
      workers_(options_.workers) {}

Hub::~Hub() = default;

// In the form of a UUID (version 4), because logs and tools know it.
std::string Hub::next_id() {
  constexpr char kDigits[] = "0123456789abcdef";
  const std::uint64_t count = id_count_++;
  const std::uint64_t words[2] = {mix(count ^ id_key_[0]), mix(count + id_key_[1])};
  std::string id;
  id.reserve(36);
  for (int i = 0; i < 32; ++i) {
    if (i == 8 || i == 12 || i == 16 || i == 20) id += '-';
    const auto digit = (words[i / 16] >> (i % 16 * 4)) & 15;
    id += kDigits[i == 12 ? 4 : i == 16 ? 8 | (digit & 3) : digit];
  }
  return id;
}

ServerStatistics Hub::statistics() const {
  return {.connections = connection_count_,
          .running_requests = static_cast<std::size_t>(std::max<std::int64_t>(0, running_)),
          .accepted = accepted_};
}

// ---- Connections

void Hub::add(Descriptor socket, Peer peer, bool with_tls) {
  const auto connection =
      std::make_shared<Connection>(*this, std::move(socket), std::move(peer), with_tls);
  connections_.push_back(connection);
  connection->place = std::prev(connections_.end());
  ++connection_count_;
  ++accepted_;
  connection->start();
}

void Hub::remove(Connection* connection) {
  connections_.erase(connection->place);
  --connection_count_;
  finish_if_empty();
}

bool Hub::evict_idle() {
  if (idle_.empty()) return false;
  idle_.front()->kill();
  return true;
}

Hub::IdlePlace Hub::begin_idle(Connection* connection) {
  return idle_.insert(idle_.end(), connection);
}

// ---- Requests

bool Hub::take_body_bytes(std::size_t count) {
  if (body_bytes_ + count > options_.limits.all_bodies_bytes_max) return false;
  body_bytes_ += count;
  return true;
}

// The gate's verdict. True: the handler has its turn.
bool Hub::admit(detail::ExchangeState& state) {
  Request& request = state.request;
  try {
    state.match = service_.router.match(request.method, request.path);
    request.path_values = state.match.values;
    if (std::optional<Response> refusal = service_.gate(request, state.match)) {
      state.answer(std::move(*refusal));
    }
  } catch (const std::exception& failure) {
    failed_by_exception(state, failure.what());
  }
  if (state.match.outcome == Router::Outcome::not_found) {
    state.fail({404, "there is nothing at this path", {}});
  } else if (state.match.outcome == Router::Outcome::wrong_method) {
    std::string allowed;
    for (const std::string_view method : state.match.allowed) {
      allowed += concat(allowed.empty() ? "" : ", ", method);
    }
    state.fail({405, concat("this path answers to ", allowed, " only"), {{"Allow", allowed}}});
  }
  return !state.is_answered();
}

void Hub::handle(detail::ExchangeState& state, ExchangePtr exchange) {
  const Route& route = *state.match.route;
  if (route.body_bytes_max > 0 && state.request.body.size() > route.body_bytes_max) {
    state.fail({413, concat("the body has more than ", route.body_bytes_max, " bytes"), {}});
    return;
  }
  try {
    route.handler(std::move(exchange));
  } catch (const std::exception& failure) {
    failed_by_exception(state, failure.what());
  }
}

void Hub::failed_by_exception(detail::ExchangeState& state, std::string_view what) {
  state.fail({500, "the server failed at this request", {}});
  loop_.post([this, text = concat("request ", state.request.id, ": ", what)] { report(text); });
}

void Hub::run_gate_and_handler(StatePtr state, ExchangePtr exchange) {
  workers_.post([this, state = std::move(state), exchange = std::move(exchange)]() mutable {
    const bool admitted = admit(*state);
    state->gate_left();
    if (admitted) handle(*state, std::move(exchange));
  });
}

void Hub::run_gate(StatePtr state) {
  workers_.post([this, state = std::move(state)] {
    if (admit(*state))
      state->gate_passed();
    else
      state->gate_left();
  });
}

void Hub::run_handler(StatePtr state, ExchangePtr exchange) {
  workers_.post([this, state = std::move(state), exchange = std::move(exchange)]() mutable {
    handle(*state, std::move(exchange));
  });
}

Response Hub::describe(const Failure& failure, const Request* request) {
  Response response = service_.describe_failure
                          ? service_.describe_failure(failure, request)
                          : text_response(failure.status, failure.message + "\n");
  for (const NamedValue& field : failure.headers.all()) {
    response.headers.set(field.first, field.second);
  }
  return response;
}

void Hub::finished(const AccessRecord& record) {
  if (service_.on_finished) service_.on_finished(record);
}

void Hub::report(std::string_view problem) {
  if (service_.on_problem) service_.on_problem(problem);
}

// ---- The end

void Hub::drain(std::chrono::milliseconds time) {
  if (!draining_) {
    draining_ = true;
    close_listeners();
    while (evict_idle()) {
    }
  }
  start_drain_timer(time, [this] { end_draining(); });
  finish_if_empty();
}

void Hub::start_drain_timer(std::chrono::milliseconds time, std::function<void()> callback) {
  const int start = ++drain_timer_starts_;
  drain_timer_.start(Clock::now() + time, [this, start, callback = std::move(callback)] {
    if (start == drain_timer_starts_) callback();
  });
}

void Hub::end_draining() {
  for (const auto& connection : connections_) connection->stop_request();
  start_drain_timer(options_.last_words, [this] { close_all(); });
}

void Hub::close_all() {
  for (const auto& connection : connections_) connection->kill();
}

void Hub::finish_if_empty() {
  if (!draining_ || !connections_.empty()) return;
  ++drain_timer_starts_;
  drain_timer_.cancel();
  on_drained();
}

}  // namespace bise::http
