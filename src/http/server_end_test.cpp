#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <mutex>

#include "base/text.h"
#include "http/sse.h"
#include "http/test_client.h"

// Where a server listens, and how it stops.
namespace bise::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

// GET / calls what the test gives.
std::unique_ptr<Server> server_of(Handler handler, ServerOptions options = {}) {
  Service service = open_service();
  service.router.add({"GET", "/", Access{}, std::move(handler)});
  return started(std::move(service), std::move(options));
}

Handler says(std::string text) {
  return answer_with([text = std::move(text)](const Request&) { return text_response(200, text); });
}

// Takes one exchange for the test.
struct Holder {
  std::mutex mutex;
  ExchangePtr held;

  Handler handler() {
    return [this](ExchangePtr exchange) {
      const std::lock_guard lock(mutex);
      held = std::move(exchange);
    };
  }
  ExchangePtr take() {
    ExchangePtr taken;
    EXPECT_TRUE(comes_true([&] {
      const std::lock_guard lock(mutex);
      taken = std::move(held);
      return taken != nullptr;
    }));
    return taken;
  }
};

std::string error_of(ServerOptions options) {
  const auto server = Server::start(std::move(options), open_service());
  return server.ok() ? "" : server.error().message;
}

class Folder {
 public:
  Folder() : path_(testing::TempDir() + "http_test_XXXXXX") {
    EXPECT_NE(::mkdtemp(path_.data()), nullptr);
  }
  ~Folder() {
    for (const char* name : {"/socket", "/file"}) ::unlink((path_ + name).c_str());
    ::rmdir(path_.c_str());
  }
  std::string operator/(std::string_view name) const { return concat(path_, "/", name); }

 private:
  std::string path_;
};

TEST(Listening, SaysWhyAPortCannotBeHad) {
  const auto server = server_of(says("x"));
  ServerOptions options;
  options.port = server->port();
  EXPECT_EQ(error_of(options), concat("another program listens on 127.0.0.1:", server->port(),
                                      " already; stop it, or choose another port"));
  options.host = "203.0.113.7";
  EXPECT_NE(error_of(options).find("has the address 203.0.113.7"), std::string::npos);
  options.host = "no such host";
  EXPECT_NE(error_of(options).find("no address is known for the host"), std::string::npos);
  options.host = "";
  EXPECT_NE(error_of(options).find("no address to listen on"), std::string::npos);
}

TEST(Listening, OnNamesAndBothFamilies) {
  for (const std::string host : {"localhost", "0.0.0.0", "::", "[::]"}) {
    ServerOptions options;
    options.host = host;
    Service service = open_service();
    service.router.add({"GET", "/", Access{}, answer_with([](const Request& request) {
                          return text_response(200, request.peer_address);
                        })});
    auto server = Server::start(options, std::move(service));
    if (!server.ok() && host.find(':') != std::string::npos) continue;  // a machine without IPv6
    ASSERT_TRUE(server.ok()) << server.error().message;
    EXPECT_EQ(TestClient((*server)->port()).get("/").body, "127.0.0.1");
  }
}

TEST(Listening, OnAUnixSocket) {
  const Folder folder;
  ServerOptions options;
  options.host = "";
  options.unix_path = folder / "socket";
  {
    auto server = server_of(says("over a path"), options);
    EXPECT_EQ(server->port(), 0);
    EXPECT_EQ(TestClient(options.unix_path).get("/").body, "over a path");
    struct stat found = {};
    ASSERT_EQ(::stat(options.unix_path.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777u, 0600u);
    EXPECT_NE(error_of(options).find("another program listens on"), std::string::npos);
    EXPECT_EQ(TestClient(options.unix_path).get("/").body, "over a path");
  }
  EXPECT_NE(::access(options.unix_path.c_str(), F_OK), 0);  // it took its file away

  // One that a killed server left behind is replaced, anything else is not.
  { const Descriptor left = listen_on_unix(options.unix_path, 0600).value(); }
  EXPECT_EQ(::access(options.unix_path.c_str(), F_OK), 0);
  EXPECT_EQ(error_of(options), "");
  options.unix_path = folder / "file";
  std::ofstream(options.unix_path) << "precious";
  EXPECT_NE(error_of(options).find("exists and is no socket"), std::string::npos);
  options.unix_path = std::string(200, 'x');
  EXPECT_NE(error_of(options).find("1 to 107 bytes"), std::string::npos);
}

TEST(Ending, WithNothingRunningIsImmediate) {
  auto server = server_of(says("x"));
  const std::uint16_t port = server->port();
  TestClient fresh(port), used(port), in_a_head(port);
  EXPECT_EQ(used.ask(kGet).status, 200);
  in_a_head.send("GET / HT");
  const auto began = std::chrono::steady_clock::now();
  server->drain(seconds(60));
  server->wait();
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds(1));
  for (TestClient* client : {&fresh, &used, &in_a_head}) EXPECT_EQ(client->receive_all(), "");
  EXPECT_FALSE(TestClient(port).is_connected());
  server = nullptr;
  ServerOptions options;
  options.port = port;
  server = server_of(says("again"), options);  // the port is free at once
  EXPECT_EQ(TestClient(port).ask(kGet).body, "again");
}

TEST(Ending, WaitsForWhatRuns) {
  Holder holder;
  const auto server = server_of(holder.handler());
  TestClient client(server->port());
  client.send(kGet);
  const ExchangePtr exchange = holder.take();
  server->drain(seconds(60));
  EXPECT_TRUE(comes_true([&] { return !TestClient(server->port()).is_connected(); }));
  exchange->respond(text_response(200, "in time"));
  const Answer answer = client.answer();
  EXPECT_EQ(answer.body, "in time");
  EXPECT_EQ(answer.headers.get("Connection"), "close");
  server->wait();
}

TEST(Ending, LetsStreamsSayLastWords) {
  Holder holder;
  const auto server = server_of(holder.handler());
  TestClient client(server->port());
  client.send(kGet);
  const ExchangePtr exchange = holder.take();
  const auto stream = exchange->respond_stream(sse_head());
  exchange->on_stopping([&] {
    stream->write("data: the server stops\n\n");
    stream->finish_and_close();
  });
  stream->write("data: token\n\n");
  server->drain(milliseconds(50));
  const Answer answer = client.answer();
  EXPECT_TRUE(answer.whole);
  EXPECT_EQ(answer.body, "data: token\n\ndata: the server stops\n\n");
  server->wait();
}

TEST(Ending, RefusesTheWaitingAndCutsTheDeaf) {
  Holder holder;
  ServerOptions options;
  options.last_words = milliseconds(50);
  const auto server = server_of(holder.handler(), options);
  TestClient waiting(server->port()), deaf(server->port()), silent(server->port());
  waiting.send(kGet);
  const ExchangePtr first = holder.take();
  deaf.send(kGet);
  const auto stream = holder.take()->respond_stream({});
  stream->write("part");
  silent.send(kGet);
  const ExchangePtr third = holder.take();
  third->on_stopping([] {});  // and never answers
  server->drain(milliseconds(0));
  const Answer refused = waiting.answer();
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.headers.get("Retry-After"), "1");
  const Answer cut = deaf.answer();
  EXPECT_EQ(cut.body, "part");
  EXPECT_FALSE(cut.whole);
  EXPECT_EQ(silent.receive_all(), "");
  server->wait();
  EXPECT_TRUE(first->closed());
  EXPECT_TRUE(stream->closed());
  EXPECT_TRUE(third->closed());
}

TEST(Ending, AtOnceWhateverRuns) {
  Holder holder;
  auto server = server_of(holder.handler());
  TestClient client(server->port());
  client.send(kGet);
  const ExchangePtr exchange = holder.take();
  std::atomic<bool> told = false;
  exchange->on_closed([&] { told = true; });
  const auto began = std::chrono::steady_clock::now();
  server->drain(seconds(60));
  server->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds(5));
  server = nullptr;
  EXPECT_TRUE(told);
  EXPECT_TRUE(exchange->closed());
  EXPECT_EQ(client.receive_all(), "");
  // What is left of the request may be used after the server.
  exchange->respond(text_response(200, "too late"));
  EXPECT_EQ(exchange->respond_stream({})->write("x"), Sent::closed);
}

TEST(Ending, UnderLoadLosesNoAnswerThatItBegan) {
  auto server = server_of(says(std::string(10'000, 'x')));
  std::atomic<int> answered = 0, broken = 0;
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (;;) {
        TestClient client(server->port());
        if (!client.is_connected()) return;
        while (client.send(kGet)) {
          const Answer answer = client.answer();
          if (answer.status == 0) break;  // closed while idle
          ++(answer.whole && answer.body.size() == 10'000 ? answered : broken);
        }
      }
    });
  }
  EXPECT_TRUE(comes_true([&] { return answered > 200; }));
  server->drain(seconds(20));
  server->wait();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(broken, 0);
}

}  // namespace
}  // namespace bise::http
