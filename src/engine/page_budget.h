#pragma once

#include <span>
#include <vector>

#include "kv/page_pool.h"

namespace bise {

// Which requests may take pages now, so that all of them can end though together they may come to
// want more than there are (the banker's algorithm). Nobody ever gives up a page before it ends: a
// request that must not have one waits.
//
// A state is safe when there is an order in which each request finds all it may still want, given
// what those before it gave back. The request that wants least can always go on in a safe state, so
// that something always moves; this holds in every group of requests that has a limit of its own.
class PageBudget {
 public:
  // Pages that only the prefix cache keeps count as free.
  explicit PageBudget(int page_count);

  // A group of requests that together may hold at most so many pages. Group 0 is everybody.
  int add_group(int pages_max);

  struct Member {
    std::span<const PageId> pages;  // distinct, held now
    int pages_max;                  // the most it will ever hold at once
    std::span<const int> groups;    // beside 0
  };
  // One that runs. Returns its number.
  int add(const Member& member);
  // One that would begin: it is added if all its groups are safe with it. Returns the group that is
  // not, else kNobody.
  static constexpr int kNobody = -1;
  int admit(const Member& member);

  // `count` pages more, all its own.
  bool take(int request, int count);
  // Pages that others hold, or only the prefix cache.
  bool adopt(int request, std::span<const PageId> pages);

 private:
  struct Request {
    std::vector<PageId> pages;
    int taken = 0;  // besides
    int pages_max;
    std::vector<int> groups;
    int wanted() const;
  };
  struct Group {
    int pages_max;
    std::vector<int> requests;
    int wanted_max = 0;  // sum of all pages_max
  };

  bool is_safe(const Group& group);
  // What a change that `undo` takes back has made of the request's groups.
  template <class Change, class Undo>
  bool try_change(int request, const Change& change, const Undo& undo);
  void remove_last();

  std::vector<Request> requests_;
  std::vector<Group> groups_;
  // Scratch of is_safe.
  std::vector<int> order_;
  std::vector<int> last_holder_;  // by page: its place in the order; -1
  std::vector<int> given_back_;
};

}  // namespace bise
