#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include "http/server.h"
#include "http/socket.h"

// What the tests of a server share: a client that sends bytes as they are, and a service.
namespace bise::http {

// Sanitizers and a busy machine are slow; what must happen happens long before.
inline constexpr std::chrono::seconds kPatience{30};

template <class Condition>
bool comes_true(const Condition& condition) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

inline std::string of_length(std::size_t bytes) {
  return std::string(bytes, 'x');
}

struct Answer {
  int status = 0;  // 0: none came
  Headers headers;
  std::string body;
  bool whole = false;  // ended as its head announced
};

class TestClient {
 public:
  explicit TestClient(std::uint16_t port, const std::function<void()>& before_connecting = {}) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    make(AF_INET);
    if (before_connecting) before_connecting();
    connect(reinterpret_cast<sockaddr*>(&address), sizeof address);
  }
  explicit TestClient(const std::string& unix_path) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    unix_path.copy(address.sun_path, sizeof address.sun_path - 1);
    make(AF_UNIX);
    connect(reinterpret_cast<sockaddr*>(&address), sizeof address);
  }

  bool is_connected() const { return connected_; }
  int fd() const { return fd_.get(); }
  void close() { fd_ = Descriptor(); }
  void end_sending() { ::shutdown(fd_.get(), SHUT_WR); }
  // Closes so that the other side gets a reset.
  void reset() {
    const linger now = {.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }

  // False: the server has closed, or takes nothing for long.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

  // One more piece into what was received; false at the end, or if none comes.
  bool receive() {
    pollfd poll_fd = {.fd = fd_.get(), .events = POLLIN, .revents = 0};
    const auto patience = std::chrono::milliseconds(kPatience).count();
    if (::poll(&poll_fd, 1, static_cast<int>(patience)) <= 0) return false;
    char piece[64 * 1024];
    const ssize_t count = ::recv(fd_.get(), piece, sizeof piece, 0);
    if (count <= 0) ended_ = true;
    if (count > 0) received_.append(piece, static_cast<std::size_t>(count));
    return count > 0;
  }
  bool receive_until(std::string_view mark) {
    while (received_.find(mark) == std::string::npos) {
      if (!receive()) return false;
    }
    return true;
  }
  // All up to the end of the connection.
  std::string receive_all() {
    while (receive()) {
    }
    return std::exchange(received_, {});
  }
  bool has_ended() const { return ended_; }
  std::string& received() { return received_; }

  // The next answer; interim ones (100) are skipped unless `interim`.
  Answer answer(bool to_head = false, bool interim = false) {
    Answer answer;
    do {
      if (!take_head(answer)) return answer;
    } while (answer.status < 200 && !interim);
    const std::string* length = answer.headers.find("Content-Length");
    if (to_head || answer.status < 200 || answer.status == 204 || answer.status == 304) {
      answer.whole = true;
    } else if (answer.headers.lists("Transfer-Encoding", "chunked")) {
      take_chunks(answer);
    } else if (length != nullptr) {
      const std::size_t size = std::strtoul(length->c_str(), nullptr, 10);
      while (received_.size() < size && receive()) {
      }
      answer.whole = received_.size() >= size;
      answer.body = received_.substr(0, size);
      received_.erase(0, size);
    } else {
      answer.body = receive_all();
      answer.whole = has_ended();
    }
    return answer;
  }
  Answer ask(std::string_view request) {
    send(request);
    return answer();
  }
  Answer get(std::string_view path) {
    return ask("GET " + std::string(path) + " HTTP/1.1\r\nHost: test\r\n\r\n");
  }

 private:
  void make(int family) {
    fd_ = Descriptor(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const timeval patience = {.tv_sec = kPatience.count(), .tv_usec = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  }
  void connect(const sockaddr* address, socklen_t size) {
    connected_ = ::connect(fd_.get(), address, size) == 0;
  }
  bool take_head(Answer& answer) {
    if (!receive_until("\r\n\r\n")) return false;
    const auto end = received_.find("\r\n\r\n");
    std::string_view rest = std::string_view(received_).substr(0, end + 2);
    answer.headers = {};
    answer.status = rest.starts_with("HTTP/1.1 ") ? std::atoi(rest.data() + 9) : 0;
    rest.remove_prefix(rest.find("\r\n") + 2);
    while (!rest.empty()) {
      const auto colon = rest.find(": "), line = rest.find("\r\n");
      answer.headers.add(std::string(rest.substr(0, colon)),
                         std::string(rest.substr(colon + 2, line - colon - 2)));
      rest.remove_prefix(line + 2);
    }
    received_.erase(0, end + 4);
    return true;
  }
  void take_chunks(Answer& answer) {
    for (;;) {
      if (!receive_until("\r\n")) return;
      const std::size_t size = std::strtoul(received_.c_str(), nullptr, 16);
      const std::size_t begin = received_.find("\r\n") + 2;
      while (received_.size() < begin + size + 2) {
        if (!receive()) return;
      }
      answer.body.append(received_, begin, size);
      received_.erase(0, begin + size + 2);
      if (size > 0) continue;
      answer.whole = true;
      return;
    }
  }

  Descriptor fd_;
  bool connected_ = false;
  bool ended_ = false;
  std::string received_;
};

// Lets everything pass.
inline Service open_service() {
  Service service;
  service.gate = [](Request&, const Router::Match&) { return std::nullopt; };
  return service;
}

inline std::unique_ptr<Server> started(Service service, ServerOptions options = {}) {
  return Server::start(std::move(options), std::move(service)).value();
}

}  // namespace bise::http
