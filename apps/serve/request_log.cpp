#include "apps/serve/request_log.h"

#include <utility>

#include "base/text.h"

namespace bise {
namespace {

// A store that is slower than this many requests loses some rather than memory.
constexpr std::size_t kWaitingMax = 100'000;
constexpr store::TimeMs kDayMs = 86'400'000;

store::RequestRow row_of(const api::RequestRecord& record) {
  return {.id = record.request_id,
          .answer_id = record.answer_id,
          .user_id = record.user_id,
          .key_id = record.key_id,
          .began_at = record.began_ms,
          .route = record.route,
          .family = api::family_name(record.family),
          .model = record.model,
          .lane = static_cast<int>(record.lane),
          .streams = record.streams,
          .choices = record.choices,
          .seed = record.seed,
          .status = record.status,
          .outcome = record.outcome,
          .error = record.error,
          .prompt_tokens = record.prompt_tokens,
          .cached_tokens = record.cached_tokens,
          .completion_tokens = record.generated_tokens,
          .queue_s = record.queue_s,
          .prefill_s = record.prefill_s,
          .decode_s = record.decode_s,
          .total_s = record.total_s};
}

}  // namespace

RequestLog::RequestLog(store::Store& store, int keep_days,
                       std::function<void(const std::string&)> complain)
    : store_(store),
      keep_days_(keep_days),
      complain_(std::move(complain)),
      writer_(kWaitingMax, [this](const auto& rows) { write(rows); }) {}

void RequestLog::write(const std::vector<store::RequestRow>& rows) {
  const Result<void> written = store_.add_requests(rows);
  if (!written.ok()) {
    complain_(concat(rows.size(), " request records are lost: ", written.error().message));
  }
  if (keep_days_ > 0) remove_old();
}

void RequestLog::remove_old() {
  const store::TimeMs now = store::system_time_ms();
  if (now < next_removal_) return;
  next_removal_ = now + kDayMs;
  const Result<int> removed = store_.remove_requests_before(now - keep_days_ * kDayMs);
  if (!removed.ok()) complain_(concat("old request records stay: ", removed.error().message));
}

void RequestLog::add(const api::RequestRecord& record) {
  writer_.add(row_of(record));
}

}  // namespace bise
