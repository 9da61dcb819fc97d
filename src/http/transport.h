#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"
#include "http/server.h"

namespace bise::http {

// What became of one attempt; nothing here waits.
struct IoResult {
  enum class Kind { done, wait_readable, wait_writable, ended, failed };
  Kind kind;
  std::size_t count = 0;  // bytes, if done
};

// Bytes over a non-blocking socket that somebody else owns.
class Transport {
 public:
  virtual ~Transport() = default;

  virtual IoResult handshake() = 0;
  virtual IoResult read(std::span<char> into) = 0;  // ended: the other side will send no more
  // `more`: bytes follow at once, so a packet need not go out for these.
  virtual IoResult write(std::string_view bytes, bool more) = 0;
  // Says that no more will be written.
  virtual void end_writing() = 0;
};

std::unique_ptr<Transport> plain_transport(int fd);
// Past any transport: for bytes that nobody wants.
IoResult read_plain(int fd, std::span<char> into);

// Certificate and key, shared by the connections that began with them.
class TlsContext {
 public:
  virtual ~TlsContext() = default;
  virtual std::unique_ptr<Transport> accept(int fd) const = 0;
};

// TLS 1.2 and 1.3, HTTP/1.1. Errors name the file and what is wrong with it.
Result<std::shared_ptr<const TlsContext>> load_tls(const TlsFiles& files);

}  // namespace bise::http
