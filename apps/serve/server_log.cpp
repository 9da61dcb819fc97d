#include "apps/serve/server_log.h"

#include <cstdio>
#include <ctime>
#include <utility>

#include "base/text.h"

namespace bise {
namespace {

// More than a stuck reader is given; what comes then is left out.
constexpr std::size_t kLinesMax = 10'000;
constexpr std::size_t kPathBytesMax = 200;

std::string time_text() {
  const std::time_t now = std::time(nullptr);
  std::tm parts = {};
  ::gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

std::string_view word_of(http::Ending ending) {
  switch (ending) {
    case http::Ending::complete:
      return "complete";
    case http::Ending::client_gone:
      return "client gone";
    case http::Ending::timed_out:
      return "timed out";
    case http::Ending::cut:
      break;
  }
  return "cut";
}

}  // namespace

ServerLog::ServerLog(LogForm form) : form_(form), writer_([this] { write_lines(); }) {}

ServerLog::~ServerLog() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  writer_.join();
}

void ServerLog::say(std::string_view sentence) {
  if (form_ == LogForm::json) {
    add(write_json(Json::object({{"time", time_text()}, {"message", std::string(sentence)}})));
  } else {
    add(concat("bise: ", sentence));
  }
}

void ServerLog::request(const http::AccessRecord& record) {
  if (form_ == LogForm::none) return;
  const http::Request& request = record.request;
  const std::int64_t ms = record.duration.count() / 1000;
  if (form_ == LogForm::json) {
    add(write_json(Json::object({{"time", time_text()},
                                 {"id", request.id},
                                 {"peer", request.peer_address},
                                 {"method", request.method},
                                 {"path", quoted(request.path, kPathBytesMax)},
                                 {"status", record.status},
                                 {"ending", std::string(word_of(record.ending))},
                                 {"received_bytes", record.bytes_received},
                                 {"sent_bytes", record.bytes_sent},
                                 {"ms", ms}})));
    return;
  }
  add(concat(time_text(), " ", request.peer_address, " ", quoted(request.method, 20), " ",
             quoted(request.path, kPathBytesMax), " ", record.status, " ", ms, " ms ",
             record.ending == http::Ending::complete ? "" : word_of(record.ending),
             record.ending == http::Ending::complete ? "" : " ", request.id));
}

void ServerLog::add(std::string line) {
  line += '\n';
  {
    const std::lock_guard lock(mutex_);
    if (lines_.size() >= kLinesMax) return;
    lines_.push_back(std::move(line));
  }
  changed_.notify_one();
}

void ServerLog::write_lines() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ending_ || !lines_.empty(); });
    if (lines_.empty()) return;
    const std::deque<std::string> lines = std::exchange(lines_, {});
    lock.unlock();
    for (const std::string& line : lines) std::fwrite(line.data(), 1, line.size(), stderr);
    std::fflush(stderr);
    lock.lock();
  }
}

}  // namespace bise
