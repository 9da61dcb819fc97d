#include "engine/page_budget.h"

#include <algorithm>

#include "base/check.h"

namespace bise {

PageBudget::PageBudget(int page_count) {
  last_holder_.assign(static_cast<std::size_t>(page_count), -1);
  add_group(page_count);
}

int PageBudget::add_group(int pages_max) {
  groups_.push_back({.pages_max = pages_max, .requests = {}});
  return static_cast<int>(groups_.size()) - 1;
}

int PageBudget::add(const Member& member) {
  const int number = static_cast<int>(requests_.size());
  Request request = {.pages = {member.pages.begin(), member.pages.end()},
                     .pages_max = member.pages_max,
                     .groups = {0}};
  request.groups.insert(request.groups.end(), member.groups.begin(), member.groups.end());
  for (const int group : request.groups) {
    groups_[static_cast<std::size_t>(group)].requests.push_back(number);
    groups_[static_cast<std::size_t>(group)].wanted_max += request.pages_max;
  }
  requests_.push_back(std::move(request));
  return number;
}

void PageBudget::remove_last() {
  for (const int number : requests_.back().groups) {
    Group& group = groups_[static_cast<std::size_t>(number)];
    group.requests.pop_back();
    group.wanted_max -= requests_.back().pages_max;
  }
  requests_.pop_back();
}

int PageBudget::admit(const Member& member) {
  add(member);
  for (const int group : requests_.back().groups) {
    if (is_safe(groups_[static_cast<std::size_t>(group)])) continue;
    const int refused_by = group;
    remove_last();
    return refused_by;
  }
  return kNobody;
}

bool PageBudget::take(int request, int count) {
  Request& taker = requests_[static_cast<std::size_t>(request)];
  return try_change(
      request, [&] { taker.taken += count; }, [&] { taker.taken -= count; });
}

bool PageBudget::adopt(int request, std::span<const PageId> pages) {
  Request& taker = requests_[static_cast<std::size_t>(request)];
  return try_change(
      request, [&] { taker.pages.insert(taker.pages.end(), pages.begin(), pages.end()); },
      [&] { taker.pages.resize(taker.pages.size() - pages.size()); });
}

// A group that is not safe beforehand (its limit has just come down) holds up nobody: only the
// pages there are bind then.
template <class Change, class Undo>
bool PageBudget::try_change(int request, const Change& change, const Undo& undo) {
  const std::vector<int>& groups = requests_[static_cast<std::size_t>(request)].groups;
  change();
  for (const int number : groups) {
    const Group& group = groups_[static_cast<std::size_t>(number)];
    if (is_safe(group)) continue;
    undo();
    if (is_safe(group)) return false;
    change();
    if (number != 0) continue;
    int held = 0;
    for (const Request& holder : requests_) {
      held += holder.taken + static_cast<int>(holder.pages.size());
    }
    if (held <= group.pages_max) continue;
    undo();
    return false;
  }
  return true;
}

int PageBudget::Request::wanted() const {
  return std::max(0, pages_max - taken - static_cast<int>(pages.size()));
}

// Tries the order of rising wants: if any order works, this one does, but for shared pages, which
// count as given back by the last that holds them.
bool PageBudget::is_safe(const Group& group) {
  if (group.wanted_max <= group.pages_max) return true;
  const auto request_at = [&](int place) -> const Request& {
    return requests_[static_cast<std::size_t>(order_[static_cast<std::size_t>(place)])];
  };
  order_ = group.requests;
  std::stable_sort(order_.begin(), order_.end(), [&](int a, int b) {
    return requests_[static_cast<std::size_t>(a)].wanted() <
           requests_[static_cast<std::size_t>(b)].wanted();
  });
  const int count = static_cast<int>(order_.size());
  int held = 0;
  for (int place = 0; place < count; ++place) {
    held += request_at(place).taken;
    for (const PageId page : request_at(place).pages) {
      int& last = last_holder_[static_cast<std::size_t>(page)];
      if (last < 0) ++held;
      last = place;
    }
  }
  given_back_.assign(order_.size(), 0);
  for (int place = 0; place < count; ++place) {
    for (const PageId page : request_at(place).pages) {
      int& last = last_holder_[static_cast<std::size_t>(page)];
      if (last >= 0) ++given_back_[static_cast<std::size_t>(last)];
      last = -1;
    }
  }
  int free = group.pages_max - held;
  for (int place = 0; place < count; ++place) {
    if (request_at(place).wanted() > free) return false;
    free += request_at(place).taken + given_back_[static_cast<std::size_t>(place)];
  }
  return free >= 0;
}

}  // namespace bise
