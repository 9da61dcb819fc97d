#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/event_loop.h"
#include "http/hub.h"
#include "http/request_reader.h"
#include "http/task.h"

namespace bise::http {

// One client: reads requests, has them answered one after the other, and ends. Lives on the
// server's thread. Its coroutine waits at one point, for whatever comes first: bytes, room for
// bytes, an answer, a deadline.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Hub& hub, Descriptor socket, Peer peer, bool with_tls);

  void start();
  // The answer's state has changed.
  void wake() { waiting_.notify(); }
  // The time for draining is over: whoever answers may say its last words.
  void stop_request();
  // Closes at once.
  void kill();

  std::list<std::shared_ptr<Connection>>::iterator place;  // the hub's

 private:
  // Reads or writes of a large body before other connections get their turn.
  static constexpr int kStepsInARow = 8;

  Task<void> run();
  Task<bool> shake_hands();
  Task<bool> serve_one();
  Task<bool> read_head(HeadReader& reader);
  Task<void> exchange(RequestHead& head);
  Task<bool> read_large_body(const RequestHead& head);
  Task<bool> read_body(const RequestHead& head, std::size_t bytes_max);
  Task<detail::ExchangeState::View> settle(bool until_gate);
  Task<void> send_answer(const RequestHead& head, bool streaming);
  Task<bool> send(std::string_view first, std::string_view second);
  Task<void> send_stream(std::string head, bool chunked);
  Task<void> refuse(const RequestHead& head, BadRequest failure);
  Task<void> leave();

  void watch(IoResult::Kind kind);
  // Takes what has come, once, into `feed` (which leaves what it does not take).
  template <class Feed>
  IoResult::Kind take_input(const Feed& feed);
  void look_at_client();
  void lose_client(Ending ending);
  void begin_idle();
  void end_idle();
  void end_request();
  void finish_record(const Request& request);
  bool is_lost() const { return lost_ || killed_; }

  Hub& hub_;
  WatchedSocket socket_;
  WaitPoint waiting_;
  std::unique_ptr<Transport> transport_;
  const Peer peer_;
  const bool with_tls_;

  bool watching_read_ = false, watching_write_ = false;
  bool client_ended_ = false;  // it will send no more
  bool lost_ = false;          // nothing can be sent
  bool killed_ = false;
  bool unread_ = false;                 // something it sent was not read
  std::string input_;                   // received, not used yet
  std::optional<Hub::IdlePlace> idle_;  // while it may be closed without harm

  // The request in work.
  StatePtr state_;
  ExchangePtr exchange_;  // until the handler has it
  bool keep_alive_ = false;
  int status_ = 0;
  Ending ending_ = Ending::complete;
  std::size_t bytes_received_ = 0, bytes_sent_ = 0, bytes_accounted_ = 0;
  Time began_ = {};
};

}  // namespace bise::http
