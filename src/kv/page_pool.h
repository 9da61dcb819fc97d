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

 private:
  std::vector<int> owners_;
  std::vector<PageId> free_;  // taken from the back
};

}  // namespace bise
