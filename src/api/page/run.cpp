#include "api/page/run.h"

#include <cmath>

#include "base/text.h"
#include "store/ids.h"

namespace bise::api {
namespace {

std::int64_t ms_of(double seconds) {
  return std::llround(seconds * 1000);
}

RequestRecord record_of(const RunPlan& plan, const Run::Place& place, store::TimeMs now) {
  RequestRecord record;
  record.began_ms = now;
  record.user_id = place.user_id;
  record.key_id = place.key_id;
  record.route = "/api/chats/{id}/runs";
  record.model = plan.model->id;
  record.lane = plan.generation.lane;
  record.streams = true;
  record.seed = plan.generation.sampling.seed;
  return record;
}

}  // namespace

Run::Run(const RunPlan& plan, Place where, std::shared_ptr<RunSink> told,
         const PageContext& context)
    : id(store::random_id("run_")),
      place(std::move(where)),
      model(plan.model),
      sink(std::move(told)),
      answer_(*plan.model, plan.inside_thought),
      seed_(plan.generation.sampling.seed),
      record_(record_of(plan, place, context.now())) {
  record_.request_id = record_.answer_id = id;
  for (const LoggedToken& token : plan.before) {
    answer_.push(token.id);
    ++token_count_;
    if (plan.goes_on.empty()) append_token(unsaved_tokens_, token);
  }
  const SamplingOptions& sampling = plan.generation.sampling;
  facts_.set("seed", exact_number(seed_));
  // Shortest forms: 0.2, not 0.20000000298.
  facts_.set("temperature", Json::Number{concat(sampling.temperature)});
  facts_.set("top_p", Json::Number{concat(sampling.top_p)});
  facts_.set("context_tokens", model->context_tokens);
  const auto details = context.model_details(model->id);
  const auto bandwidth = context.machine().bandwidth;
  if (details && details->bytes_per_token != 0 && bandwidth) {
    facts_.set("bytes_per_token", details->bytes_per_token);
    facts_.set("bandwidth", *bandwidth);
    facts_.set("roof_tokens_per_s", *bandwidth / static_cast<double>(details->bytes_per_token));
  }
  is_changed_ = true;
}

Json Run::progress(const char* state) const {
  return Json::object({{"chat", place.chat_id}, {"message", place.message_id}, {"state", state}});
}

std::vector<Run::Told> Run::take_news() {
  std::vector<Told> told;
  Delta delta{.from = token_count_};
  for (const RunEvent& event : sink->take()) {
    if (const auto* started = std::get_if<StartedEvent>(&event)) {
      state_ = "reading";
      facts_.set("prompt_tokens", started->prompt_tokens);
      facts_.set("cached_tokens", started->cached_tokens);
      facts_.set("queue_ms", ms_of(started->queue_s));
      told.push_back({"progress", progress("reading")});
      told.back().data.set("done", started->cached_tokens).set("total", started->prompt_tokens);
    } else if (const auto* read = std::get_if<RunPrefilled>(&event)) {
      told.push_back({"progress", progress("reading")});
      told.back().data.set("done", read->done).set("total", read->total);
    } else if (const auto* token = std::get_if<LoggedToken>(&event)) {
      add(*token, delta);
    } else if (const auto* choice = std::get_if<ChoiceEvent>(&event)) {
      end(*choice, delta);
    } else if (const auto* ended = std::get_if<RunEnded>(&event)) {
      end(*ended);
    }
  }
  if (token_count_ == delta.from && delta.text.empty() && delta.thinking.empty()) return told;
  Json data = Json::object({{"chat", place.chat_id},
                            {"message", place.message_id},
                            {"from", delta.from},
                            {"to", token_count_}});
  if (!delta.text.empty()) data.set("text", delta.text);
  if (!delta.thinking.empty()) data.set("thinking", delta.thinking);
  told.push_back({"delta", std::move(data)});
  return told;
}

void Run::note_thinking(bool was_in_thought) {
  const auto now = std::chrono::steady_clock::now();
  if (!was_in_thought && answer_.in_thought()) thinking_since_ = now;
  if (was_in_thought && !answer_.in_thought()) {
    thinking_ms_ +=
        std::chrono::duration_cast<std::chrono::milliseconds>(now - thinking_since_).count();
  }
}

void Run::add(const LoggedToken& token, Delta& delta) {
  if (state_ != "writing" && answer_.in_thought()) {
    thinking_since_ = std::chrono::steady_clock::now();
  }
  state_ = "writing";
  const bool was_in_thought = answer_.in_thought();
  const LiveAnswer::Added added = answer_.push(token.id);
  note_thinking(was_in_thought);
  delta.text += added.text;
  delta.thinking += added.thinking;
  ++token_count_;
  append_token(unsaved_tokens_, token);
  is_changed_ = true;
}

void Run::end(const ChoiceEvent& event, Delta& delta) {
  const bool was_in_thought = answer_.in_thought();
  switch (event.reason) {
    case FinishReason::end_token:
    case FinishReason::stop_string:
      status_ = store::MessageStatus::done;
      finish_reason_ = "stop";
      break;
    case FinishReason::length:
    case FinishReason::context_full:
      status_ = store::MessageStatus::stopped;
      finish_reason_ = "length";
      break;
    case FinishReason::stopped:
    case FinishReason::cancelled:
      status_ = store::MessageStatus::stopped;
      finish_reason_ = "stopped";
      break;
    case FinishReason::error:
      status_ = store::MessageStatus::error;
      error_ = event.error ? event.error->message : "the model failed";
      break;
  }
  // One that can go on keeps an incomplete character for the token that completes it.
  if (status_ == store::MessageStatus::stopped) return;
  const LiveAnswer::Added added = answer_.finish();
  delta.text += added.text;
  delta.thinking += added.thinking;
  if (was_in_thought) note_thinking(was_in_thought);
}

void Run::end(const RunEnded& ended) {
  const FinishedEvent& event = ended.event;
  facts_.set("prompt_tokens", event.prompt_tokens);
  facts_.set("cached_tokens", event.cached_tokens);
  facts_.set("queue_ms", ms_of(event.queue_s));
  facts_.set("prefill_ms", ms_of(event.prefill_s));
  facts_.set("decode_ms", ms_of(event.decode_s));
  // The first token was chosen at the end of the prefill.
  if (event.token_count > 1 && event.decode_s > 0) {
    tokens_per_s_ = static_cast<double>(event.token_count - 1) / event.decode_s;
  }
  if (status_ == store::MessageStatus::running) {
    // It never began.
    const bool is_stopped = !ended.error || ended.error->code == ErrorCode::cancelled;
    status_ = is_stopped ? store::MessageStatus::stopped : store::MessageStatus::error;
    finish_reason_ = is_stopped ? "stopped" : "";
    if (!is_stopped) error_ = ended.error->message;
  }
  record_.prompt_tokens = event.prompt_tokens;
  record_.cached_tokens = event.cached_tokens;
  record_.generated_tokens = event.token_count;
  record_.queue_s = event.queue_s;
  record_.prefill_s = event.prefill_s;
  record_.decode_s = event.decode_s;
  record_.total_s = event.queue_s + event.prefill_s + event.decode_s;
  record_.outcome = !error_.empty()               ? "error"
                    : finish_reason_ == "stopped" ? "cancelled"
                                                  : finish_reason_;
  record_.error = error_;
  is_changed_ = true;
  has_ended_ = true;
}

void Run::fail(const std::string& message) {
  status_ = store::MessageStatus::error;
  error_ = message;
  record_.outcome = "error";
  record_.error = message;
  is_changed_ = true;
  has_ended_ = true;
}

std::optional<store::MessageChange> Run::take_change() {
  if (!is_changed_) return std::nullopt;
  is_changed_ = false;
  facts_.set("tokens", token_count_);
  facts_.set("thinking_tokens", answer_.thinking_tokens());
  if (!answer_.thinking().empty()) facts_.set("thinking_ms", thinking_ms_);
  store::MessageChange change{.user_id = place.user_id, .message_id = place.message_id};
  change.content = answer_.content();
  change.thinking = answer_.thinking();
  change.token_count = token_count_;
  change.more_tokens = std::exchange(unsaved_tokens_, {});
  change.metrics = write_json(facts_, {.spaces = false});
  change.seed = seed_;
  change.status = status_;
  change.finish_reason = finish_reason_;
  change.error = error_;
  return change;
}

void Run::overlay(store::Message& message) const {
  message.content = answer_.content();
  message.thinking = answer_.thinking();
  message.token_count = token_count_;
  message.status = status_;
  message.metrics = write_json(facts_, {.spaces = false});
}

}  // namespace bise::api
