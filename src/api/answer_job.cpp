#include "api/answer_job.h"

#include <chrono>

#include "base/check.h"
#include "base/text.h"
#include "http/sse.h"

namespace bise::api {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kSeedHeader = "x-bise-seed";

Ending ending_of(const ChoiceEvent& event, const AnswerReader* reader) {
  switch (event.reason) {
    case FinishReason::stop_string:
      return Ending::stop_string;
    case FinishReason::stopped:
      return reader != nullptr && reader->stopped_by() >= 0 ? Ending::stop_string : Ending::stop;
    case FinishReason::end_token:
      return Ending::stop;
    case FinishReason::length:
      return Ending::length;
    case FinishReason::context_full:
      return Ending::context_full;
    case FinishReason::cancelled:
    case FinishReason::error:
      break;
  }
  return Ending::failed;
}

const char* outcome_word(const ChoiceEnd& end) {
  if (end.ending == Ending::length || end.ending == Ending::context_full) return "length";
  return end.has_calls ? "tool_calls" : "stop";
}

// Told by the engine's delivery thread alone, from submit() to the last finished(); the outlet is
// what other threads share.
class Job : public std::enable_shared_from_this<Job> {
 public:
  struct Size {
    std::size_t parts;
    int choices_per_part;
  };
  Job(ServicesPtr services, std::shared_ptr<AnswerOutlet> outlet, AnswerPlan plan, Size size);

  void started(std::size_t part, const StartedEvent& event);
  Flow token(std::size_t part, const TokenEvent& event);
  void choice_finished(std::size_t part, const ChoiceEvent& event);
  void finished(const FinishedEvent& event, const std::optional<Error>& error);

  std::string stopping_frame() const;

 private:
  struct Choice {
    std::optional<AnswerReader> reader;
    ChoiceAnswer answer;  // of whole answers
  };

  int number(std::size_t part, int choice) const {
    return static_cast<int>(part) * size_.choices_per_part + choice;
  }
  void add(int choice, const std::vector<AnswerPiece>& pieces, const LogProbs* log_probs);
  void end();
  void fail(const ApiError& error);
  void write_record();

  const ServicesPtr services_;
  const std::shared_ptr<AnswerOutlet> outlet_;
  AnswerPlan plan_;
  const Size size_;
  const Clock::time_point began_ = Clock::now();
  std::vector<Choice> choices_;
  Usage usage_;
  std::size_t parts_finished_ = 0;
  bool has_begun_ = false;
  std::optional<ApiError> error_;
};

class PartSink final : public GenerationSink {
 public:
  PartSink(std::shared_ptr<Job> job, std::size_t part) : job_(std::move(job)), part_(part) {}

  void started(const StartedEvent& event) override { job_->started(part_, event); }
  Flow token(const TokenEvent& event) override { return job_->token(part_, event); }
  void choice_finished(const ChoiceEvent& event) override { job_->choice_finished(part_, event); }
  void finished(const FinishedEvent& event, const std::optional<Error>& error) override {
    job_->finished(event, error);
  }

 private:
  const std::shared_ptr<Job> job_;
  const std::size_t part_;
};

Job::Job(ServicesPtr services, std::shared_ptr<AnswerOutlet> outlet, AnswerPlan plan, Size size)
    : services_(std::move(services)),
      outlet_(std::move(outlet)),
      plan_(std::move(plan)),
      size_(size) {
  choices_.resize(size.parts * static_cast<std::size_t>(size.choices_per_part));
  if (!plan_.marks) return;
  for (Choice& choice : choices_) {
    choice.reader.emplace(*plan_.head.served->tokenizer, *plan_.marks, plan_.reader);
  }
}

void Job::started(std::size_t part, const StartedEvent& event) {
  if (!std::exchange(has_begun_, true) && plan_.stream != nullptr) {
    std::string frames;
    plan_.stream->begin(
        {.prompt_tokens = event.prompt_tokens, .cached_tokens = event.cached_tokens}, frames);
    outlet_->write(frames);
  }
  if (plan_.leads.empty()) return;
  for (int i = 0; i < size_.choices_per_part; ++i) {
    add(number(part, i), plan_.leads[part], nullptr);
  }
}

void Job::add(int choice, const std::vector<AnswerPiece>& pieces, const LogProbs* log_probs) {
  if (plan_.stream != nullptr) {
    if (pieces.empty() && log_probs == nullptr) return;
    std::string frames;
    plan_.stream->add(choice, pieces, log_probs, frames);
    outlet_->write(frames);
    return;
  }
  ChoiceAnswer& answer = choices_[static_cast<std::size_t>(choice)].answer;
  for (const AnswerPiece& piece : pieces) answer.add(piece);
  if (log_probs != nullptr) answer.log_probs.push_back(*log_probs);
}

Flow Job::token(std::size_t part, const TokenEvent& event) {
  const int index = number(part, event.choice);
  Choice& choice = choices_[static_cast<std::size_t>(index)];
  std::vector<AnswerPiece> pieces;
  if (choice.reader) {
    pieces = choice.reader->push(event.id);
  } else if (!event.text.empty()) {
    pieces.push_back({AnswerPiece::Kind::text, event.text});
  }
  add(index, pieces, plan_.tells_log_probs && event.log_probs ? &*event.log_probs : nullptr);
  return choice.reader && choice.reader->stopped() ? Flow::stop : Flow::go_on;
}

void Job::choice_finished(std::size_t part, const ChoiceEvent& event) {
  const int index = number(part, event.choice);
  Choice& choice = choices_[static_cast<std::size_t>(index)];
  const AnswerReader* reader = choice.reader ? &*choice.reader : nullptr;
  std::vector<AnswerPiece> pieces;
  if (choice.reader) {
    pieces = choice.reader->finish();
    usage_.thinking_tokens += reader->thinking_tokens();
  } else if (!event.text.empty()) {
    pieces.push_back({AnswerPiece::Kind::text, event.text});
  }
  ChoiceEnd& end = choice.answer.end;
  end.ending = ending_of(event, reader);
  end.has_calls = reader != nullptr && reader->call_count() > 0;
  const int stop = reader != nullptr ? reader->stopped_by() : event.stop_index;
  if (end.ending == Ending::stop_string && stop >= 0) {
    end.stop_string = plan_.stops[static_cast<std::size_t>(stop)];
  }
  plan_.record.outcome = outcome_word(end);
  if (end.ending == Ending::failed) {
    if (!error_) {
      error_ = event.error ? from_error(*event.error)
                           : ApiError{.status = 503, .message = "the request was ended"};
    }
    return;
  }
  add(index, pieces, nullptr);
  if (plan_.stream == nullptr) return;
  std::string frames;
  plan_.stream->end_choice(index, end, frames);
  outlet_->write(frames);
}

void Job::finished(const FinishedEvent& event, const std::optional<Error>& error) {
  usage_.prompt_tokens += event.prompt_tokens;
  usage_.cached_tokens += event.cached_tokens;
  usage_.completion_tokens += event.token_count;
  plan_.record.queue_s = std::max(plan_.record.queue_s, event.queue_s);
  plan_.record.prefill_s += event.prefill_s;
  plan_.record.decode_s += event.decode_s;
  if (error && !error_) error_ = from_error(*error);
  if (++parts_finished_ < size_.parts) return;
  if (outlet_->is_cancelled()) {
    plan_.record.outcome = "cancelled";
  } else if (error_) {
    fail(*error_);
  } else {
    end();
  }
  write_record();
}

void Job::end() {
  if (plan_.stream != nullptr) {
    std::string frames;
    plan_.stream->end(usage_, frames);
    outlet_->write(frames);
    outlet_->finish();
    return;
  }
  std::vector<ChoiceAnswer> answers;
  for (Choice& choice : choices_) answers.push_back(std::move(choice.answer));
  http::Response response = json_response(plan_.whole(plan_.head, answers, usage_));
  response.headers.set(std::string(kSeedHeader), concat(plan_.head.seed));
  outlet_->respond(std::move(response));
}

void Job::fail(const ApiError& error) {
  plan_.record.outcome = "error";
  plan_.record.error = error.message;
  if (plan_.stream != nullptr) {
    outlet_->fail_stream(plan_.stream->failure(error));
    return;
  }
  plan_.record.status = error.status;
  outlet_->fail(error);
}

std::string Job::stopping_frame() const {
  return plan_.stream->failure({.status = 503, .message = "the server stops"});
}

void Job::write_record() {
  RequestRecord& record = plan_.record;
  record.prompt_tokens = usage_.prompt_tokens;
  record.cached_tokens = usage_.cached_tokens;
  record.generated_tokens = usage_.completion_tokens;
  record.total_s = std::chrono::duration<double>(Clock::now() - began_).count();
  if (services_->context.on_request) services_->context.on_request(record);
}

// Said here, because clients look for their own service's words when they shorten what they send.
std::optional<ApiError> too_long(const AnswerPlan& plan) {
  const std::int64_t context = plan.head.served->context_tokens;
  for (const GenerationRequest& generation : plan.generations) {
    const auto count = static_cast<std::int64_t>(generation.prompt.size());
    if (count < context) continue;
    const bool anthropic = plan.record.family == Family::anthropic;
    return ApiError{.status = 400,
                    .message = anthropic
                                   ? concat("prompt is too long: ", count, " tokens > ",
                                            context - 1, " maximum (with the answer ", context, ")")
                                   : concat("This model's maximum context length is ", context,
                                            " tokens, the answer included, but the prompt has ",
                                            count, " tokens; shorten it"),
                    .param = plan.marks ? "messages" : "prompt",
                    .code = "context_length_exceeded"};
  }
  return {};
}

// What the engine said at the door.
ApiError refusal(const ApiServices& services, const Error& error) {
  ApiError told = from_error(error);
  if (error.code != ErrorCode::overloaded) return told;
  const bool stops = services.context.not_ready && !services.context.not_ready().empty();
  if (stops) told = {.status = 503, .message = "the server takes no more requests"};
  told.retry_after_s = services.context.engine->retry_after_s();
  return told;
}

}  // namespace

void answer(const ServicesPtr& services, const http::ExchangePtr& exchange, AnswerPlan plan) {
  if (const auto error = too_long(plan)) {
    return refuse(services, exchange, *error, std::move(plan.record));
  }
  exchange->take_body();  // it has been read; answers may take long
  auto outlet = std::make_shared<AnswerOutlet>(exchange);
  const bool streams = plan.stream != nullptr;
  http::Response head = http::sse_head();
  head.headers.set(std::string(kSeedHeader), concat(plan.head.seed));
  const RequestRecord record = plan.record;
  std::vector<GenerationRequest> generations = std::move(plan.generations);
  const Job::Size size = {.parts = generations.size(),
                          .choices_per_part = generations.front().choice_count};
  auto job = std::make_shared<Job>(services, outlet, std::move(plan), size);

  for (std::size_t i = 0; i < generations.size(); ++i) {
    auto handle = services->context.engine->submit(std::move(generations[i]),
                                                   std::make_shared<PartSink>(job, i));
    if (!handle.ok()) {
      outlet->cancel();
      refuse(services, exchange, refusal(*services, handle.error()), record);
      return;
    }
    outlet->add_handle(*handle);
  }
  if (streams) outlet->open_stream(std::move(head));
  exchange->on_closed([weak = std::weak_ptr(outlet)] {
    if (const auto there = weak.lock()) there->cancel();
  });
  exchange->on_stopping([weak = std::weak_ptr(outlet), weak_job = std::weak_ptr(job), streams] {
    const auto there = weak.lock();
    const auto job_there = weak_job.lock();
    if (there == nullptr || job_there == nullptr) return;
    if (streams) {
      there->fail_stream(job_there->stopping_frame());
    } else {
      there->fail({.status = 503, .message = "the server stops"});
      there->cancel();
    }
  });
}

void refuse(const ServicesPtr& services, const http::ExchangePtr& exchange, const ApiError& error,
            RequestRecord record) {
  record.status = error.status;
  record.outcome = "refused";
  record.error = error.message;
  exchange->respond(error_response(error, &exchange->request()));
  if (services->context.on_request) services->context.on_request(record);
}

}  // namespace bise::api
