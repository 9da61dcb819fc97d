#include <gtest/gtest.h>

#include <atomic>
#include <mutex>

#include "base/text.h"
#include "http/sse.h"
#include "http/test_client.h"

// Answers that are made while they are sent, and clients that go in the middle.
namespace bise::http {
namespace {

using std::chrono::milliseconds;

// A service whose GET / hands its exchanges to the test, which answers from its own thread.
struct Held {
  std::mutex mutex;
  std::vector<ExchangePtr> exchanges;
  std::unique_ptr<Server> server;  // last: its threads use the rest

  explicit Held(ServerOptions options = {}) {
    Service service = open_service();
    service.router.add({"GET", "/", Access{}, [this](ExchangePtr exchange) {
                          const std::lock_guard lock(mutex);
                          exchanges.push_back(std::move(exchange));
                        }});
    server = started(std::move(service), std::move(options));
  }
  ~Held() { server->stop(); }

  ExchangePtr next() {
    ExchangePtr exchange;
    EXPECT_TRUE(comes_true([&] {
      const std::lock_guard lock(mutex);
      if (exchanges.empty()) return false;
      exchange = std::move(exchanges.front());
      exchanges.erase(exchanges.begin());
      return true;
    }));
    return exchange;
  }
};

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

TEST(ResponseStream, SendsEventsAsTheyAreWritten) {
  Held held;
  TestClient client(held.server->port());
  for (int round = 0; round < 2; ++round) {  // on one connection
    client.send(kGet);
    const auto stream = held.next()->respond_stream(sse_head(), sse_options());
    EXPECT_EQ(stream->write(sse_event({.data = "one\ntwo", .event = "e", .id = "7"})), Sent::taken);
    ASSERT_TRUE(client.receive_until("data: two\n\n"));
    EXPECT_EQ(stream->write("data: [DONE]\n\n"), Sent::taken);
    stream->finish();
    EXPECT_EQ(stream->write("late"), Sent::closed);
    const Answer answer = client.answer();
    EXPECT_TRUE(answer.whole);
    EXPECT_EQ(answer.headers.get("Content-Type"), "text/event-stream");
    EXPECT_EQ(answer.body, "event: e\nid: 7\ndata: one\ndata: two\n\ndata: [DONE]\n\n");
  }
}

TEST(ResponseStream, EndsWithTheConnectionUnderHttp10) {
  Held held;
  TestClient client(held.server->port());
  client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const auto stream = held.next()->respond_stream({.body = "first "});
  stream->write("second");
  stream->finish();
  const Answer answer = client.answer();
  EXPECT_EQ(answer.headers.get("Connection"), "close");
  EXPECT_EQ(answer.body, "first second");
  EXPECT_TRUE(answer.whole);
}

TEST(ResponseStream, IsItsHeadForHead) {
  Held held;
  TestClient client(held.server->port());
  client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto stream = held.next()->respond_stream(sse_head());
  EXPECT_TRUE(stream->closed());
  EXPECT_EQ(stream->write("x"), Sent::closed);
  EXPECT_EQ(client.answer(true).status, 200);
  client.send(kGet);
  held.next()->respond(text_response(200, "next"));
  EXPECT_EQ(client.answer().body, "next");
}

TEST(ResponseStream, LetsTheClientSeeThatItWasCut) {
  Held held;
  for (const bool forgotten : {false, true}) {
    TestClient client(held.server->port());
    client.send(kGet);
    auto stream = held.next()->respond_stream({});
    stream->write("part");
    if (forgotten)
      stream = nullptr;
    else
      stream->abort();
    const Answer answer = client.answer();
    EXPECT_EQ(answer.body, "part");
    EXPECT_FALSE(answer.whole);
    EXPECT_TRUE(client.has_ended());
  }
}

TEST(ResponseStream, ClosesTheConnectionAfterItsEndIfAsked) {
  Held held;
  TestClient client(held.server->port());
  client.send(kGet);
  const auto stream = held.next()->respond_stream({});
  stream->write("all");
  stream->finish_and_close();
  EXPECT_TRUE(client.answer().whole);
  EXPECT_FALSE(client.receive());
  EXPECT_TRUE(client.has_ended());
}

TEST(ResponseStream, TellsWhenTheClientGoes) {
  Held held;
  for (const bool reset : {false, true}) {
    TestClient client(held.server->port());
    client.send(kGet);
    const ExchangePtr exchange = held.next();
    std::atomic<bool> told = false;
    exchange->on_closed([&] { told = true; });
    const auto stream = exchange->respond_stream(sse_head());
    stream->write("data: x\n\n");
    ASSERT_TRUE(client.receive_until("data: x"));
    EXPECT_FALSE(exchange->closed());
    EXPECT_FALSE(told);
    if (reset)
      client.reset();
    else
      client.close();
    EXPECT_TRUE(comes_true([&] { return told.load(); }));
    EXPECT_TRUE(stream->closed());
    EXPECT_EQ(stream->write("more"), Sent::closed);
    bool at_once = false;
    exchange->on_closed([&] { at_once = true; });
    EXPECT_TRUE(at_once);
  }
  EXPECT_TRUE(comes_true([&] { return held.server->statistics().connections == 0; }));
}

TEST(Exchange, TellsWhenTheClientGoesBeforeTheAnswer) {
  Held held;
  TestClient client(held.server->port());
  client.send(kGet);
  const ExchangePtr exchange = held.next();
  client.reset();
  EXPECT_TRUE(comes_true([&] { return exchange->closed(); }));
  exchange->respond(text_response(200, "late"));
  EXPECT_TRUE(comes_true([&] { return held.server->statistics().connections == 0; }));
}

TEST(Exchange, TakesTheFirstAnswer) {
  Held held;
  TestClient client(held.server->port());
  client.send(kGet);
  const ExchangePtr exchange = held.next();
  exchange->respond(text_response(200, "first"));
  exchange->respond(text_response(500, "second"));
  const auto stream = exchange->respond_stream({});
  EXPECT_TRUE(stream->closed());
  stream->abort();
  EXPECT_EQ(client.answer().body, "first");
  client.send(kGet);
  held.next()->respond(text_response(200, "next"));
  EXPECT_EQ(client.answer().body, "next");
}

TEST(ResponseStream, HoldsBackAWriterWhoseReaderIsSlow) {
  Held held;
  TestClient client(held.server->port());
  client.send(kGet);
  const auto stream = held.next()->respond_stream({}, {.buffer_bytes_max = 100'000});
  const std::string piece(50'000, 'x');
  std::size_t taken = 0;
  // The system's own buffers take some megabytes first.
  ASSERT_TRUE(comes_true([&] {
    const Sent sent = stream->write(piece);
    if (sent == Sent::taken) taken += piece.size();
    return sent == Sent::full && stream->buffered_bytes() >= 100'000;
  }));
  EXPECT_LT(stream->buffered_bytes(), 100'000 + 2 * piece.size());
  std::atomic<bool> writable = false;
  stream->when_writable([&] { writable = true; });
  std::this_thread::sleep_for(milliseconds(20));
  // Not before half of it is gone. The system may have taken that much by itself: its buffers grow.
  EXPECT_TRUE(!writable || stream->buffered_bytes() <= 50'000);
  std::thread writer([&] {
    EXPECT_TRUE(comes_true([&] { return writable.load(); }));
    EXPECT_LE(stream->buffered_bytes(), 50'000u);
    EXPECT_EQ(stream->write("end"), Sent::taken);
    stream->finish();
  });
  const Answer answer = client.answer();
  writer.join();
  EXPECT_TRUE(answer.whole);
  EXPECT_EQ(answer.body.size(), taken + 3);
}

TEST(ResponseStream, CallsBackWhenTheSlowReaderGoes) {
  Held held;
  TestClient client(held.server->port());
  client.send(kGet);
  const auto stream = held.next()->respond_stream({});
  const std::string piece(50'000, 'x');
  ASSERT_TRUE(comes_true([&] { return stream->write(piece) == Sent::full; }));
  std::atomic<bool> called = false;
  stream->when_writable([&] { called = true; });
  client.reset();
  EXPECT_TRUE(comes_true([&] { return called.load() && stream->closed(); }));
}

TEST(ResponseStream, CutsAReaderThatTakesNothing) {
  ServerOptions options;
  options.limits.write_timeout = milliseconds(100);
  Held held(options);
  TestClient client(held.server->port());
  client.send(kGet);
  const auto stream = held.next()->respond_stream({});
  const std::string piece(50'000, 'x');
  EXPECT_TRUE(comes_true([&] { return stream->write(piece) == Sent::closed; }));
}

TEST(ResponseStream, SaysNowAndThenThatItIsAlive) {
  Held held;
  TestClient client(held.server->port());
  client.send(kGet);
  StreamOptions options = sse_options();
  options.keep_alive_after = milliseconds(20);
  const auto stream = held.next()->respond_stream(sse_head(), options);
  ASSERT_TRUE(client.receive_until(": keep-alive\n\n\r\ne\r\n: keep-alive\n\n"));
  stream->write("data: x\n\n");
  stream->finish();
  const Answer answer = client.answer();
  EXPECT_TRUE(answer.whole);
  EXPECT_TRUE(answer.body.ends_with("data: x\n\n"));
}

TEST(Server, Carries500StreamsBesideManyIdleConnections) {
  constexpr int kStreams = 500, kIdle = 500, kEvents = 20;
  Held held;
  std::vector<std::unique_ptr<TestClient>> idle, active;
  for (int i = 0; i < kIdle; ++i) {
    idle.push_back(std::make_unique<TestClient>(held.server->port()));
    ASSERT_TRUE(idle.back()->is_connected());
  }
  std::vector<std::shared_ptr<ResponseStream>> streams;
  for (int i = 0; i < kStreams; ++i) {
    active.push_back(std::make_unique<TestClient>(held.server->port()));
    ASSERT_TRUE(active.back()->send(kGet));
  }
  for (int i = 0; i < kStreams; ++i) {
    const ExchangePtr exchange = held.next();
    ASSERT_NE(exchange, nullptr);
    streams.push_back(exchange->respond_stream(sse_head(), sse_options()));
  }
  EXPECT_EQ(held.server->statistics().running_requests, 500u);
  for (int event = 0; event < kEvents; ++event) {
    for (const auto& stream : streams) {
      EXPECT_EQ(stream->write(sse_event({.data = concat("event ", event)})), Sent::taken);
    }
  }
  for (const auto& stream : streams) stream->finish();
  for (const auto& client : active) {
    const Answer answer = client->answer();
    EXPECT_TRUE(answer.whole);
    EXPECT_TRUE(answer.body.ends_with("data: event 19\n\n"));
  }
  EXPECT_TRUE(comes_true([&] { return held.server->statistics().running_requests == 0; }));
  EXPECT_EQ(held.server->statistics().connections, std::size_t{kStreams + kIdle});
}

}  // namespace
}  // namespace bise::http
