#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "backends/backend.h"

namespace bise {

// Who owns which page: a count of owners for each. Pages are taken with one owner, shared by
// adding owners, and free again when the last one gives them up. Knows no bytes and no model.
class PagePool {
 public:
  explicit PagePool(int page_count);

  int page_count() const { return static_cast<int>(owners_.size()); }
  int free_count() const { return static_cast<int>(free_.size()); }

  // A page with one owner; nothing when all are taken.
  std::optional<PageId> take();
  void share(PageId page);
  void release(PageId page);
  int owner_count(PageId page) const;

  // The prefix cache as an owner, at most once for each page: what only it holds can be had at any
  // time and is counted.
  void keep(PageId page);
  void drop(PageId page);
  bool is_kept(PageId page) const { return kept_[static_cast<std::size_t>(page)] != 0; }
  int kept_only_count() const { return kept_only_; }

 private:
  bool is_kept_only(PageId page) const { return owner_count(page) == 1 && is_kept(page); }

  std::vector<int> owners_;
  std::vector<std::uint8_t> kept_;
  int kept_only_ = 0;
  std::vector<PageId> free_;  // taken from the back
};

}  // namespace bise
