#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <mutex>
#include <random>

#include "base/text.h"
#include "http/test_client.h"

// What clients may do to a server, and what it does then.
namespace bise::http {
namespace {

using std::chrono::milliseconds;

Service length_service() {
  Service service = open_service();
  const auto length = [](const Request& r) { return text_response(200, concat(r.body.size())); };
  service.router.add({"POST", "/", Access{}, answer_with(length)});
  service.router.add({"POST", "/small", Access{}, answer_with(length), 10});
  service.router.add(
      {"GET", "/", Access{}, answer_with([](const Request&) { return text_response(200, "ok"); })});
  return service;
}

ServerOptions with(const Limits& limits) {
  ServerOptions options;
  options.limits = limits;
  return options;
}

std::string post(std::string_view path, std::string_view fields, std::string_view body = {}) {
  return concat("POST ", path, " HTTP/1.1\r\nHost: a\r\n", fields, "\r\n", body);
}

TEST(ServerLimits, HeaderOf64KilobytesAndNotMore) {
  const auto server = started(length_service());
  const auto request = [](std::size_t bytes) {
    std::string text = "GET / HTTP/1.1\r\nHost: a\r\n";
    while (text.size() + 1004 < bytes) text += concat("X: ", std::string(995, 'x'), "\r\n");
    text += concat("X: ", std::string(bytes - text.size() - 7, 'x'), "\r\n\r\n");
    return text;
  };
  EXPECT_EQ(TestClient(server->port()).ask(request(64 << 10)).status, 200);
  EXPECT_EQ(TestClient(server->port()).ask(request((64 << 10) + 1)).status, 431);
}

TEST(ServerLimits, FieldsTargetsAndLines) {
  const auto server = started(length_service());
  std::string fields = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 256; ++i) fields += "X: y\r\n";
  EXPECT_EQ(TestClient(server->port()).ask(fields + "\r\n").status, 431);
  const std::string path(20'000, 'a');
  EXPECT_EQ(TestClient(server->port()).get("/" + path).status, 414);
  EXPECT_EQ(TestClient(server->port()).ask(concat("GET /", std::string(70'000, 'a'))).status, 414);
}

TEST(ServerLimits, BodyOf32MegabytesAndNotMore) {
  const auto server = started(length_service());
  const std::string body(32u << 20, 'x');
  TestClient most(server->port());
  most.send(post("/", "Content-Length: 33554432\r\n"));
  most.send(body);
  EXPECT_EQ(most.answer().body, "33554432");
  EXPECT_EQ(TestClient(server->port()).ask(post("/", "Content-Length: 33554433\r\n")).status, 413);
  EXPECT_EQ(
      TestClient(server->port()).ask(post("/", "Content-Length: 99999999999999999999\r\n")).status,
      413);
  TestClient chunked(server->port());
  chunked.send(post("/", "Transfer-Encoding: chunked\r\n", "2000000\r\n"));
  chunked.send(body);
  EXPECT_EQ(chunked.ask("\r\n1\r\n").status, 413);
}

TEST(ServerLimits, BodyOfARouteOfItsOwn) {
  const auto server = started(length_service());
  EXPECT_EQ(
      TestClient(server->port()).ask(post("/small", "Content-Length: 10\r\n", "0123456789")).body,
      "10");
  TestClient client(server->port());
  EXPECT_EQ(client.ask(post("/small", "Content-Length: 11\r\n", "0123456789a")).status, 413);
  EXPECT_EQ(client.get("/").status, 200);
  EXPECT_EQ(TestClient(server->port())
                .ask(post("/small", "Transfer-Encoding: chunked\r\n", "b\r\n"))
                .status,
            413);
}

TEST(ServerLimits, AllBodiesTogether) {
  Limits limits;
  limits.all_bodies_bytes_max = 300'000;
  Service service = length_service();
  std::mutex mutex;
  std::vector<ExchangePtr> kept;
  service.router.add({"POST", "/keep", Access{}, [&](ExchangePtr exchange) {
                        const std::lock_guard lock(mutex);
                        kept.push_back(std::move(exchange));
                      }});
  const auto server = started(std::move(service), with(limits));
  const std::string body(200'000, 'x');
  TestClient first(server->port()), second(server->port());
  first.send(post("/keep", "Content-Length: 200000\r\n", body));
  ASSERT_TRUE(comes_true([&] {
    const std::lock_guard lock(mutex);
    return kept.size() == 1;
  }));
  const Answer refused = second.ask(post("/", "Content-Length: 200000\r\n", body));
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.headers.get("Retry-After"), "1");
  kept[0]->respond(text_response(200, "done"));
  EXPECT_EQ(first.answer().body, "done");
  EXPECT_EQ(TestClient(server->port()).ask(post("/", "Content-Length: 200000\r\n", body)).body,
            "200000");
}

TEST(ServerLimits, SaysWhatIsMalformed) {
  const auto server = started(length_service());
  const std::pair<std::string_view, int> cases[] = {
      {"hello\r\n\r\n", 400},
      {"GET /\r\n\r\n", 400},
      {"GET / HTTP/1.1\nHost: a\n\n", 400},
      {"GET / HTTP/2.0\r\n\r\n", 505},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\n\r\n", 417},
      {"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\nx", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\nx", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\nx", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\nx", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
       "0\r\n\r\n",
       400},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", 501},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\nab\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nno name\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000000\r\n",
       400},
      {"\x16\x03\x01\x02", 400},
  };
  for (const auto& [request, status] : cases) {
    TestClient client(server->port());
    const Answer answer = client.ask(request);
    EXPECT_EQ(answer.status, status) << request;
    EXPECT_TRUE(answer.whole) << request;
    EXPECT_GT(answer.body.size(), 20u) << request;
    EXPECT_EQ(answer.headers.get("Connection"), "close") << request;
    EXPECT_EQ(answer.headers.get("x-request-id").size(), 36u) << request;
    EXPECT_EQ(client.receive_all(), "") << request;
  }
}

TEST(ServerLimits, OutlivesRandomBytes) {
  const auto server = started(length_service());
  std::mt19937 random(1);
  for (int i = 0; i < 200; ++i) {
    TestClient client(server->port());
    std::string bytes = i % 2 == 0 ? "" : "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ";
    for (int k = 0; k < 300; ++k) bytes += static_cast<char>(random());
    client.send(bytes + "\r\n\r\n\r\n\r\n\r\n\r\n");
    client.end_sending();
    EXPECT_EQ(client.answer().status, 400);
  }
  EXPECT_EQ(TestClient(server->port()).get("/").body, "ok");
}

TEST(ServerLimits, HeaderThatDripsIn) {
  Limits limits;
  limits.header_timeout = milliseconds(150);
  limits.idle_timeout = milliseconds(60'000);
  const auto server = started(length_service(), with(limits));
  TestClient client(server->port());
  std::atomic<bool> done = false;
  std::thread drip([&] {
    while (!done && client.send("G")) std::this_thread::sleep_for(milliseconds(10));
  });
  const Answer answer = client.answer();
  done = true;
  drip.join();
  EXPECT_EQ(answer.status, 408);
}

TEST(ServerLimits, BodyThatDripsIn) {
  Limits limits;
  limits.body_grace = milliseconds(150);
  const auto server = started(length_service(), with(limits));
  TestClient client(server->port());
  client.send(post("/", "Content-Length: 1000000\r\n"));
  std::atomic<bool> done = false;
  std::thread drip([&] {
    while (!done && client.send("x")) std::this_thread::sleep_for(milliseconds(10));
  });
  const Answer answer = client.answer();
  done = true;
  drip.join();
  EXPECT_EQ(answer.status, 408);
}

TEST(ServerLimits, IdleConnectionsAreClosedWithoutAWord) {
  Limits limits;
  limits.idle_timeout = milliseconds(100);
  const auto server = started(length_service(), with(limits));
  TestClient fresh(server->port()), used(server->port());
  EXPECT_EQ(used.get("/").status, 200);
  for (TestClient* client : {&fresh, &used}) {
    EXPECT_EQ(client->receive_all(), "");
    EXPECT_TRUE(client->has_ended());
  }
}

TEST(ServerLimits, AnswerThatNobodyReads) {
  Limits limits;
  limits.write_timeout = milliseconds(200);
  Service service = open_service();
  std::atomic<bool> timed_out = false;
  service.on_finished = [&](const AccessRecord& r) { timed_out = r.ending == Ending::timed_out; };
  service.router.add({"GET", "/", Access{}, answer_with([](const Request&) {
                        return text_response(200, of_length(50'000'000));
                      })});
  const auto server = started(std::move(service), with(limits));
  TestClient client(server->port());
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(comes_true([&] { return timed_out.load(); }));
  EXPECT_FALSE(client.answer().whole);
}

TEST(ServerLimits, NewConnectionsTakeThePlaceOfIdleOnes) {
  Limits limits;
  limits.connections_max = 3;
  const auto server = started(length_service(), with(limits));
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(std::make_unique<TestClient>(server->port()));
    EXPECT_EQ(clients.back()->get("/").status, 200) << i;
    EXPECT_LE(server->statistics().connections, 3u);
  }
  EXPECT_EQ(clients[0]->receive_all(), "");
  EXPECT_EQ(clients[9]->get("/").status, 200);
}

TEST(ServerLimits, GoesOnWhenDescriptorsRunOut) {
  Service service = length_service();
  std::atomic<int> problems = 0;
  service.on_problem = [&](std::string_view) { ++problems; };
  const auto server = started(std::move(service));
  TestClient idle(server->port());
  EXPECT_EQ(idle.get("/").status, 200);
  rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  TestClient client(server->port(), [&] {
    rlimit none_left = before;
    none_left.rlim_cur = static_cast<rlim_t>(Descriptor(::dup(idle.fd())).get());
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none_left), 0);
  });
  const Answer answer = client.get("/");
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(answer.status, 200);
  EXPECT_GE(problems, 1);
  EXPECT_EQ(idle.receive_all(), "");
}

}  // namespace
}  // namespace bise::http
