#pragma once

#include <map>
#include <vector>

#include "engine/page_budget.h"
#include "engine/plan.h"

namespace bise {

// The page budget with the limits of lanes and keys.
class PlanGroups {
 public:
  explicit PlanGroups(const PlanLimits& limits);

  // Returns its number.
  int add(const PlanRequest& request);

  enum class Refusal { none, of_all, of_lane, of_key };
  Refusal admit(const PlanWaiting& request);

  PageBudget& budget() { return budget_; }

 private:
  const std::vector<int>& groups_of(Lane lane, KeyId key);

  const PlanLimits& limits_;
  PageBudget budget_;
  std::vector<int> lanes_;  // group of each lane, with those below; 0: no limit of its own
  std::map<KeyId, int> keys_;
  std::vector<int> scratch_;
};

}  // namespace bise
