#include <algorithm>
#include <tuple>
#include <unordered_map>

#include "base/check.h"
#include "engine/plan.h"
#include "engine/plan_groups.h"
#include "kv/kv_cache.h"

namespace bise {
namespace {

double own_step_ms(Lane lane, const PlanLimits& limits) {
  return lane == Lane::chat && !limits.completions_expected ? kChatStepMs : kShortStepMs;
}

// Of a step whose highest lane decodes: what lower lanes may make of it.
double shared_step_ms(Lane highest) {
  return highest == Lane::completion ? kCompletionStepMs : kShortStepMs;
}

class Planner {
 public:
  Planner(std::span<const PlanRequest> running, const PlanLimits& limits)
      : running_(running), limits_(limits), groups_(limits) {
    for (const PlanRequest& request : running) groups_.add(request);
    sort_out();
    find_leaders();
  }

  std::vector<PlannedChunk> run();

 private:
  struct Candidate {
    int request;
    int sequence;
    bool planned = false;
    bool refused = false;  // no pages
  };
  // Candidates of a lane by number, in the order in which they are served.
  struct LaneQueue {
    std::vector<int> decodes;
    std::vector<int> prompts;
    bool empty() const { return decodes.empty() && prompts.empty(); }
  };

  void sort_out();
  void find_leaders();
  double rows_within(double ms) const;
  bool serve_lane(const LaneQueue& queue, double rows);
  bool serve_prompt(int number, double rows);
  int leader_of(int number, int position) const;
  bool plan_chunk(int number, double rows);
  int take_pages(int number, int position, int tokens);

  const PlanRequest& request_of(int number) const {
    return running_[static_cast<std::size_t>(
        candidates_[static_cast<std::size_t>(number)].request)];
  }
  const PlanSequence& sequence_of(int number) const {
    return request_of(number).sequences[static_cast<std::size_t>(
        candidates_[static_cast<std::size_t>(number)].sequence)];
  }

  std::span<const PlanRequest> running_;
  const PlanLimits& limits_;
  PlanGroups groups_;
  std::vector<Candidate> candidates_;
  std::array<LaneQueue, kLaneCount> lanes_;
  std::unordered_map<PageHash, int> leaders_;  // who computes the page of that content
  std::vector<PlannedChunk> chunks_;
  double rows_used_ = 0;  // weighted
  int rows_planned_ = 0;  // counted
  bool ends_prompt_ = false;
};

std::vector<PlannedChunk> Planner::run() {
  int highest = 0;
  while (highest < kLaneCount && lanes_[static_cast<std::size_t>(highest)].empty()) ++highest;
  if (highest == kLaneCount) return {};
  const double own_rows = rows_within(own_step_ms(static_cast<Lane>(highest), limits_));
  const double shared_rows = rows_within(shared_step_ms(static_cast<Lane>(highest)));

  for (int lane = highest + 1; lane < kLaneCount; ++lane) {
    const bool due =
        limits_.now_ms - limits_.lane_served_ms[static_cast<std::size_t>(lane)] >= kLaneRowWaitMs;
    if (due) serve_lane(lanes_[static_cast<std::size_t>(lane)], rows_used_ + own_rows / 4);
  }
  for (int lane = highest; lane < kLaneCount; ++lane) {
    const double rows =
        lane == highest ? std::max(own_rows, rows_used_ + kStepRowsLeast) : shared_rows;
    if (serve_lane(lanes_[static_cast<std::size_t>(lane)], rows)) break;
  }
  return std::move(chunks_);
}

void Planner::sort_out() {
  for (std::size_t r = 0; r < running_.size(); ++r) {
    for (std::size_t s = 0; s < running_[r].sequences.size(); ++s) {
      const PlanSequence& sequence = running_[r].sequences[s];
      if (sequence.tokens_left == 0) continue;
      LaneQueue& queue = lanes_[static_cast<std::size_t>(running_[r].lane)];
      (sequence.decodes ? queue.decodes : queue.prompts)
          .push_back(static_cast<int>(candidates_.size()));
      candidates_.push_back({static_cast<int>(r), static_cast<int>(s)});
    }
  }
  for (LaneQueue& queue : lanes_) {
    std::stable_sort(queue.decodes.begin(), queue.decodes.end(), [&](int a, int b) {
      return std::tuple(request_of(a).key_served, sequence_of(a).served_ms) <
             std::tuple(request_of(b).key_served, sequence_of(b).served_ms);
    });
    std::stable_sort(queue.prompts.begin(), queue.prompts.end(), [&](int a, int b) {
      return request_of(a).key_served < request_of(b).key_served;
    });
  }
}

// Of those that are computing the same page, the one that is furthest on.
void Planner::find_leaders() {
  for (const LaneQueue& queue : lanes_) {
    for (const int number : queue.prompts) {
      const PlanSequence& sequence = sequence_of(number);
      const auto page = static_cast<std::size_t>(sequence.position / kPageSlots);
      if (page >= sequence.prompt_hashes.size()) continue;
      const auto [place, added] = leaders_.try_emplace(sequence.prompt_hashes[page], number);
      if (!added && sequence_of(place->second).position < sequence.position) {
        place->second = number;
      }
    }
  }
}

double Planner::rows_within(double ms) const {
  return std::clamp(limits_.cost.rows_within(ms), double{kStepRowsLeast}, double{1e9});
}

// Adds rows until the step has `rows`. Whether a prompt is among them.
bool Planner::serve_lane(const LaneQueue& queue, double rows) {
  const double rows_left = rows - rows_used_;
  double prompt_rows = 0;
  for (const int number : queue.prompts) prompt_rows += sequence_of(number).tokens_left;
  const double decode_rows =
      rows_used_ +
      std::max(rows_left - prompt_rows, queue.prompts.empty() ? rows_left : rows_left / 2);
  for (const int number : queue.decodes) {
    if (rows_used_ >= decode_rows) break;
    plan_chunk(number, rows);
  }
  bool has_prompt = false;
  for (const int number : queue.prompts) {
    if (rows_used_ >= rows || (ends_prompt_ && rows_used_ >= kStepRowsEnough)) break;
    has_prompt = serve_prompt(number, rows) || has_prompt;
  }
  for (const int number : queue.decodes) {
    if (rows_used_ >= rows) break;
    plan_chunk(number, rows);
  }
  return has_prompt;
}

// The prompt itself, or the one whose pages it will share.
bool Planner::serve_prompt(int number, double rows) {
  const PlanSequence& sequence = sequence_of(number);
  const int adoptable = static_cast<int>(sequence.reusable.size()) * kPageSlots;
  const int leader = leader_of(number, sequence.position + adoptable);
  if (leader != number) {
    const Candidate& first = candidates_[static_cast<std::size_t>(leader)];
    if (first.planned || plan_chunk(leader, rows)) return true;
  }
  return plan_chunk(number, rows);
}

int Planner::leader_of(int number, int position) const {
  const auto page = static_cast<std::size_t>(position / kPageSlots);
  const PlanSequence& sequence = sequence_of(number);
  if (position % kPageSlots != 0 || page >= sequence.prompt_hashes.size()) return number;
  const auto found = leaders_.find(sequence.prompt_hashes[page]);
  return found == leaders_.end() ? number : found->second;
}

// As much of the sequence as there is room for. False when nothing.
bool Planner::plan_chunk(int number, double rows) {
  Candidate& candidate = candidates_[static_cast<std::size_t>(number)];
  const PlanSequence& sequence = sequence_of(number);
  if (candidate.planned || candidate.refused || rows_planned_ >= limits_.rows_max) return false;
  PlannedChunk chunk = {.request = candidate.request, .sequence = candidate.sequence};
  int position = sequence.position;
  int tokens = sequence.tokens_left;
  if (!sequence.reusable.empty() && groups_.budget().adopt(candidate.request, sequence.reusable)) {
    chunk.adopted_pages = static_cast<int>(sequence.reusable.size());
    position += chunk.adopted_pages * kPageSlots;
    tokens -= chunk.adopted_pages * kPageSlots;
  }
  const double weight = limits_.cost.row_weight(position);
  const double fitting = std::clamp((rows - rows_used_) / weight, 1.0, 1e9);
  tokens = std::min({tokens, static_cast<int>(fitting), limits_.rows_max - rows_planned_});
  chunk.tokens = take_pages(number, position, tokens);
  if (chunk.tokens == 0) {
    candidate.refused = true;
    return false;
  }
  candidate.planned = true;
  const int known = sequence.tokens_left - chunk.adopted_pages * kPageSlots;
  ends_prompt_ = ends_prompt_ || (!sequence.decodes && chunk.tokens == known);
  rows_used_ += chunk.tokens * weight;
  rows_planned_ += chunk.tokens;
  chunks_.push_back(chunk);
  return true;
}

// Takes pages for that many tokens or as many as may be; returns their number.
int Planner::take_pages(int number, int position, int tokens) {
  const int request = candidates_[static_cast<std::size_t>(number)].request;
  const int copies = sequence_of(number).copies_page ? 1 : 0;
  const int have = page_count_for(position);
  int fresh = page_count_for(position + tokens) - have;
  while (!groups_.budget().take(request, fresh + copies)) {
    if (fresh == 0) return 0;
    fresh /= 2;
  }
  return std::min(tokens, (have + fresh) * kPageSlots - position);
}

}  // namespace

std::vector<PlannedChunk> plan_step(std::span<const PlanRequest> running,
                                    const PlanLimits& limits) {
  return Planner(running, limits).run();
}

}  // namespace bise
