#include "engine/plan_groups.h"

namespace bise {

PlanGroups::PlanGroups(const PlanLimits& limits) : limits_(limits), budget_(limits.page_count) {
  for (int lane = 0; lane < kLaneCount; ++lane) {
    const int pages_max = lane_pages_max(static_cast<Lane>(lane), limits);
    lanes_.push_back(pages_max < limits.page_count ? budget_.add_group(pages_max) : 0);
  }
}

const std::vector<int>& PlanGroups::groups_of(Lane lane, KeyId key) {
  scratch_.clear();
  for (int above = 0; above <= static_cast<int>(lane); ++above) {
    const int group = lanes_[static_cast<std::size_t>(above)];
    if (group != 0) scratch_.push_back(group);
  }
  if (limits_.keys_share) {
    const auto [place, added] = keys_.try_emplace(key, 0);
    if (added) {
      place->second = budget_.add_group(key_pages_max(limits_));
    }
    scratch_.push_back(place->second);
  }
  return scratch_;
}

int PlanGroups::add(const PlanRequest& request) {
  return budget_.add({.pages = request.pages,
                      .pages_max = request.pages_max,
                      .groups = groups_of(request.lane, request.key)});
}

PlanGroups::Refusal PlanGroups::admit(const PlanWaiting& request) {
  const std::vector<int>& groups = groups_of(request.lane, request.key);
  const int refused_by =
      budget_.admit({.pages = {}, .pages_max = request.pages_max, .groups = groups});
  if (refused_by == PageBudget::kNobody) return Refusal::none;
  if (refused_by == 0) return Refusal::of_all;
  const bool by_key = limits_.keys_share && refused_by == keys_[request.key];
  return by_key ? Refusal::of_key : Refusal::of_lane;
}

}  // namespace bise
