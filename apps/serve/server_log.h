#pragma once

#include <string>
#include <string_view>

#include "apps/serve/writer_thread.h"
#include "http/server.h"

namespace bise {

enum class LogForm { text, json, none };

// Lines on stderr, by a thread of its own: a reader that is stuck does not stop the server. No
// secret gets here: paths are written without their queries, header fields not at all.
class ServerLog {
 public:
  explicit ServerLog(LogForm form);

  // What an operator should know; also with LogForm::none.
  void say(std::string_view sentence);
  void request(const http::AccessRecord& record);

 private:
  LogForm form_;
  WriterThread<std::string> writer_;
};

}  // namespace bise
