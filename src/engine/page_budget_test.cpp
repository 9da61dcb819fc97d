#include "engine/page_budget.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace bise {
namespace {

int add(PageBudget& budget, const std::vector<PageId>& pages, int pages_max,
        const std::vector<int>& groups = {}) {
  return budget.add({.pages = pages, .pages_max = pages_max, .groups = groups});
}

bool admits(PageBudget& budget, int pages_max, const std::vector<int>& groups = {}) {
  return budget.admit({.pages = {}, .pages_max = pages_max, .groups = groups}) ==
         PageBudget::kNobody;
}

TEST(PageBudget, AdmitsMoreThanFitsAtOnceIfAllCanEndInTurn) {
  PageBudget budget(10);
  EXPECT_TRUE(admits(budget, 10));
  EXPECT_TRUE(admits(budget, 10));
  EXPECT_FALSE(admits(budget, 11));
}

TEST(PageBudget, RefusesThePageThatWouldBlockEverybody) {
  PageBudget budget(10);
  const int first = add(budget, {0, 1, 2, 3}, 9);
  const int second = add(budget, {4, 5, 6}, 8);
  // Three are free and nobody could end with two.
  EXPECT_FALSE(budget.take(first, 3) && budget.take(second, 1));
  PageBudget again(10);
  const int a = add(again, {0, 1, 2, 3}, 7);
  const int b = add(again, {4, 5, 6}, 8);
  // The first wants all three that are free: the second must leave them.
  EXPECT_FALSE(again.take(b, 1));
  EXPECT_TRUE(again.take(a, 1));
  EXPECT_TRUE(again.take(a, 2));
  EXPECT_FALSE(again.take(b, 1));
}

TEST(PageBudget, CountsASharedPageAsGivenBackByTheLastThatHoldsIt) {
  PageBudget budget(10);
  // Both hold 0 to 3: the end of one frees nothing.
  add(budget, {0, 1, 2, 3, 4}, 7);
  add(budget, {0, 1, 2, 3, 5}, 9);
  // Four are free. Two of them to the first; when it ends, three and its own one are not enough for
  // eight.
  EXPECT_FALSE(admits(budget, 9 + 2));
  PageBudget unshared(10);
  add(unshared, {0, 1, 2, 3, 4}, 7);
  EXPECT_TRUE(admits(unshared, 10));
}

TEST(PageBudget, HoldsGroupsToTheirLimit) {
  PageBudget budget(10);
  const int low = budget.add_group(4);
  EXPECT_TRUE(admits(budget, 4, {low}));
  EXPECT_EQ(budget.admit({.pages = {}, .pages_max = 5, .groups = std::vector<int>{low}}), low);
  EXPECT_TRUE(budget.take(0, 4));
  EXPECT_TRUE(admits(budget, 4, {low}));
  EXPECT_FALSE(budget.take(1, 1));
  EXPECT_TRUE(admits(budget, 6));
}

TEST(PageBudget, IsHeldUpByNoLimitThatCameDownLater) {
  PageBudget budget(10);
  const int low = budget.add_group(2);
  const int request = add(budget, {0, 1, 2, 3}, 8, {low});
  EXPECT_TRUE(budget.take(request, 4));
  EXPECT_FALSE(admits(budget, 1, {low}));
}

TEST(PageBudget, AdoptsOnlyWhatLeavesEverybodyAWay) {
  PageBudget budget(10);
  const int owner = add(budget, {0, 1, 2, 3, 4, 5}, 8);
  const int other = add(budget, {6}, 8);
  // The other wants seven: it ends after the owner, if the owner's six come back to it.
  EXPECT_TRUE(budget.adopt(other, std::vector<PageId>{0, 1, 2}));
  EXPECT_TRUE(budget.take(owner, 2));
}

// Plays requests that grow at random to their ends: whatever is granted, somebody can always go on.
TEST(PageBudget, NeverLetsRequestsBlockEachOther) {
  std::mt19937 random(17);
  const auto below = [&](int limit) {
    return static_cast<int>(random() % static_cast<std::uint32_t>(limit));
  };
  for (int game = 0; game < 300; ++game) {
    constexpr int kPages = 24;
    struct Request {
      std::vector<PageId> pages;
      int pages_max;
      int group;
    };
    std::vector<Request> requests;
    std::vector<int> owners(kPages, 0);
    int to_come = 20;
    const int limits[] = {10 + below(14), 10 + below(14)};
    const auto build = [&] {
      PageBudget budget(kPages);
      for (const int limit : limits) budget.add_group(limit);
      for (const Request& request : requests) {
        add(budget, request.pages, request.pages_max, {request.group});
      }
      return budget;
    };
    while (to_come > 0 || !requests.empty()) {
      bool moved = false;
      PageBudget budget = build();
      const int wants = 1 + below(10), group = 1 + below(2);
      if (to_come > 0 && admits(budget, wants, {group})) {
        requests.push_back({{}, wants, group});
        // Some begin with pages of another.
        const Request& other =
            requests[static_cast<std::size_t>(below(static_cast<int>(requests.size())))];
        std::vector<PageId> shared = other.pages;
        shared.resize(std::min<std::size_t>(shared.size(), static_cast<std::size_t>(below(wants))));
        budget = build();
        const int last = static_cast<int>(requests.size()) - 1;
        if (&other != &requests.back() && budget.adopt(last, shared)) {
          for (const PageId page : shared) ++owners[static_cast<std::size_t>(page)];
          requests.back().pages = shared;
        }
        --to_come;
        moved = true;
      }
      for (std::size_t i = 0; i < requests.size();) {
        Request& request = requests[i];
        if (static_cast<int>(request.pages.size()) == request.pages_max) {
          for (const PageId page : request.pages) --owners[static_cast<std::size_t>(page)];
          requests.erase(requests.begin() + static_cast<std::ptrdiff_t>(i));
          moved = true;
          continue;
        }
        budget = build();
        if (below(3) > 0 && budget.take(static_cast<int>(i), 1)) {
          const auto free = std::find(owners.begin(), owners.end(), 0);
          ASSERT_NE(free, owners.end());
          *free = 1;
          request.pages.push_back(static_cast<PageId>(free - owners.begin()));
          moved = true;
        }
        ++i;
      }
      if (moved || requests.empty()) continue;
      budget = build();
      int who = 0;
      while (who < static_cast<int>(requests.size()) && !budget.take(who, 1)) ++who;
      ASSERT_LT(who, static_cast<int>(requests.size())) << "game " << game;
    }
  }
}

}  // namespace
}  // namespace bise
