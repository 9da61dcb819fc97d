#pragma once

#include <memory>
#include <span>
#include <vector>

#include "backends/backend.h"
#include "base/result.h"
#include "kv/page_pool.h"

namespace bise {

class KvCache;

// One sequence's pages, in order of position. Owned by the cache it came from; gives its pages
// back at the end of its life. Move-only.
class PageTable {
 public:
  explicit PageTable(KvCache& cache) : cache_(&cache) {}
  PageTable(PageTable&& other) noexcept;
  PageTable& operator=(PageTable&& other) noexcept;
  PageTable(const PageTable&) = delete;
  PageTable& operator=(const PageTable&) = delete;
  ~PageTable() { clear(); }

  // Positions whose keys and values are stored (or are about to be, in the step that reserved
  // them).
  int length() const { return length_; }
  std::span<const PageId> pages() const { return pages_; }

  // Pages that reserve(count) would take from the pool, a copy of a shared last page included.
  int pages_needed(int count) const;
  // Makes room for `count` further positions and counts them as stored. Takes all pages or none:
  // overloaded when the pool has too few.
  Result<void> reserve(int count);
  // Forgets the positions from `length` on.
  void truncate(int length);
  void clear() { truncate(0); }

  // Another sequence with the same first `length` positions; the pages are shared, and whoever
  // first writes into a shared page gets a copy.
  PageTable fork(int length) const;

  // Appends a page that holds the next kPageSlots positions (of a shared prefix) and becomes one
  // of its owners. The length must be a whole number of pages.
  void adopt(PageId page);

 private:
  KvCache* cache_;
  std::vector<PageId> pages_;
  int length_ = 0;
};

// The pages of one model and who owns them.
class KvCache {
 public:
  // Errors: out_of_memory with the bytes asked for.
  static Result<std::unique_ptr<KvCache>> create(Backend& backend, const KvShape& shape,
                                                 int page_count);

  PagePool& pool() { return pool_; }
  const PagePool& pool() const { return pool_; }
  KvStorage& storage() { return *storage_; }

 private:
  KvCache(std::unique_ptr<KvStorage> storage, int page_count)
      : storage_(std::move(storage)), pool_(page_count) {}

  std::unique_ptr<KvStorage> storage_;
  PagePool pool_;
};

// Pages that hold `positions` positions.
constexpr int page_count_for(std::int64_t positions) {
  return static_cast<int>((positions + kPageSlots - 1) / kPageSlots);
}

}  // namespace bise
