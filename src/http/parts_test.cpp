#include <gtest/gtest.h>

#include "base/text.h"
#include "http/request_reader.h"
#include "http/router.h"
#include "http/sse.h"

// What needs no connection: reading requests, routes, events.
namespace bise::http {
namespace {

constexpr HeadLimits kLimits = {.bytes_max = 64 << 10, .target_bytes_max = 16 << 10};

// A head and a body as one string says them, read in pieces of that size.
std::string read_in_pieces(std::string_view text, std::size_t piece_bytes) {
  HeadReader reader(kLimits);
  std::optional<BodyReader> body_reader;
  std::string body;
  Reading reading = Reading::needs_more;
  std::string_view piece;
  while (reading == Reading::needs_more) {
    if (piece.empty()) {
      if (text.empty()) return "needs more";
      piece = text.substr(0, piece_bytes);
      text.remove_prefix(piece.size());
    }
    if (!body_reader) {
      reading = reader.feed(piece);
      if (reading == Reading::failed) return concat(reader.failure().status);
      if (reading == Reading::needs_more) continue;
      body_reader.emplace(reader.head(), 100);
      reading = body_reader->state();
    } else {
      reading = body_reader->feed(piece, body);
    }
    if (reading == Reading::failed) return concat(body_reader->failure().status);
  }
  std::string said = concat(reader.head().request.method, " ", reader.head().request.path);
  for (const NamedValue& field : reader.head().request.headers.all()) {
    said += concat(" ", field.first, "=", field.second);
  }
  return concat(said, " [", body, "] left ", piece.size() + text.size());
}

TEST(RequestReader, ReadsTheSameFromPiecesOfAnySize) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"GET /a HTTP/1.1\r\nHost: a\r\n\r\nrest", "GET /a Host=a [] left 4"},
      {"\r\n\r\nGET /a HTTP/1.1\r\nHost:a  \r\nX:\r\n\r\n", "GET /a Host=a X= [] left 0"},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcd",
       "POST / Host=a Content-Length=3 [abc] left 1"},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"
       "3;a=\"b\"\r\nabc\r\n0A\r\n0123456789\r\n0\r\nX: y\r\n\r\nZ",
       "POST / Host=a Transfer-Encoding=Chunked [abc0123456789] left 1"},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n", "413"},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n", "needs more"},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n", "413"},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\rX", "400"},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n", "400"},
  };
  for (const auto& [text, said] : cases) {
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
      EXPECT_EQ(read_in_pieces(text, piece), said) << text << " in pieces of " << piece;
    }
  }
}

TEST(RequestReader, BoundsWhatSurroundsAChunkedBody) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  std::string extensions = head, trailers = head + "0\r\n";
  for (int i = 0; i < 20; ++i) extensions += concat("1;", std::string(1000, 'x'), "\r\na\r\n");
  for (int i = 0; i < 20; ++i) trailers += concat("X: ", std::string(1000, 'x'), "\r\n");
  EXPECT_EQ(read_in_pieces(extensions, 4096), "400");
  EXPECT_EQ(read_in_pieces(trailers, 4096), "431");
}

Route route(std::string method, std::string pattern) {
  return {std::move(method), std::move(pattern), Access{1}, [](const ExchangePtr&) {}};
}

std::string matched(const Router& router, std::string_view method, std::string_view path) {
  const Router::Match match = router.match(method, path);
  if (match.outcome == Router::Outcome::not_found) return "404";
  std::string said;
  if (match.outcome == Router::Outcome::wrong_method) {
    for (const std::string_view allowed : match.allowed) said += concat(allowed, " ");
    return "405 " + said;
  }
  for (const NamedValue& value : match.values) said += concat(" ", value.first, "=", value.second);
  return match.route->pattern + said;
}

TEST(Router, MatchesLiteralSegmentsBeforeNames) {
  Router router;
  router.add(route("GET", "/v1/models"));
  router.add(route("GET", "/v1/models/{id}"));
  router.add(route("DELETE", "/v1/models/{model}"));
  router.add(route("POST", "/v1/models/load"));
  router.add(route("GET", "/v1/{kind}/{id}/parts"));
  router.add(route("GET", "/"));
  EXPECT_EQ(matched(router, "GET", "/v1/models"), "/v1/models");
  EXPECT_EQ(matched(router, "HEAD", "/v1/models"), "/v1/models");
  EXPECT_EQ(matched(router, "GET", "/v1/models/a"), "/v1/models/{id} id=a");
  EXPECT_EQ(matched(router, "DELETE", "/v1/models/a"), "/v1/models/{model} model=a");
  EXPECT_EQ(matched(router, "POST", "/v1/models/load"), "/v1/models/load");
  EXPECT_EQ(matched(router, "GET", "/v1/models/load"), "/v1/models/{id} id=load");
  EXPECT_EQ(matched(router, "GET", "/v1/models/7/parts"), "/v1/{kind}/{id}/parts kind=models id=7");
  EXPECT_EQ(matched(router, "GET", "/"), "/");
  EXPECT_EQ(matched(router, "PUT", "/v1/models/load"), "405 POST GET HEAD DELETE ");
  EXPECT_EQ(matched(router, "POST", "/v1/models"), "405 GET HEAD ");
  for (const std::string_view path :
       {"", "*", "/v1", "/v1/", "/v1/models/", "/v1//models", "/V1/models", "/v1/models/a/b"}) {
    EXPECT_EQ(matched(router, "GET", path), "404") << path;
  }
  EXPECT_EQ(matched(router, "GET", std::string(10'000, '/')), "404");
  EXPECT_EQ(router.routes().size(), 6u);
  EXPECT_EQ(router.routes()[2]->method, "DELETE");
}

TEST(RouterDeathTest, HasNoTwoRoutesForOnePlace) {
  Router router;
  router.add(route("GET", "/a/{id}"));
  EXPECT_DEATH(router.add(route("GET", "/a/{name}")), "method");
  EXPECT_DEATH(router.add(route("GET", "/a{id}")), "is_name");
}

TEST(Sse, WritesEachLineAsData) {
  EXPECT_EQ(sse_event({.data = "a\nb\r\nc\rd"}), "data: a\ndata: b\ndata: c\ndata: d\n\n");
  EXPECT_EQ(sse_event({}), "data: \n\n");
  EXPECT_EQ(sse_event({.data = "x\n", .event = "an\nevent", .id = "1\r\n2"}),
            "event: anevent\nid: 12\ndata: x\ndata: \n\n");
  EXPECT_EQ(sse_comment("a\nb"), ": a\n: b\n\n");
}

TEST(Headers, CompareNamesWithoutCase) {
  Headers headers = {{"Accept", "a, b"}, {"ACCEPT", " C ,,d"}};
  EXPECT_EQ(headers.get("accept"), "a, b");
  EXPECT_TRUE(headers.lists("Accept", "b"));
  EXPECT_TRUE(headers.lists("Accept", "c"));
  EXPECT_FALSE(headers.lists("Accept", "a, b"));
  headers.set("accept", "e");
  EXPECT_EQ(headers.all().size(), 1u);
  EXPECT_EQ(headers.find("none"), nullptr);
}

}  // namespace
}  // namespace bise::http
