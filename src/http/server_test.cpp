#include "http/server.h"

#include <gtest/gtest.h>

#include <mutex>

#include "base/text.h"
#include "http/test_client.h"

namespace bise::http {
namespace {

// GET /hello, GET /echo/{name}, POST /echo.
Service echo_service() {
  Service service = open_service();
  service.router.add({"GET", "/hello", Access{},
                      answer_with([](const Request&) { return text_response(200, "hello"); })});
  service.router.add({"GET", "/echo/{name}", Access{}, answer_with([](const Request& request) {
                        return text_response(200, request.path_value("name"));
                      })});
  service.router.add({"POST", "/echo", Access{}, answer_with([](const Request& request) {
                        return text_response(200, request.body);
                      })});
  return service;
}

TEST(Server, AnswersOneRequestAfterTheOtherOnAConnection) {
  const auto server = started(echo_service());
  TestClient client(server->port());
  for (int i = 0; i < 3; ++i) {
    const Answer answer = client.get(concat("/echo/", i));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, concat(i));
    EXPECT_FALSE(answer.headers.contains("Connection"));
    EXPECT_TRUE(answer.headers.get("Date").ends_with(" GMT"));
    EXPECT_EQ(answer.headers.get("x-request-id").size(), 36u);
  }
  EXPECT_EQ(server->statistics().accepted, 1u);
}

TEST(Server, TakesARequestByteByByte) {
  const auto server = started(echo_service());
  TestClient client(server->port());
  for (const std::string_view request :
       {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        "2\r\nab\r\n3;x=y\r\ncde\r\n0\r\nTrailer: x\r\n\r\n"}) {
    for (const char c : request) ASSERT_TRUE(client.send(std::string_view(&c, 1)));
    const Answer answer = client.answer();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "abcde");
  }
}

TEST(Server, AnswersPipelinedRequestsInTheirOrder) {
  const auto server = started(echo_service());
  TestClient client(server->port());
  std::string requests;
  for (int i = 0; i < 50; ++i) {
    requests += concat("GET /echo/", i, " HTTP/1.1\r\nHost: a\r\n\r\n");
    requests += "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi";
  }
  ASSERT_TRUE(client.send(requests));
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(client.answer().body, concat(i));
    EXPECT_EQ(client.answer().body, "hi");
  }
}

TEST(Server, AnswersHeadAsGetWithoutTheBody) {
  const auto server = started(echo_service());
  TestClient client(server->port());
  client.send("HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  const Answer head = client.answer(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.get("Content-Length"), "5");
  EXPECT_EQ(client.get("/hello").body, "hello");  // nothing was left in between
}

TEST(Server, ServesWhatHasARouteOnly) {
  const auto server = started(echo_service());
  TestClient client(server->port());
  for (const std::string_view path : {"/", "/hello/", "/echo/", "/Hello", "/echo/a/b", "//hello"}) {
    EXPECT_EQ(client.get(path).status, 404) << path;
  }
  const Answer wrong = client.ask("DELETE /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.headers.get("Allow"), "GET, HEAD");
  EXPECT_EQ(client.ask("BREW /echo HTTP/1.1\r\nHost: a\r\n\r\n").headers.get("Allow"), "POST");
}

TEST(Server, RefusesPathsThatAreNotWhatTheySay) {
  const auto server = started(echo_service());
  for (const std::string_view path :
       {"/a/../hello", "/./hello", "/%2e%2e/hello", "/a%2Fb", "/a%5cb", "/a%00", "/a%0a", "/%",
        "/%4", "/%zz", "/%ff", "/a#b", "hello", "ftp://a/hello", "/a?b=%", "/a?b=%00"}) {
    TestClient client(server->port());
    const Answer answer = client.get(path);
    EXPECT_EQ(answer.status, 400) << path;
    EXPECT_EQ(answer.headers.get("Connection"), "close");
    EXPECT_GT(answer.body.size(), 20u) << answer.body;
  }
}

TEST(Server, TakesAbsoluteTargetsAndTheirHost) {
  Service service = open_service();
  service.router.add({"GET", "/x", Access{}, answer_with([](const Request& request) {
                        return text_response(200, concat(request.host, " ", request.target, " ",
                                                         *request.query_value("q")));
                      })});
  const auto server = started(std::move(service));
  TestClient client(server->port());
  EXPECT_EQ(client.ask("GET http://real:81/x?q=a+%2b HTTP/1.1\r\nHost: other\r\n\r\n").body,
            "real:81 http://real:81/x?q=a+%2b a +");
}

TEST(Server, SpeaksHttp10) {
  const auto server = started(echo_service());
  TestClient client(server->port());
  Answer answer = client.ask("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(answer.body, "hello");
  EXPECT_EQ(answer.headers.get("Connection"), "keep-alive");
  answer = client.ask("GET /hello HTTP/1.0\r\n\r\n");
  EXPECT_EQ(answer.body, "hello");
  EXPECT_EQ(answer.headers.get("Connection"), "close");
  EXPECT_FALSE(client.receive());
  EXPECT_TRUE(client.has_ended());
}

TEST(Server, ClosesWhenAsked) {
  const auto server = started(echo_service());
  TestClient client(server->port());
  const Answer answer = client.ask("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(answer.headers.get("Connection"), "close");
  EXPECT_FALSE(client.receive());
  EXPECT_TRUE(client.has_ended());
}

TEST(Server, AnswersAClientThatHasEndedItsSide) {
  const auto server = started(echo_service());
  TestClient client(server->port());
  client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  client.end_sending();
  EXPECT_EQ(client.answer().body, "hello");
}

TEST(Server, AsksForABodyThatItWants) {
  const auto server = started(echo_service());
  TestClient client(server->port());
  client.send(
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.answer(false, true).status, 100);
  client.send("abc");
  EXPECT_EQ(client.answer().body, "abc");
  client.send("POST /no HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.answer(false, true).status, 404);
}

TEST(Server, LetsTheGateRefuseBeforeALargeBodyIsSent) {
  Service service = echo_service();
  service.gate = [](Request& request, const Router::Match& match) -> std::optional<Response> {
    EXPECT_EQ(match.outcome, Router::Outcome::found);
    EXPECT_TRUE(request.body.empty());
    request.answer_headers.add("Access-Control-Allow-Origin", "https://page");
    if (request.headers.get("Authorization") == "Bearer key") return std::nullopt;
    return text_response(401, "a key is needed");
  };
  const auto server = started(std::move(service));
  TestClient stranger(server->port());
  const Answer refused =
      stranger.ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n");
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.headers.get("access-control-allow-origin"), "https://page");
  EXPECT_EQ(refused.headers.get("Connection"), "close");

  const std::string body = of_length(9'000'000);
  TestClient friendly(server->port());
  friendly.send(
      "POST /echo HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer key\r\n"
      "Content-Length: 9000000\r\n\r\n");
  ASSERT_TRUE(friendly.send(body));
  EXPECT_EQ(friendly.answer().body, body);
}

TEST(Server, GivesTheRefusalToAClientThatGoesOnSending) {
  Service service = echo_service();
  service.gate = [](Request&, const Router::Match&) { return text_response(403, "no"); };
  const auto server = started(std::move(service));
  TestClient client(server->port());
  client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 20000000\r\n\r\n");
  client.send(of_length(20'000'000));
  EXPECT_EQ(client.answer().status, 403);
}

TEST(Server, TurnsExceptionsAndForgottenRequestsInto500) {
  Service service = open_service();
  std::mutex mutex;
  std::string problem;
  service.on_problem = [&](std::string_view text) {
    const std::lock_guard lock(mutex);
    problem = text;
  };
  service.router.add(
      {"GET", "/throw", Access{}, [](const ExchangePtr&) { throw std::runtime_error("secret"); }});
  service.router.add({"GET", "/forget", Access{}, [](const ExchangePtr&) {}});
  const auto server = started(std::move(service));
  TestClient client(server->port());
  for (const std::string_view path : {"/throw", "/forget"}) {
    const Answer answer = client.get(path);
    EXPECT_EQ(answer.status, 500);
    EXPECT_EQ(answer.body.find("secret"), std::string::npos);
  }
  EXPECT_TRUE(comes_true([&] {
    const std::lock_guard lock(mutex);
    return problem.find("secret") != std::string::npos;
  }));
}

TEST(Server, WritesFailuresAsTheServiceSays) {
  Service service = echo_service();
  service.describe_failure = [](const Failure& failure, const Request* request) {
    return Response{.status = failure.status,
                    .headers = {{"Content-Type", "application/json"}},
                    .body = concat("{\"path\": \"", request ? request->path : "?", "\"}")};
  };
  const auto server = started(std::move(service));
  TestClient client(server->port());
  EXPECT_EQ(client.get("/none").body, "{\"path\": \"/none\"}");
  EXPECT_EQ(client.ask("nonsense\r\n\r\n").body, "{\"path\": \"?\"}");
}

TEST(Server, KeepsAnswersFromBeingSplit) {
  Service service = open_service();
  service.router.add({"GET", "/", Access{}, answer_with([](const Request&) {
                        Response response = text_response(200, "body");
                        response.headers.add("X-Name", "a\r\nSet-Cookie: b");
                        response.headers.add("Content-Length", "99");
                        return response;
                      })});
  const auto server = started(std::move(service));
  const Answer answer = TestClient(server->port()).get("/");
  EXPECT_EQ(answer.headers.get("X-Name"), "a  Set-Cookie: b");
  EXPECT_FALSE(answer.headers.contains("Set-Cookie"));
  EXPECT_EQ(answer.body, "body");
}

TEST(Server, RecordsEachRequest) {
  Service service = echo_service();
  struct Seen {
    std::string method, id, pattern;
    int status;
    Ending ending;
    std::size_t received, sent;
  };
  std::mutex mutex;
  std::vector<Seen> all;
  service.on_finished = [&](const AccessRecord& record) {
    const std::lock_guard lock(mutex);
    all.push_back({record.request.method, record.request.id,
                   record.route ? record.route->pattern : "", record.status, record.ending,
                   record.bytes_received, record.bytes_sent});
  };
  const auto server = started(std::move(service));
  TestClient client(server->port());
  const Answer first = client.ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
  client.ask("GET /x HTTP/1.1\r\nHost: a\r\nBad Name: 1\r\n\r\n");
  const auto seen = [&] {
    const std::lock_guard lock(mutex);
    return all;
  };
  ASSERT_TRUE(comes_true([&] { return seen().size() == 2; }));
  EXPECT_EQ(seen()[0].id, first.headers.get("x-request-id"));
  EXPECT_EQ(seen()[0].pattern, "/echo");
  EXPECT_EQ(seen()[0].received, 3u);
  EXPECT_GT(seen()[0].sent, 100u);
  EXPECT_EQ(seen()[0].ending, Ending::complete);
  EXPECT_EQ(seen()[1].status, 400);
  EXPECT_EQ(seen()[1].pattern, "");
}

}  // namespace
}  // namespace bise::http
