#include <algorithm>
#include <new>

#include "base/check.h"
#include "engine/model_runner.h"

namespace bise {

namespace {

// As many of its choices at once as may ever have room.
void lay_out_choices(RunningRequest& request, const PlanLimits& limits) {
  const int count = request.request().choice_count;
  if (count == 1) return;
  const Lane lane = request.request().lane;
  const int pages_max = std::min(lane_pages_max(lane, limits), key_pages_max(limits));
  request.fork_length = static_cast<int>(request.request().prompt.size()) - 1;
  request.choices_at_once = std::min(count, lane_sequences_max(lane, limits));
  while (request.choices_at_once > 1 && request.pages_max() > pages_max) {
    --request.choices_at_once;
  }
  // Then the last page of the prompt is computed again for each choice.
  if (request.pages_max() > pages_max) request.fork_length -= request.fork_length % kPageSlots;
}

}  // namespace

PlanLimits ModelRunner::limits(bool completions_expected) {
  PlanLimits limits = {.page_count = model_.cache->pool().page_count(),
                       .context_pages = page_count_for(context_tokens_),
                       .rows_max = model_.model->step_rows_max(),
                       .sequences_max = options_.sequences_max,
                       .completions_expected = completions_expected,
                       .keys_share = tools_.keys.shared(tools_.now_ms()),
                       .cost = cost_->cost(),
                       .now_ms = tools_.now_ms()};
  std::array<bool, kLaneCount> runs = {}, waits = {};
  for (const auto& request : running_) {
    runs[static_cast<std::size_t>(request->request().lane)] = true;
  }
  for (const auto& request : waiting_) {
    waits[static_cast<std::size_t>(request->request.lane)] = true;
  }
  for (std::size_t lane = 0; lane < kLaneCount; ++lane) {
    if (!runs[lane]) lane_served_ms_[lane] = limits.now_ms;
    if (!waits[lane]) lane_begun_ms_[lane] = limits.now_ms;
  }
  limits.lane_served_ms = lane_served_ms_;
  limits.lane_begun_ms = lane_begun_ms_;
  return limits;
}

int ModelRunner::admit(const PlanLimits& limits) {
  if (waiting_.empty()) return 0;
  std::vector<PlanWaiting> waiting;
  for (const auto& active : waiting_) {
    RunningRequest request;
    request.active = active;
    lay_out_choices(request, limits);
    waiting.push_back({.lane = active->request.lane,
                       .key = active->request.key,
                       .key_served = tools_.keys.served(active->request.key),
                       .tokens = static_cast<int>(active->request.prompt.size()),
                       .pages_max = request.pages_max(),
                       .sequences_max = request.choices_at_once});
  }
  const std::vector<int> admitted = plan_admission(describe_running(), waiting, limits);
  for (const int place : admitted) {
    begin(std::exchange(waiting_[static_cast<std::size_t>(place)], nullptr), limits);
  }
  std::erase(waiting_, nullptr);
  return static_cast<int>(admitted.size());
}

void ModelRunner::begin(std::shared_ptr<ActiveRequest> active, const PlanLimits& limits) {
  lane_begun_ms_[static_cast<std::size_t>(active->request.lane)] = limits.now_ms;
  active->tokenizer = model_.tokenizer;
  auto request = std::make_unique<RunningRequest>();
  request->active = std::move(active);
  lay_out_choices(*request, limits);
  request->sequences.push_back({.choice = 0,
                                .table = PageTable(*model_.cache),
                                .tokens = request->request().prompt,
                                .sampling = request->request().sampling,
                                .served_ms = limits.now_ms,
                                .hashes = request->active->prompt_hashes});
  running_.push_back(std::move(request));
}

std::vector<PlanRequest> ModelRunner::describe_running() {
  reusable_.clear();
  std::vector<PlanRequest> described;
  for (const auto& request : running_) {
    PlanRequest plan = {.lane = request->request().lane,
                        .key = request->request().key,
                        .key_served = tools_.keys.served(request->request().key),
                        .pages_max = request->pages_max(),
                        .pages = {},
                        .sequences_max = request->choices_at_once,
                        .sequences = {}};
    for (Sequence& sequence : request->sequences) {
      plan.sequences.push_back(describe(*request, sequence));
    }
    if (request->sequences.size() == 1 && !request->prompt_table) {
      plan.pages = request->sequences.front().table.pages();
    } else {
      std::vector<PageId>& pages = request->pages;
      pages.clear();
      const auto add = [&](std::span<const PageId> more) {
        pages.insert(pages.end(), more.begin(), more.end());
      };
      for (const Sequence& sequence : request->sequences) add(sequence.table.pages());
      if (request->prompt_table) add(request->prompt_table->pages());
      std::sort(pages.begin(), pages.end());
      pages.erase(std::unique(pages.begin(), pages.end()), pages.end());
      plan.pages = pages;
    }
    described.push_back(std::move(plan));
  }
  return described;
}

PlanSequence ModelRunner::describe(const RunningRequest& request, const Sequence& sequence) {
  const int position = sequence.table.length();
  PlanSequence plan;
  plan.position = position;
  plan.served_ms = sequence.served_ms;
  if (request.active->control->paused || request.active->undelivered > kUndeliveredMax) {
    return plan;
  }
  plan.tokens_left = static_cast<int>(sequence.tokens.size()) - position;
  plan.decodes = sequence.tokens.size() > request.request().prompt.size();
  plan.copies_page = position % kPageSlots != 0 &&
                     model_.cache->pool().owner_count(sequence.table.pages().back()) > 1;
  if (!plan.decodes && sequence.choice == 0) find_reusable(request, plan);
  return plan;
}

void ModelRunner::find_reusable(const RunningRequest& request, PlanSequence& plan) {
  const GenerationRequest& asked = request.request();
  plan.prompt_hashes = request.active->prompt_hashes;
  if (plan.position % kPageSlots != 0) return;
  // At least the last token is computed.
  const auto have = static_cast<std::size_t>(plan.position / kPageSlots);
  const std::size_t whole =
      std::min(plan.prompt_hashes.size(), (asked.prompt.size() - 1) / kPageSlots);
  if (have >= whole) return;
  std::vector<PageId>& found = reusable_.emplace_back(
      prefixes_->find({asked.prefix_scope, asked.prompt, plan.prompt_hashes.first(whole)}));
  if (found.size() > have) plan.reusable = std::span<const PageId>(found).subspan(have);
}

ModelRunner::Outcome ModelRunner::step(bool admits, bool completions_expected) {
  if (!loaded() || (running_.empty() && (waiting_.empty() || !admits))) return {};
  const Clock::time_point began = tools_.now();
  const PlanLimits step_limits = limits(completions_expected);
  Outcome outcome;
  if (admits) outcome.left_queue = admit(step_limits);
  const std::vector<PlanRequest> described = describe_running();
  const std::vector<PlannedChunk> planned = plan_step(described, step_limits);
  outcome.did_something = outcome.left_queue > 0 || !planned.empty();
  if (planned.empty()) return outcome;

  std::vector<Chunk> chunks = lay_out(planned, described);
  double weighted_rows = 0;
  std::size_t rows = 0;
  for (const Chunk& chunk : chunks) {
    weighted_rows += chunk.tokens * step_limits.cost.row_weight(chunk.length_before);
    rows += static_cast<std::size_t>(chunk.tokens);
  }
  const double computed_s = compute(chunks);
  cost_->add(weighted_rows, 1000 * computed_s);
  for (Chunk& chunk : chunks) after_chunk(chunk);
  sample_and_take(chunks);
  sweep();
  stepped_ms_ = tools_.now_ms();
  flush();
  const double step_s = seconds_between(began, tools_.now());
  book_->change([&](ModelStats& stats) {
    ++stats.steps;
    stats.step_s.add(step_s);
    stats.step_overhead_s.add(step_s - computed_s);
    stats.step_tokens.add(static_cast<double>(rows));
  });
  return outcome;
}

std::vector<ModelRunner::Chunk> ModelRunner::lay_out(std::span<const PlannedChunk> planned,
                                                     std::span<const PlanRequest> described) {
  std::vector<Chunk> chunks;
  for (const PlannedChunk& plan : planned) {
    RunningRequest& request = *running_[static_cast<std::size_t>(plan.request)];
    Sequence& sequence = request.sequences[static_cast<std::size_t>(plan.sequence)];
    const PlanSequence& seen = described[static_cast<std::size_t>(plan.request)]
                                   .sequences[static_cast<std::size_t>(plan.sequence)];
    for (const PageId page : seen.reusable.first(static_cast<std::size_t>(plan.adopted_pages))) {
      sequence.table.adopt(page);
    }
    sequence.indexed_pages += plan.adopted_pages;
    note_start(request, plan.adopted_pages * kPageSlots);
    chunks.push_back({.request = &request,
                      .sequence = &sequence,
                      .tokens = plan.tokens,
                      .length_before = sequence.table.length(),
                      .logits = nullptr,
                      .error = {}});
  }
  int fresh = 0;
  for (const Chunk& chunk : chunks) fresh += chunk.sequence->table.pages_needed(chunk.tokens);
  prefixes_->evict_until_free(fresh);
  lay_out_logits(chunks);
  return chunks;
}

// A row for each sequence whose known tokens end with this step.
void ModelRunner::lay_out_logits(std::span<Chunk> chunks) {
  const auto samples = [](const Chunk& chunk) {
    const auto end = static_cast<std::size_t>(chunk.length_before + chunk.tokens);
    return end == chunk.sequence->tokens.size();
  };
  const auto rows = static_cast<std::size_t>(std::count_if(chunks.begin(), chunks.end(), samples));
  const auto vocab = static_cast<std::size_t>(model_.model->spec().vocab_size);
  if (tools_.logits.size() < rows * vocab) tools_.logits.resize(rows * vocab);
  float* next = tools_.logits.data();
  for (Chunk& chunk : chunks) {
    if (!samples(chunk)) continue;
    chunk.logits = next;
    next += vocab;
  }
}

void ModelRunner::note_start(RunningRequest& request, int cached) {
  request.cached_tokens += cached;
  const bool first = !request.started;
  const auto prompt = static_cast<std::int64_t>(request.request().prompt.size());
  book_->change([&](ModelStats& stats) {
    stats.prefix_tokens_hit += static_cast<std::uint64_t>(cached);
    if (!first) return;
    stats.prompt_tokens += static_cast<std::uint64_t>(prompt);
    if (request.request().reuse_prefix) {
      stats.prefix_tokens_queried += static_cast<std::uint64_t>(prompt);
    }
  });
  if (!first) return;
  request.started = tools_.now();
  tell(request.active,
       StartedEvent{.prompt_tokens = prompt,
                    .cached_tokens = request.cached_tokens,
                    .queue_s = seconds_between(request.active->submitted, *request.started)});
}

// Runs the chunks. Returns the seconds of the forward pass.
double ModelRunner::compute(std::span<Chunk> chunks) {
  const Clock::time_point began = tools_.now();
  const Result<void> done = run_model(chunks);
  if (!done.ok()) retry_alone(chunks);
  return seconds_between(began, tools_.now());
}

Result<void> ModelRunner::run_model(std::span<Chunk> chunks) {
  std::vector<SequenceChunk> step;
  float* logits = nullptr;
  for (const Chunk& chunk : chunks) {
    const std::span<const TokenId> tokens = chunk.sequence->tokens;
    step.push_back({&chunk.sequence->table,
                    tokens.subspan(static_cast<std::size_t>(chunk.length_before),
                                   static_cast<std::size_t>(chunk.tokens)),
                    chunk.logits != nullptr ? LogitRows::last : LogitRows::none});
    if (logits == nullptr) logits = chunk.logits;
  }
  try {
    return model_.model->step(step, *model_.cache, logits);
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::out_of_memory, "out of memory in a step"};
  }
}

// A step that failed says what went wrong, not for whom: each chunk again by itself, so that only
// those end that are to blame.
void ModelRunner::retry_alone(std::span<Chunk> chunks) {
  for (Chunk& chunk : chunks) chunk.sequence->table.truncate(chunk.length_before);
  for (Chunk& chunk : chunks) {
    Result<void> done = run_model({&chunk, 1});
    if (done.ok()) continue;
    chunk.sequence->table.truncate(chunk.length_before);
    chunk.error = std::move(done).error();
  }
}

// Charges it, makes its pages known, tells of a prompt's progress.
void ModelRunner::after_chunk(Chunk& chunk) {
  RunningRequest& request = *chunk.request;
  Sequence& sequence = *chunk.sequence;
  const GenerationRequest& asked = request.request();
  sequence.served_ms = tools_.now_ms();
  lane_served_ms_[static_cast<std::size_t>(asked.lane)] = sequence.served_ms;
  tools_.keys.charge(asked.key, chunk.tokens);
  if (chunk.error) {
    end_all_choices(request, FinishReason::error, chunk.error);
    return;
  }
  if (asked.reuse_prefix) index_pages(request, sequence);
  const int length = sequence.table.length();
  const auto prompt = static_cast<int>(asked.prompt.size());
  if (length > prompt || sequence.choice != 0) return;
  tell(request.active, PrefilledItem{.done = length, .total = prompt});
  book_->change(
      [&](ModelStats& stats) { stats.prefill_tokens += static_cast<std::uint64_t>(chunk.tokens); });
  if (length < prompt || asked.choice_count == 1) return;
  request.prompt_table = sequence.table.fork(request.fork_length);
}

void ModelRunner::index_pages(const RunningRequest& request, Sequence& sequence) {
  const int whole = sequence.table.length() / kPageSlots;
  if (whole <= sequence.indexed_pages) return;
  const std::uint64_t scope = request.request().prefix_scope;
  const auto stored =
      std::span<const TokenId>(sequence.tokens).first(static_cast<std::size_t>(whole) * kPageSlots);
  add_page_hashes(scope, stored, sequence.hashes);
  const std::span<const PageHash> hashes = sequence.hashes;
  prefixes_->insert({scope, stored, hashes.first(static_cast<std::size_t>(whole))},
                    sequence.table.pages());
  sequence.indexed_pages = whole;
}

}  // namespace bise
