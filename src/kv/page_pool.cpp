#include "kv/page_pool.h"

#include "base/check.h"

namespace bise {

PagePool::PagePool(int page_count) {
  CHECK(page_count >= 0);
  owners_.resize(static_cast<std::size_t>(page_count), 0);
  kept_.resize(static_cast<std::size_t>(page_count), 0);
  // Reversed, so that pages are handed out from 0 upwards.
  for (PageId page = page_count; page-- > 0;) free_.push_back(page);
}

std::optional<PageId> PagePool::take() {
  if (free_.empty()) return std::nullopt;
  const PageId page = free_.back();
  free_.pop_back();
  owners_[static_cast<std::size_t>(page)] = 1;
  return page;
}

void PagePool::share(PageId page) {
  CHECK(owner_count(page) > 0);
  if (is_kept_only(page)) --kept_only_;
  ++owners_[static_cast<std::size_t>(page)];
}

void PagePool::release(PageId page) {
  CHECK(owner_count(page) > (is_kept(page) ? 1 : 0));
  if (--owners_[static_cast<std::size_t>(page)] == 0) free_.push_back(page);
  if (is_kept_only(page)) ++kept_only_;
}

void PagePool::keep(PageId page) {
  CHECK(!is_kept(page));
  share(page);
  kept_[static_cast<std::size_t>(page)] = 1;
}

void PagePool::drop(PageId page) {
  CHECK(is_kept(page));
  if (is_kept_only(page)) --kept_only_;
  kept_[static_cast<std::size_t>(page)] = 0;
  release(page);
}

int PagePool::owner_count(PageId page) const {
  CHECK(page >= 0 && page < page_count());
  return owners_[static_cast<std::size_t>(page)];
}

}  // namespace bise
