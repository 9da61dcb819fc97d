#include <algorithm>
#include <deque>
#include <map>

#include "engine/page_budget.h"
#include "engine/plan.h"
#include "engine/plan_groups.h"

namespace bise {
namespace {

constexpr int kKeyQuarters = 3;

// In eighths of everything.
int lane_share(Lane lane, bool completions_expected) {
  constexpr std::array<int, kLaneCount> kShares = {8, 7, 6, 4};
  if (lane == Lane::chat && !completions_expected) return 8;
  return kShares[static_cast<std::size_t>(lane)];
}

class Admission {
 public:
  Admission(std::span<const PlanRequest> running, std::span<const PlanWaiting> waiting,
            const PlanLimits& limits)
      : waiting_(waiting), limits_(limits), groups_(limits) {
    for (const PlanRequest& request : running) {
      groups_.add(request);
      count(request.lane, request.key, request.sequences_max);
      double& served = served_[request.key];
      served = std::max(served, request.key_served);
    }
    for (const PlanRequest& request : running) {
      for (const PlanSequence& sequence : request.sequences) {
        if (!sequence.decodes) served_[request.key] += sequence.tokens_left;
      }
    }
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      const PlanWaiting& request = waiting[i];
      served_.try_emplace(request.key, request.key_served);
      queues_[static_cast<std::size_t>(request.lane)][request.key].push_back(static_cast<int>(i));
    }
  }

  std::vector<int> run() {
    for (int lane = kLaneCount - 1; lane > 0 && !full_; --lane) {
      const bool due = limits_.now_ms - limits_.lane_begun_ms[static_cast<std::size_t>(lane)] >=
                       kLaneBeginWaitMs;
      if (due) admit_from(lane, 1);
    }
    for (int lane = 0; lane < kLaneCount && !full_; ++lane) {
      admit_from(lane, static_cast<int>(waiting_.size()));
    }
    return std::move(admitted_);
  }

 private:
  enum class Verdict { begins, key_waits, lane_waits, all_wait };

  // Some may be left that a limit of their key holds up.
  void admit_from(int lane, int count_max) {
    auto& queues = queues_[static_cast<std::size_t>(lane)];
    std::map<KeyId, bool> held_up;
    while (count_max > 0) {
      int first = -1;
      for (const auto& [key, queue] : queues) {
        if (queue.empty() || held_up.contains(key)) continue;
        if (first < 0 || goes_before(queue.front(), first)) first = queue.front();
      }
      if (first < 0) return;
      const PlanWaiting& request = waiting_[static_cast<std::size_t>(first)];
      const Verdict verdict = try_admit(request);
      if (verdict == Verdict::all_wait) full_ = true;
      if (verdict == Verdict::all_wait || verdict == Verdict::lane_waits) return;
      if (verdict == Verdict::key_waits) {
        held_up[request.key] = true;
        continue;
      }
      admitted_.push_back(first);
      queues[request.key].pop_front();
      served_[request.key] += request.tokens;
      --count_max;
    }
  }

  bool goes_before(int a, int b) const {
    const double served_a = served_.at(waiting_[static_cast<std::size_t>(a)].key);
    const double served_b = served_.at(waiting_[static_cast<std::size_t>(b)].key);
    return served_a != served_b ? served_a < served_b : a < b;
  }

  Verdict try_admit(const PlanWaiting& request) {
    const int wanted = request.sequences_max;
    const int quarter = std::max(1, limits_.sequences_max / 4);
    const int more = of_key_[request.key] + wanted <= quarter ? quarter : 0;
    if (sequences_ + wanted > limits_.sequences_max + more) return Verdict::all_wait;
    if (of_lane_[static_cast<std::size_t>(request.lane)] + wanted >
        lane_sequences_max(request.lane, limits_) + more) {
      return Verdict::lane_waits;
    }
    switch (groups_.admit(request)) {
      case PlanGroups::Refusal::of_all:
        return Verdict::all_wait;
      case PlanGroups::Refusal::of_lane:
        return Verdict::lane_waits;
      case PlanGroups::Refusal::of_key:
        return Verdict::key_waits;
      case PlanGroups::Refusal::none:
        break;
    }
    count(request.lane, request.key, wanted);
    return Verdict::begins;
  }

  // A lane's count has those of the lanes below it.
  void count(Lane lane, KeyId key, int sequences) {
    sequences_ += sequences;
    for (int above = 0; above <= static_cast<int>(lane); ++above) {
      of_lane_[static_cast<std::size_t>(above)] += sequences;
    }
    of_key_[key] += sequences;
  }

  std::span<const PlanWaiting> waiting_;
  const PlanLimits& limits_;
  PlanGroups groups_;
  std::map<KeyId, double> served_;
  std::array<std::map<KeyId, std::deque<int>>, kLaneCount> queues_;
  int sequences_ = 0;
  std::array<int, kLaneCount> of_lane_ = {};
  std::map<KeyId, int> of_key_;
  bool full_ = false;
  std::vector<int> admitted_;
};

}  // namespace

int lane_pages_max(Lane lane, const PlanLimits& limits) {
  const int share = limits.page_count * lane_share(lane, limits.completions_expected) / 8;
  return std::max(share, limits.context_pages);
}

int lane_sequences_max(Lane lane, const PlanLimits& limits) {
  return std::max(1, limits.sequences_max * lane_share(lane, limits.completions_expected) / 8);
}

int key_pages_max(const PlanLimits& limits) {
  return std::max(limits.page_count * kKeyQuarters / 4, limits.context_pages);
}

std::vector<int> plan_admission(std::span<const PlanRequest> running,
                                std::span<const PlanWaiting> waiting, const PlanLimits& limits) {
  if (waiting.empty()) return {};
  return Admission(running, waiting, limits).run();
}

}  // namespace bise
