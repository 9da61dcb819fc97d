#include "kv/kv_cache.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/text.h"

namespace bise {

PageTable::PageTable(PageTable&& other) noexcept
    : cache_(other.cache_),
      pages_(std::exchange(other.pages_, {})),
      length_(std::exchange(other.length_, 0)) {}

PageTable& PageTable::operator=(PageTable&& other) noexcept {
  std::swap(cache_, other.cache_);
  std::swap(pages_, other.pages_);
  std::swap(length_, other.length_);
  return *this;
}

int PageTable::pages_needed(int count) const {
  if (count <= 0) return 0;
  const int fresh = page_count_for(length_ + count) - static_cast<int>(pages_.size());
  const bool writes_into_shared =
      length_ % kPageSlots != 0 && cache_->pool().owner_count(pages_.back()) > 1;
  return fresh + (writes_into_shared ? 1 : 0);
}

Result<void> PageTable::reserve(int count) {
  CHECK(count >= 0);
  PagePool& pool = cache_->pool();
  const int needed = pages_needed(count);
  if (needed > pool.free_count()) {
    return Error{ErrorCode::overloaded,
                 concat("the KV cache is full: ", needed, " pages of ", kPageSlots,
                        " positions wanted, ", pool.free_count(), " of ", pool.page_count(),
                        " free; use a larger --context or shorten the conversation")};
  }
  if (count > 0 && length_ % kPageSlots != 0 && pool.owner_count(pages_.back()) > 1) {
    const PageId copy = *pool.take();
    cache_->storage().copy_page(pages_.back(), copy);
    pool.release(pages_.back());
    pages_.back() = copy;
  }
  while (static_cast<int>(pages_.size()) < page_count_for(length_ + count)) {
    pages_.push_back(*pool.take());
  }
  length_ += count;
  return {};
}

void PageTable::truncate(int length) {
  CHECK(length >= 0 && length <= length_);
  while (static_cast<int>(pages_.size()) > page_count_for(length)) {
    cache_->pool().release(pages_.back());
    pages_.pop_back();
  }
  length_ = length;
}

PageTable PageTable::fork(int length) const {
  CHECK(length >= 0 && length <= length_);
  PageTable copy(*cache_);
  copy.pages_.assign(pages_.begin(), pages_.begin() + page_count_for(length));
  for (const PageId page : copy.pages_) cache_->pool().share(page);
  copy.length_ = length;
  return copy;
}

void PageTable::adopt(PageId page) {
  CHECK(length_ % kPageSlots == 0);
  cache_->pool().share(page);
  pages_.push_back(page);
  length_ += kPageSlots;
}

Result<std::unique_ptr<KvCache>> KvCache::create(Backend& backend, const KvShape& shape,
                                                 int page_count) {
  auto storage = TRY(backend.allocate_kv(shape, page_count));
  return std::unique_ptr<KvCache>(new KvCache(std::move(storage), page_count));
}

}  // namespace bise
