#include "engine/delivery.h"

#include <utility>

namespace bise {

void Teller::tell(DeliveryItem& item) {
  ActiveRequest& request = *item.request;
  Answer& answer = answers_[&request];
  std::visit([&](auto& event) { tell(request, answer, event); }, item.event);
  if (std::holds_alternative<TokenItem>(item.event) &&
      --request.undelivered == kUndeliveredMax / 2) {
    // It may have been left out of steps for the sake of this sink.
    request.control->signal->notify();
  }
  if (std::holds_alternative<RequestEndItem>(item.event)) answers_.erase(&request);
}

void Teller::tell(ActiveRequest& request, Answer& answer, const StartedEvent& event) {
  answer.queue_s = event.queue_s;
  for (int i = 0; i < request.request.choice_count; ++i) {
    answer.choices.push_back(
        std::make_unique<Choice>(*request.tokenizer, request.request.stop_strings));
  }
  request.sink->started(event);
}

void Teller::tell(ActiveRequest& request, Answer&, const PrefilledItem& item) {
  request.sink->prefilled(item.done, item.total);
}

void Teller::tell(ActiveRequest& request, Answer& answer, TokenItem& item) {
  Choice& choice = *answer.choices[static_cast<std::size_t>(item.choice)];
  if (choice.ended) return;
  note_time(request, answer, choice, item.sampled);
  std::string text = choice.detokenizer.push(item.id);
  if (choice.token_count >= request.request.tokens_min) text = choice.matcher.push(text);
  const Flow flow = request.sink->token({.choice = item.choice,
                                         .id = item.id,
                                         .text = std::move(text),
                                         .log_probs = std::move(item.log_probs)});
  if (!choice.matcher.stopped() && flow == Flow::go_on) return;

  const bool matched = choice.matcher.stopped();
  end_choice(request, choice,
             {.choice = item.choice,
              .reason = matched ? FinishReason::stop_string : FinishReason::stopped,
              .text = matched ? "" : choice.matcher.flush(),
              .stop_index = choice.matcher.stopped_by(),
              .end_id = -1,
              .token_count = 0,
              .error = {}});
  request.choice_ended[static_cast<std::size_t>(item.choice)] = true;
  request.control->signal->notify();
}

void Teller::note_time(ActiveRequest& request, Answer& answer, Choice& choice,
                       Clock::time_point sampled) {
  request.book->change([&](ModelStats& stats) {
    ++stats.generated_tokens;
    if (choice.token_count > 0) {
      stats.between_tokens_s.add(seconds_between(choice.last_token, sampled));
    } else if (!answer.first_token) {
      stats.first_token_s.add(seconds_between(request.submitted, sampled));
    }
  });
  if (!answer.first_token) answer.first_token = sampled;
  answer.last_token = sampled;
  choice.last_token = sampled;
  ++choice.token_count;
  ++answer.token_count;
}

void Teller::tell(ActiveRequest& request, Answer& answer, const ChoiceEndItem& item) {
  Choice& choice = *answer.choices[static_cast<std::size_t>(item.choice)];
  if (choice.ended) return;
  std::string text = choice.detokenizer.flush();
  if (choice.token_count >= request.request.tokens_min) {
    text = choice.matcher.push(text);
    if (!choice.matcher.stopped()) text += choice.matcher.flush();
  }
  end_choice(request, choice,
             {.choice = item.choice,
              .reason = choice.matcher.stopped() ? FinishReason::stop_string : item.reason,
              .text = std::move(text),
              .stop_index = choice.matcher.stopped_by(),
              .end_id = item.end_id,
              .token_count = 0,
              .error = item.error});
}

void Teller::end_choice(ActiveRequest& request, Choice& choice, ChoiceEvent event) {
  choice.ended = true;
  event.token_count = choice.token_count;
  request.book->change(
      [&](ModelStats& stats) { ++stats.finished[static_cast<std::size_t>(event.reason)]; });
  request.sink->choice_finished(event);
}

void Teller::tell(ActiveRequest& request, Answer& answer, const RequestEndItem& item) {
  const auto prompt_tokens = static_cast<std::int64_t>(request.request.prompt.size());
  FinishedEvent event = {
      .prompt_tokens = prompt_tokens,
      .cached_tokens = item.cached_tokens,
      .token_count = answer.token_count,
      .queue_s = item.started ? answer.queue_s : seconds_between(request.submitted, item.ended),
      .prefill_s = 0,
      .decode_s = 0};
  if (item.started) {
    event.prefill_s = seconds_between(*item.started, answer.first_token.value_or(item.ended));
  }
  if (answer.first_token) event.decode_s = seconds_between(*answer.first_token, *answer.last_token);
  request.book->change([&](ModelStats& stats) {
    stats.queue_s.add(event.queue_s);
    stats.request_s.add(seconds_between(request.submitted, item.ended));
    if (!item.started) {
      ++stats.finished_waiting;
      return;
    }
    stats.prefill_s.add(event.prefill_s);
    stats.decode_s.add(event.decode_s);
    stats.request_prompt_tokens.add(static_cast<double>(prompt_tokens));
    stats.request_generated_tokens.add(static_cast<double>(answer.token_count));
  });
  request.sink->finished(event, item.error);
}

}  // namespace bise
