// Any bytes as what a client sends. However they are cut, they read the same; what is accepted
// keeps to the rules of a request, and Boost.Beast, an independent reader, reads the same in it.

// Beast asserts what some bytes break; it is asked here for its opinion only.
#define BOOST_DISABLE_ASSERTS
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/utf8.h"
#include "http/request_reader.h"
#include "http/router.h"

namespace {

using namespace bise::http;
namespace beast = boost::beast::http;

constexpr HeadLimits kLimits = {.bytes_max = 4096, .target_bytes_max = 1024};
constexpr std::size_t kBodyBytesMax = 2048;

struct Read {
  Reading reading = Reading::needs_more;
  BadRequest failure;
  RequestHead head;
  std::string body;
  std::size_t used = 0;  // bytes, if done
};

Read read_in_pieces(std::string_view text, std::size_t piece_bytes) {
  Read read;
  HeadReader head_reader(kLimits);
  std::optional<BodyReader> body_reader;
  std::string_view piece;
  while (read.reading == Reading::needs_more && read.used < text.size()) {
    piece = text.substr(read.used, piece_bytes);
    const std::size_t before = piece.size();
    if (!body_reader) {
      read.reading = head_reader.feed(piece);
      if (read.reading == Reading::failed) read.failure = head_reader.failure();
      if (read.reading == Reading::done) {
        read.head = std::move(head_reader.head());
        body_reader.emplace(read.head, kBodyBytesMax);
        read.reading = body_reader->state();
      }
    } else {
      read.reading = body_reader->feed(piece, read.body);
    }
    if (body_reader && read.reading == Reading::failed) read.failure = body_reader->failure();
    CHECK(read.reading != Reading::needs_more || body_reader || piece.empty());
    read.used += before - piece.size();
    if (before == piece.size() && !body_reader) break;
  }
  return read;
}

void check_request(const Request& request) {
  CHECK(!request.method.empty());
  CHECK(request.path == "*" || request.path.starts_with('/'));
  CHECK(bise::is_valid_utf8(request.path));
  for (const char c : request.path) CHECK(static_cast<unsigned char>(c) >= 0x20);
  CHECK((request.path + "/").find("/../") == std::string::npos);
  CHECK((request.path + "/").find("/./") == std::string::npos);
  for (const NamedValue& field : request.headers.all()) {
    CHECK(!field.first.empty());
    CHECK(field.second.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
  }
  for (const NamedValue& pair : request.query) CHECK(bise::is_valid_utf8(pair.second));
}

// What Beast refuses and we take: lists in Connection that are none, extensions of chunks and
// fields behind a body by their grammar, HTTP/1.2 and later.
bool may_refuse(beast::error error, const Read& read) {
  const bool chunked = read.head.body_form == BodyForm::chunked;
  switch (error) {
    case beast::error::bad_value:
    case beast::error::bad_version:
      return true;
    case beast::error::need_more:  // of a quoted extension that does not end
    case beast::error::bad_chunk_extension:
    case beast::error::bad_field:
    case beast::error::bad_content_length:
    case beast::error::multiple_content_length:
    case beast::error::bad_transfer_encoding:
      return chunked;
    default:
      return false;
  }
}

void check_with_beast(std::string_view text, const Read& read) {
  while (text.starts_with("\r\n")) text.remove_prefix(2);
  beast::request_parser<beast::string_body> parser;
  parser.eager(true);
  parser.header_limit(1 << 20);
  parser.body_limit(1 << 20);
  boost::system::error_code error;
  parser.put(boost::asio::buffer(text.data(), text.size()), error);
  if (error) {
    CHECK(may_refuse(static_cast<beast::error>(error.value()), read));
    return;
  }
  CHECK(parser.is_done());
  const auto& theirs = parser.get();
  const Request& ours = read.head.request;
  CHECK(std::string_view(theirs.method_string()) == ours.method);
  CHECK(std::string_view(theirs.target()) == ours.target);
  CHECK(theirs.body() == read.body);
  // Beast puts fields behind the body with the others; ours are the first.
  for (const NamedValue& field : ours.headers.all()) {
    bool found = false;
    for (const auto& their : theirs) {
      found |= std::string_view(their.name_string()) == field.first &&
               std::string_view(their.value()) == field.second;
    }
    CHECK(found);
  }
}

const Router& router() {
  static const Router made = [] {
    Router filled;
    for (const char* pattern : {"/", "/a", "/{x}", "/a/{y}", "/{x}/b"}) {
      filled.add({"GET", pattern, Access{}, [](const ExchangePtr&) {}});
    }
    return filled;
  }();
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Read whole = read_in_pieces(text, text.size());
  const Read pieces = read_in_pieces(text, 1 + data[0] % 32);
  CHECK(whole.reading == pieces.reading);
  CHECK(whole.failure.message == pieces.failure.message);
  CHECK(whole.body == pieces.body);
  CHECK(whole.body.size() <= kBodyBytesMax);
  if (whole.reading == Reading::failed) {
    CHECK(whole.failure.status >= 400);
    CHECK(!whole.failure.message.empty());
  }
  if (whole.reading != Reading::done) return 0;
  CHECK(whole.used == pieces.used);
  check_request(whole.head.request);
  check_with_beast(text.substr(0, whole.used), whole);
  const Router::Match match = router().match("GET", whole.head.request.path);
  CHECK((match.route != nullptr) == (match.outcome == Router::Outcome::found));
  return 0;
}
