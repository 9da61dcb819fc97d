#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "kv/page_pool.h"

namespace bise {

// A number for the content of a page and of all pages before it: equal for equal tokens within a
// scope. Different ones may meet in a number, so that it only hints.
using PageHash = std::uint64_t;

// Appends the hashes of those whole pages of these tokens that `hashes` does not have yet.
void add_page_hashes(std::uint64_t scope, std::span<const std::int32_t> tokens,
                     std::vector<PageHash>& hashes);

// Which pages hold which tokens, over the ends of their sequences: a tree of whole pages by
// content. Hashes find, tokens decide. What it keeps alone is given up when the pool runs short,
// the longest unused first, ends of prefixes before their beginnings.
class PrefixIndex {
 public:
  // The pool outlives the index.
  explicit PrefixIndex(PagePool& pool) : pool_(pool) {}
  ~PrefixIndex() { clear(); }
  PrefixIndex(const PrefixIndex&) = delete;
  PrefixIndex& operator=(const PrefixIndex&) = delete;

  // A sequence's tokens and the hashes of their whole pages.
  struct Prefix {
    std::uint64_t scope;
    std::span<const std::int32_t> tokens;
    std::span<const PageHash> hashes;
  };

  // The pages of the longest known prefix, as far as `hashes` go. They stay known until the next
  // evict_…(). Counts as use.
  std::vector<PageId> find(const Prefix& prefix);

  // Makes the pages known that have hashes; pages[i] holds the i-th. Where a page of that content
  // is known already, that one stays. Counts as use.
  void insert(const Prefix& prefix, std::span<const PageId> pages);

  // Gives up pages until the pool has `free` free ones or there is nothing left that would help.
  void evict_until_free(int free);
  // Gives up pages until it alone keeps at most so many.
  void evict_until_kept(int kept_max);
  void clear();

  int page_count() const { return static_cast<int>(nodes_.size()); }
  std::uint64_t evicted_count() const { return evicted_count_; }

 private:
  struct Node;
  using Recency = std::list<Node*>;  // most recently used first
  struct Node {
    PageHash hash;
    Node* parent;  // nothing: the first page of a scope
    std::uint64_t scope;
    std::array<std::int32_t, kPageSlots> tokens;
    PageId page;
    std::vector<Node*> children;
    Recency::iterator recency;
  };

  Node* find_child(const Node* parent, const Prefix& prefix, std::size_t index) const;
  Node* add_child(Node* parent, const Prefix& prefix, std::size_t index, PageId page);
  void touch(Node* last);
  void remove(Node* node);  // with all that continue it
  template <class Enough>
  void evict(const Enough& enough);

  PagePool& pool_;
  std::unordered_map<PageHash, std::unique_ptr<Node>> nodes_;
  Recency recency_;
  std::uint64_t evicted_count_ = 0;
};

}  // namespace bise
