#include <algorithm>

#include "base/text.h"
#include "http/request_reader.h"

namespace bise::http {
namespace {

// 2^60 and more cannot be meant, and fit without overflow.
constexpr int kSizeDigitsMax = 15;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_control(char c) {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
}

}  // namespace

BodyReader::BodyReader(const RequestHead& head, std::size_t bytes_max)
    : form_(head.body_form),
      bytes_max_(bytes_max),
      state_(form_ == BodyForm::none ? Reading::done : Reading::needs_more),
      rest_(head.content_length) {
  if (form_ == BodyForm::length) {
    part_ = Part::data;
    if (rest_ > bytes_max_) too_large();
  }
}

Reading BodyReader::fail(int status, std::string message) {
  failure_ = {.status = status, .message = std::move(message)};
  state_ = Reading::failed;
  return state_;
}

Reading BodyReader::too_large() {
  return fail(413, concat("the body has more than ", bytes_max_, " bytes"));
}

Reading BodyReader::feed(std::string_view& bytes, std::string& body) {
  while (state_ == Reading::needs_more && !bytes.empty()) {
    if (part_ == Part::data) {
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(rest_, bytes.size()));
      body.append(bytes.data(), count);
      bytes.remove_prefix(count);
      rest_ -= count;
      if (rest_ > 0) continue;
      if (form_ == BodyForm::length) state_ = Reading::done;
      part_ = Part::data_end;
      continue;
    }
    const char c = bytes.front();
    bytes.remove_prefix(1);
    switch (part_) {
      case Part::data_end:
      case Part::data_end_lf:
        if (c != (part_ == Part::data_end ? '\r' : '\n')) {
          return fail(400, "a chunk of the body is longer than its size says");
        }
        part_ = part_ == Part::data_end ? Part::data_end_lf : Part::size;
        break;
      case Part::trailer:
        take_trailer(c);
        break;
      default:
        if (take_size(c) == Reading::needs_more && part_ == Part::data && rest_ > 0 &&
            (bytes_max_ < body.size() || rest_ > bytes_max_ - body.size())) {
          return too_large();
        }
    }
  }
  return state_;
}

// The line before a chunk: its size, extensions, CRLF.
Reading BodyReader::take_size(char c) {
  if (part_ == Part::size_end) {
    return c == '\n' ? begin_chunk() : fail(400, "a carriage return without a line feed");
  }
  if (c == '\r' && size_digits_ > 0) {
    part_ = Part::size_end;
    return state_;
  }
  if (part_ == Part::extension) {
    if (is_control(c)) return fail(400, "a chunk extension holds a control character");
    if (++extension_bytes_ > kExtensionBytesMax) return fail(400, "the chunk extensions are huge");
    return state_;
  }
  if (const int digit = hex_value(c); digit >= 0) {
    if (++size_digits_ > kSizeDigitsMax) return fail(400, "the size of a chunk is beyond bounds");
    rest_ = rest_ * 16 + static_cast<unsigned>(digit);
    return state_;
  }
  if (size_digits_ == 0 || c != ';')
    return fail(400, "the size of a chunk is no hexadecimal number");
  part_ = Part::extension;
  return state_;
}

Reading BodyReader::begin_chunk() {
  size_digits_ = 0;
  part_ = rest_ > 0 ? Part::data : Part::trailer;
  return state_;
}

Reading BodyReader::take_trailer(char c) {
  if (++trailer_bytes_ > kTrailerBytesMax) return fail(431, "the fields after the body are huge");
  const bool after_return = trailer_.ends_with('\r');
  if (after_return != (c == '\n')) return fail(400, "a line behind the body ends without CRLF");
  if (c != '\n') {
    if (c != '\r' && is_control(c)) {
      return fail(400, "a field behind the body holds a control character");
    }
    trailer_ += c;
    return state_;
  }
  if (trailer_ == "\r") {
    state_ = Reading::done;
  } else {
    const auto colon = trailer_.find(':');
    if (colon == std::string::npos || colon == 0 || trailer_.find_first_of(" \t") < colon) {
      return fail(400, "a field behind the body has no name");
    }
    trailer_.clear();
  }
  return state_;
}

}  // namespace bise::http
