#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "http/request_reader.h"
#include "http/target.h"

namespace bise::http {
namespace {

constexpr int kEmptyLinesMax = 4;
constexpr std::size_t kMethodBytesMax = 32;
constexpr unsigned char kTlsHandshake = 0x16;  // the first byte of a client that speaks TLS

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

int count_fields(const Headers& headers, std::string_view name) {
  return static_cast<int>(
      std::count_if(headers.all().begin(), headers.all().end(),
                    [&](const NamedValue& f) { return equal_without_case(f.first, name); }));
}

}  // namespace

Reading HeadReader::fail(int status, std::string message) {
  failure_ = {.status = status, .message = std::move(message)};
  return Reading::failed;
}

Reading HeadReader::feed(std::string_view& bytes) {
  while (!bytes.empty()) {
    const char c = bytes.front();
    bytes.remove_prefix(1);
    if (const Reading reading = take(c); reading != Reading::needs_more) return reading;
  }
  return Reading::needs_more;
}

Reading HeadReader::take(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (text_.empty() && byte == kTlsHandshake) {
    return fail(400, "this port speaks plain HTTP, not TLS; use http://");
  }
  if (text_.size() >= limits_.bytes_max) {
    return has_request_line_
               ? fail(431, concat("the header has more than ", limits_.bytes_max, " bytes"))
               : fail(414, concat("the request line has more than ", limits_.bytes_max, " bytes"));
  }
  const bool after_return = text_.ends_with('\r');
  if (after_return && c != '\n') return fail(400, "a carriage return without a line feed");
  if (!after_return && c == '\n') return fail(400, "a line feed without a carriage return");
  if ((byte < 0x20 && c != '\t' && c != '\r' && c != '\n') || byte == 0x7f) {
    return fail(400, "the header holds a control character");
  }
  text_ += c;
  return c == '\n' ? take_line() : Reading::needs_more;
}

Reading HeadReader::take_line() {
  const std::string_view line(text_.data() + line_begin_, text_.size() - 2 - line_begin_);
  line_begin_ = text_.size();
  if (!has_request_line_) {
    if (!line.empty()) return read_request_line(line);
    // RFC 9112 section 2.2: a server should ignore an empty line before the request line.
    if (++empty_lines_ > kEmptyLinesMax) return fail(400, "empty lines instead of a request");
    text_.clear();
    line_begin_ = 0;
    return Reading::needs_more;
  }
  return line.empty() ? finish() : read_field(line);
}

Reading HeadReader::read_request_line(std::string_view line) {
  const auto first = line.find(' '), last = line.rfind(' ');
  const std::string_view method = line.substr(0, std::min(first, line.size()));
  if (!is_token(method) || method.size() > kMethodBytesMax) {
    return fail(400, "the request does not begin with a method");
  }
  if (first == last) return fail(400, "the request line needs a method, a target and a version");
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (version.size() != 8 || !version.starts_with("HTTP/") || version[6] != '.' ||
      version[5] < '0' || version[5] > '9' || version[7] < '0' || version[7] > '9') {
    return fail(400, "the request line does not end with HTTP/1.1");
  }
  if (version[5] != '1') return fail(505, "the server speaks HTTP/1.1 only");
  if (target.size() > limits_.target_bytes_max) {
    return fail(414,
                concat("the request target has more than ", limits_.target_bytes_max, " bytes"));
  }
  head_.minor_version = version[7] == '0' ? 0 : 1;
  head_.request.method = method;
  head_.request.target = target;
  has_request_line_ = true;
  const Result<void> read = read_target(head_.request);
  return read.ok() ? Reading::needs_more : fail(400, read.error().message);
}

Reading HeadReader::read_field(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') {
    return fail(400, "a header field is folded over lines, which HTTP no longer allows");
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return fail(400, "a header field has no colon");
  const std::string_view name = line.substr(0, colon);
  if (!is_token(name)) return fail(400, "the name of a header field is not one word");
  if (head_.request.headers.all().size() >= kFieldsMax) {
    return fail(431, concat("the header has more than ", kFieldsMax, " fields"));
  }
  head_.request.headers.add(std::string(name), std::string(without_blanks(line.substr(colon + 1))));
  return Reading::needs_more;
}

Reading HeadReader::finish() {
  text_ = std::string();
  const Headers& headers = head_.request.headers;
  // Of these a second one could be read by one program where the other reads the first.
  for (const std::string_view name : {"Host", "Content-Length", "Transfer-Encoding", "Content-Type",
                                      "Authorization", "Origin", "Expect"}) {
    if (count_fields(headers, name) > 1) {
      return fail(400, concat("the header field ", name, " is there more than once"));
    }
  }
  if (const Reading reading = read_host(); reading == Reading::failed) return reading;
  if (const Reading reading = read_framing(); reading == Reading::failed) return reading;
  head_.keep_alive = head_.minor_version == 1 ? !headers.lists("Connection", "close")
                                              : headers.lists("Connection", "keep-alive");
  if (const std::string* expect = headers.find("Expect"); expect && head_.minor_version == 1) {
    if (!equal_without_case(*expect, "100-continue")) {
      return fail(417, "the only expectation that is met is 100-continue");
    }
    head_.expects_continue = head_.body_form != BodyForm::none;
  }
  return Reading::done;
}

Reading HeadReader::read_host() {
  const std::string* host = head_.request.headers.find("Host");
  if (host == nullptr) {
    return head_.minor_version == 0 ? Reading::needs_more : fail(400, "there is no Host field");
  }
  // Empty is allowed where the target has no authority; it names nobody.
  if (!host->empty() && !is_authority(*host)) return fail(400, "the Host field names no host");
  if (head_.request.host.empty()) head_.request.host = *host;
  return Reading::needs_more;
}

Reading HeadReader::read_framing() {
  const std::string* coding = head_.request.headers.find("Transfer-Encoding");
  const std::string* length = head_.request.headers.find("Content-Length");
  if (coding != nullptr) {
    if (length != nullptr) return fail(400, "both Content-Length and Transfer-Encoding are there");
    if (head_.minor_version == 0) return fail(400, "HTTP/1.0 has no Transfer-Encoding");
    if (!equal_without_case(*coding, "chunked")) {
      return fail(501, "the only transfer coding that is understood is chunked");
    }
    head_.body_form = BodyForm::chunked;
  } else if (length != nullptr) {
    const char* const end = length->data() + length->size();
    // Into an unsigned number from_chars takes digits only: no sign, no blank.
    const auto parsed = std::from_chars(length->data(), end, head_.content_length);
    if (parsed.ec == std::errc::result_out_of_range) {
      return fail(413, "Content-Length is beyond all bounds");
    }
    if (parsed.ec != std::errc() || parsed.ptr != end) {
      return fail(400, "Content-Length is no number");
    }
    if (head_.content_length > 0) head_.body_form = BodyForm::length;
  }
  return Reading::needs_more;
}

}  // namespace bise::http
