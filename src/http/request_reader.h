#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/message.h"

namespace bise::http {

// Why a request was not understood: the status to answer, and a sentence for the client.
struct BadRequest {
  int status = 400;
  std::string message;
};

enum class BodyForm { none, length, chunked };

// A request but for its body, and how the body comes.
struct RequestHead {
  Request request;
  int minor_version = 1;  // HTTP/1.0 or 1.1
  bool keep_alive = true;
  bool expects_continue = false;
  BodyForm body_form = BodyForm::none;
  std::uint64_t content_length = 0;  // of BodyForm::length
};

enum class Reading { needs_more, done, failed };

struct HeadLimits {
  std::size_t bytes_max;
  std::size_t target_bytes_max;
};

// Reads request line and fields (RFC 9112), strictly: CRLF ends a line and nothing else does, no
// folded fields, one Host, and nothing about the body's length that two readers could take in two
// ways. Bytes come in any pieces; what is wrong is said as soon as it is seen.
class HeadReader {
 public:
  static constexpr std::size_t kFieldsMax = 256;

  explicit HeadReader(const HeadLimits& limits) : limits_(limits) {}

  // Takes bytes from the front of `bytes`, none behind the head's end.
  Reading feed(std::string_view& bytes);
  // Whether a byte of a request (not of empty lines before it) has been seen.
  bool has_begun() const { return !text_.empty() && text_.front() != '\r'; }

  RequestHead& head() { return head_; }                   // once done
  const BadRequest& failure() const { return failure_; }  // once failed

 private:
  Reading fail(int status, std::string message);
  Reading take(char c);
  Reading take_line();
  Reading read_request_line(std::string_view line);
  Reading read_field(std::string_view line);
  Reading finish();
  Reading read_framing();
  Reading read_host();

  HeadLimits limits_;
  std::string text_;
  std::size_t line_begin_ = 0;
  bool has_request_line_ = false;
  int empty_lines_ = 0;
  RequestHead head_;
  BadRequest failure_;
};

// Reads a body behind a head. Chunk extensions and trailer fields are checked and left out.
class BodyReader {
 public:
  static constexpr std::size_t kExtensionBytesMax = 16 * 1024;  // of all chunks
  static constexpr std::size_t kTrailerBytesMax = 16 * 1024;

  BodyReader(const RequestHead& head, std::size_t bytes_max);

  // Takes bytes from the front of `bytes` and appends to `body`; none behind the body's end.
  Reading feed(std::string_view& bytes, std::string& body);
  Reading state() const { return state_; }
  const BadRequest& failure() const { return failure_; }

 private:
  enum class Part { data, size, extension, size_end, data_end, data_end_lf, trailer };

  Reading fail(int status, std::string message);
  Reading too_large();
  Reading take_size(char c);
  Reading begin_chunk();
  Reading take_trailer(char c);

  BodyForm form_;
  std::size_t bytes_max_;
  Reading state_;
  Part part_ = Part::size;
  std::uint64_t rest_ = 0;  // of the body, or of this chunk
  int size_digits_ = 0;
  std::size_t extension_bytes_ = 0;
  std::string trailer_;  // the line so far
  std::size_t trailer_bytes_ = 0;
  BadRequest failure_;
};

}  // namespace bise::http
