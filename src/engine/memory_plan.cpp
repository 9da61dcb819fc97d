#include "engine/memory_plan.h"

#include <algorithm>
#include <tuple>

namespace bise {
namespace {

class MemoryPlanner {
 public:
  MemoryPlanner(std::span<const MemoryModel> models, std::uint64_t budget_bytes,
                std::int64_t now_ms)
      : models_(models), now_ms_(now_ms), leaving_(models.size(), false) {
    std::uint64_t resident = 0;
    for (const MemoryModel& model : models) {
      if (model.state != ModelState::unloaded) resident += model.bytes;
      if (model.state == ModelState::unloading) soon_free_ += model.bytes;
    }
    free_ = budget_bytes > resident ? budget_bytes - resident : 0;
    budget_ = budget_bytes;
  }

  MemoryPlan run(std::int64_t idle_ms) {
    for (int i = 0; i < count(); ++i) {
      const MemoryModel& model = models_[static_cast<std::size_t>(i)];
      if (model.state != ModelState::ready) continue;
      const bool idle = idle_ms > 0 && !model.pinned && model.running == 0 && !model.wanted &&
                        now_ms_ - model.used_ms >= idle_ms;
      if (idle || model.unload_asked) let_go(i);
    }
    std::vector<int> wanted;
    for (int i = 0; i < count(); ++i) {
      const MemoryModel& model = models_[static_cast<std::size_t>(i)];
      if (model.state == ModelState::unloaded && model.wanted) wanted.push_back(i);
    }
    std::stable_sort(wanted.begin(), wanted.end(), [&](int a, int b) {
      return models_[static_cast<std::size_t>(a)].wanted_ms <
             models_[static_cast<std::size_t>(b)].wanted_ms;
    });
    for (const int i : wanted) {
      if (!bring(i)) break;
    }
    return std::move(plan_);
  }

 private:
  int count() const { return static_cast<int>(models_.size()); }

  void let_go(int i) {
    const MemoryModel& model = models_[static_cast<std::size_t>(i)];
    leaving_[static_cast<std::size_t>(i)] = true;
    soon_free_ += model.bytes;
    (model.running == 0 ? plan_.unload : plan_.hold).push_back(i);
  }

  // False when those behind it have to wait too.
  bool bring(int i) {
    const std::uint64_t bytes = models_[static_cast<std::size_t>(i)].bytes;
    if (bytes <= free_) {
      free_ -= bytes;
      plan_.load.push_back(i);
      return true;
    }
    std::uint64_t pinned = 0;
    std::vector<int> victims;
    for (int other = 0; other < count(); ++other) {
      const MemoryModel& model = models_[static_cast<std::size_t>(other)];
      if (model.state == ModelState::unloaded) continue;
      if (model.pinned) pinned += model.bytes;
      const bool busy = model.running > 0 || model.wanted;
      const bool may_go = model.state == ModelState::ready && !model.pinned &&
                          !leaving_[static_cast<std::size_t>(other)] &&
                          (!busy || now_ms_ - model.loaded_ms >= kResidenceMs);
      if (may_go) victims.push_back(other);
    }
    if (pinned + bytes > budget_) {
      plan_.fail.push_back(i);
      return true;
    }
    std::stable_sort(victims.begin(), victims.end(), [&](int a, int b) {
      const MemoryModel& first = models_[static_cast<std::size_t>(a)];
      const MemoryModel& second = models_[static_cast<std::size_t>(b)];
      return std::tuple(first.running > 0 || first.wanted, first.used_ms, first.loaded_ms) <
             std::tuple(second.running > 0 || second.wanted, second.used_ms, second.loaded_ms);
    });
    std::uint64_t could_be_free = free_ + soon_free_;
    std::size_t needed = 0;
    while (could_be_free < bytes && needed < victims.size()) {
      could_be_free += models_[static_cast<std::size_t>(victims[needed++])].bytes;
    }
    if (could_be_free < bytes) return false;
    for (std::size_t v = 0; v < needed; ++v) let_go(victims[v]);
    return false;
  }

  std::span<const MemoryModel> models_;
  std::int64_t now_ms_;
  std::vector<bool> leaving_;
  std::uint64_t budget_ = 0;
  std::uint64_t free_ = 0;
  std::uint64_t soon_free_ = 0;
  MemoryPlan plan_;
};

}  // namespace

MemoryPlan plan_memory(std::span<const MemoryModel> models, std::uint64_t budget_bytes,
                       std::int64_t idle_ms, std::int64_t now_ms) {
  return MemoryPlanner(models, budget_bytes, now_ms).run(idle_ms);
}

}  // namespace bise
