#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "base/json.h"
#include "http/server.h"

namespace bise {

enum class LogForm { text, json, none };

// Lines on stderr, by a thread of its own: a reader that is stuck does not stop the server. No
// secret gets here: paths are written without their queries, header fields not at all.
class ServerLog {
 public:
  explicit ServerLog(LogForm form);
  ~ServerLog();  // writes what waits
  ServerLog(const ServerLog&) = delete;
  ServerLog& operator=(const ServerLog&) = delete;

  // What an operator should know; also with LogForm::none.
  void say(std::string_view sentence);
  void request(const http::AccessRecord& record);

 private:
  void add(std::string line);
  void write_lines();

  LogForm form_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> lines_;
  bool ending_ = false;
  std::thread writer_;
};

}  // namespace bise
