#include "engine/model_runner.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"

namespace bise {
namespace {

// Positions of context that cost as much as the rest of a row: attention's share of the arithmetic,
// counted double because it runs at about half the speed of products with weights.
double context_per_row(const ModelSpec& spec) {
  double weights = 0, attention = 0;
  for (const LayerSpec& layer : spec.layers) {
    const double query = 1.0 * layer.query_heads * layer.head_dim;
    const double kv = 1.0 * layer.kv_heads * layer.head_dim;
    weights += 2.0 * spec.hidden_dim * (2 * query + 2 * kv + 3.0 * layer.ffn_dim);
    attention += 4.0 * query;
  }
  return attention > 0 ? weights / (2 * attention) : 4096;
}

}  // namespace

int RunningRequest::pages_max() const {
  // The last token's position is never stored.
  const int whole = page_count_for(active->positions_max - 1);
  if (request().choice_count == 1) return whole;
  const int shared = fork_length / kPageSlots;
  const int of_prompt_alone = fork_length % kPageSlots != 0 ? 1 : 0;
  return shared + of_prompt_alone + choices_at_once * (whole - shared);
}

ModelRunner::ModelRunner(const ModelEntry& entry, const EngineOptions& options, StepTools& tools,
                         std::shared_ptr<StatsBook> book)
    : name_(entry.name),
      options_(options),
      context_tokens_(entry.context_tokens),
      tools_(tools),
      book_(std::move(book)) {}

void ModelRunner::enqueue(std::shared_ptr<ActiveRequest> request) {
  tools_.keys.arrive(request->request.key, tools_.now_ms());
  waiting_.push_back(std::move(request));
}

void ModelRunner::install(EngineModel model) {
  CHECK(!loaded() && running_.empty());
  model_ = std::move(model);
  prefixes_ = std::make_unique<PrefixIndex>(model_.cache->pool());
  if (!cost_) cost_.emplace(context_per_row(model_.model->spec()));
  const std::uint64_t pages =
      options_.prefix_cache_bytes / kv_page_bytes(model_.cache->storage().shape());
  kept_max_ = static_cast<int>(std::min<std::uint64_t>(pages, INT32_MAX));
}

EngineModel ModelRunner::take_out() {
  CHECK(loaded() && running_.empty());
  prefixes_.reset();
  CHECK(model_.cache->pool().free_count() == model_.cache->pool().page_count());
  return std::exchange(model_, {});
}

std::optional<Clock::time_point> ModelRunner::oldest_waiting() const {
  if (waiting_.empty()) return std::nullopt;
  return waiting_.front()->submitted;
}

std::optional<Lane> ModelRunner::highest_lane() const {
  std::optional<Lane> highest;
  const auto look_at = [&](Lane lane) {
    if (!highest || lane < *highest) highest = lane;
  };
  for (const auto& request : running_) look_at(request->request().lane);
  for (const auto& request : waiting_) look_at(request->request.lane);
  return highest;
}

void ModelRunner::tell(const std::shared_ptr<ActiveRequest>& request,
                       decltype(DeliveryItem::event) event) {
  if (std::holds_alternative<TokenItem>(event)) ++request->undelivered;
  items_.push_back({request, std::move(event)});
}

void ModelRunner::flush() {
  if (!items_.empty()) tools_.deliver(items_);
  items_.clear();
}

int ModelRunner::fail_waiting(const Error& error) {
  const int count = waiting_count();
  for (const auto& request : waiting_) {
    tools_.keys.leave(request->request.key, tools_.now_ms());
    tell(request,
         RequestEndItem{.cached_tokens = 0, .started = {}, .error = error, .ended = tools_.now()});
  }
  waiting_.clear();
  flush();
  return count;
}

void ModelRunner::cancel_all() {
  for (const auto& request : waiting_) request->control->cancelled = true;
  for (const auto& request : running_) request->active->control->cancelled = true;
}

int ModelRunner::end_cancelled() {
  int left_queue = 0;
  std::erase_if(waiting_, [&](const std::shared_ptr<ActiveRequest>& request) {
    if (!request->control->cancelled) return false;
    tools_.keys.leave(request->request.key, tools_.now_ms());
    tell(request, RequestEndItem{.cached_tokens = 0,
                                 .started = {},
                                 .error = Error{ErrorCode::cancelled, "cancelled in the queue"},
                                 .ended = tools_.now()});
    ++left_queue;
    return true;
  });
  for (const auto& request : running_) {
    if (request->active->control->cancelled) {
      end_all_choices(*request, FinishReason::cancelled, {});
      continue;
    }
    for (Sequence& sequence : request->sequences) {
      if (!request->active->choice_ended[static_cast<std::size_t>(sequence.choice)]) continue;
      end_choice(*request, sequence, FinishReason::stopped, -1, {});
    }
  }
  sweep();
  flush();
  return left_queue;
}

void ModelRunner::end_choice(RunningRequest& request, Sequence& sequence, FinishReason reason,
                             TokenId end_id, std::optional<Error> error) {
  if (sequence.ended) return;
  sequence.ended = true;
  if (!request.started) return;
  tell(request.active, ChoiceEndItem{.choice = sequence.choice,
                                     .reason = reason,
                                     .end_id = end_id,
                                     .error = std::move(error)});
}

// Those to come too.
void ModelRunner::end_all_choices(RunningRequest& request, FinishReason reason,
                                  const std::optional<Error>& error) {
  for (Sequence& sequence : request.sequences) end_choice(request, sequence, reason, -1, error);
  for (; request.next_choice < request.request().choice_count; ++request.next_choice) {
    if (!request.started) continue;
    tell(request.active,
         ChoiceEndItem{
             .choice = request.next_choice, .reason = reason, .end_id = -1, .error = error});
  }
  request.error = error;
}

// Lets go of what has ended, and begins further choices in its place.
void ModelRunner::sweep() {
  for (const auto& request : running_) {
    std::erase_if(request->sequences, [](const Sequence& sequence) { return sequence.ended; });
    start_choices(*request);
  }
  std::erase_if(running_, [&](const std::unique_ptr<RunningRequest>& request) {
    if (!request->sequences.empty()) return false;
    std::optional<Error> error = request->error;
    if (!request->started && !error) error = Error{ErrorCode::cancelled, "cancelled in the queue"};
    tools_.keys.leave(request->request().key, tools_.now_ms());
    tell(request->active, RequestEndItem{.cached_tokens = request->cached_tokens,
                                         .started = request->started,
                                         .error = std::move(error),
                                         .ended = tools_.now()});
    return true;
  });
  if (prefixes_) prefixes_->evict_until_kept(kept_max_);
}

void ModelRunner::start_choices(RunningRequest& request) {
  const int count = request.request().choice_count;
  while (request.prompt_table && request.next_choice < count &&
         static_cast<int>(request.sequences.size()) < request.choices_at_once) {
    const int choice = request.next_choice++;
    SamplingOptions sampling = request.request().sampling;
    sampling.seed = choice_seed(sampling.seed, choice);
    request.sequences.push_back({.choice = choice,
                                 .table = request.prompt_table->fork(request.fork_length),
                                 .tokens = request.request().prompt,
                                 .sampling = std::move(sampling),
                                 .served_ms = tools_.now_ms(),
                                 .hashes = {}});
  }
  if (request.next_choice == count) request.prompt_table.reset();
}

void ModelRunner::check_pages() const {
  if (!loaded()) return;
  const PagePool& pool = model_.cache->pool();
  std::vector<bool> held(static_cast<std::size_t>(pool.page_count()), false);
  const auto hold = [&](const PageTable& table) {
    for (const PageId page : table.pages()) held[static_cast<std::size_t>(page)] = true;
  };
  for (const auto& request : running_) {
    for (const Sequence& sequence : request->sequences) hold(sequence.table);
    if (request->prompt_table) hold(*request->prompt_table);
  }
  const auto held_count = static_cast<int>(std::count(held.begin(), held.end(), true));
  CHECK(pool.free_count() + pool.kept_only_count() + held_count == pool.page_count());
}

void ModelRunner::publish() const {
  book_->change([&](ModelStats& stats) {
    stats.requests_running = running_count();
    stats.requests_waiting = waiting_count();
    stats.sequences_running = 0;
    stats.running_by_lane = {};
    stats.waiting_by_lane = {};
    for (const auto& request : running_) {
      stats.sequences_running += static_cast<int>(request->sequences.size());
      ++stats.running_by_lane[static_cast<std::size_t>(request->request().lane)];
    }
    for (const auto& request : waiting_) {
      ++stats.waiting_by_lane[static_cast<std::size_t>(request->request.lane)];
    }
    stats.pages_total = stats.pages_kept = stats.pages_used = 0;
    if (!loaded()) return;
    const PagePool& pool = model_.cache->pool();
    stats.pages_total = pool.page_count();
    stats.pages_kept = pool.kept_only_count();
    stats.pages_used = pool.page_count() - pool.free_count() - stats.pages_kept;
    stats.prefix_pages_evicted = prefixes_->evicted_count();
  });
}

}  // namespace bise
