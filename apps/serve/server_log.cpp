#include "apps/serve/server_log.h"

#include <cstdio>
#include <ctime>

#include "base/json.h"
#include "base/text.h"

namespace bise {
namespace {

// More than a stuck reader is given; what comes then is left out.
constexpr std::size_t kLinesMax = 10'000;
constexpr std::size_t kPathBytesMax = 200;

std::string time_text() {
  return utc_text(std::time(nullptr));
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

ServerLog::ServerLog(LogForm form)
    : form_(form), writer_(kLinesMax, [](const std::vector<std::string>& lines) {
        for (const std::string& line : lines) {
          std::fwrite(line.data(), 1, line.size(), stderr);
          std::fputc('\n', stderr);
        }
        std::fflush(stderr);
      }) {}

void ServerLog::say(std::string_view sentence) {
  if (form_ == LogForm::json) {
    writer_.add(
        write_json(Json::object({{"time", time_text()}, {"message", std::string(sentence)}})));
  } else {
    writer_.add(concat("bise: ", sentence));
  }
}

void ServerLog::request(const http::AccessRecord& record) {
  if (form_ == LogForm::none) return;
  const http::Request& request = record.request;
  const std::int64_t ms = record.duration.count() / 1000;
  if (form_ == LogForm::json) {
    writer_.add(write_json(Json::object({{"time", time_text()},
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
  writer_.add(concat(time_text(), " ", request.peer_address, " ", quoted(request.method, 20), " ",
                     quoted(request.path, kPathBytesMax), " ", record.status, " ", ms, " ms ",
                     record.ending == http::Ending::complete ? "" : word_of(record.ending),
                     record.ending == http::Ending::complete ? "" : " ", request.id));
}

}  // namespace bise
