#include "kv/prefix_index.h"

#include <algorithm>

#include "base/check.h"

namespace bise {
namespace {

// The finaliser of splitmix64: every bit of the input moves half of the output's.
std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

PageHash root_hash(std::uint64_t scope) {
  return mix(scope + 0x9E3779B97F4A7C15u);
}

PageHash next_hash(PageHash parent, std::span<const std::int32_t> tokens) {
  PageHash hash = parent;
  for (const std::int32_t token : tokens) {
    hash = mix(hash ^ (static_cast<std::uint32_t>(token) + 0x9E3779B97F4A7C15u));
  }
  return hash;
}

std::span<const std::int32_t> page_tokens(std::span<const std::int32_t> tokens, std::size_t index) {
  return tokens.subspan(index * kPageSlots, kPageSlots);
}

}  // namespace

void add_page_hashes(std::uint64_t scope, std::span<const std::int32_t> tokens,
                     std::vector<PageHash>& hashes) {
  PageHash hash = hashes.empty() ? root_hash(scope) : hashes.back();
  for (std::size_t i = hashes.size(); i < tokens.size() / kPageSlots; ++i) {
    hash = next_hash(hash, page_tokens(tokens, i));
    hashes.push_back(hash);
  }
}

std::vector<PageId> PrefixIndex::find(const Prefix& prefix) {
  std::vector<PageId> pages;
  Node* last = nullptr;
  for (std::size_t i = 0; i < prefix.hashes.size(); ++i) {
    Node* node = find_child(last, prefix, i);
    if (node == nullptr) break;
    pages.push_back(node->page);
    last = node;
  }
  touch(last);
  return pages;
}

void PrefixIndex::insert(const Prefix& prefix, std::span<const PageId> pages) {
  Node* last = nullptr;
  for (std::size_t i = 0; i < prefix.hashes.size(); ++i) {
    Node* node = find_child(last, prefix, i);
    if (node == nullptr) node = add_child(last, prefix, i, pages[i]);
    if (node == nullptr) break;
    last = node;
  }
  touch(last);
}

PrefixIndex::Node* PrefixIndex::find_child(const Node* parent, const Prefix& prefix,
                                           std::size_t index) const {
  const auto found = nodes_.find(prefix.hashes[index]);
  if (found == nodes_.end()) return nullptr;
  Node* node = found->second.get();
  const auto tokens = page_tokens(prefix.tokens, index);
  const bool equal = node->parent == parent && node->scope == prefix.scope &&
                     std::equal(tokens.begin(), tokens.end(), node->tokens.begin());
  return equal ? node : nullptr;
}

// Nothing where the hash or the page is taken.
PrefixIndex::Node* PrefixIndex::add_child(Node* parent, const Prefix& prefix, std::size_t index,
                                          PageId page) {
  if (pool_.is_kept(page)) return nullptr;
  const auto [place, added] = nodes_.try_emplace(prefix.hashes[index]);
  if (!added) return nullptr;
  place->second = std::make_unique<Node>();
  Node* node = place->second.get();
  node->hash = prefix.hashes[index];
  node->parent = parent;
  node->scope = prefix.scope;
  const auto tokens = page_tokens(prefix.tokens, index);
  std::copy(tokens.begin(), tokens.end(), node->tokens.begin());
  node->page = page;
  node->recency = recency_.insert(recency_.begin(), node);
  if (parent != nullptr) parent->children.push_back(node);
  pool_.keep(page);
  return node;
}

// From the end to the beginning, so that the beginning counts as used last.
void PrefixIndex::touch(Node* last) {
  for (Node* node = last; node != nullptr; node = node->parent) {
    recency_.splice(recency_.begin(), recency_, node->recency);
  }
}

void PrefixIndex::remove(Node* node) {
  if (node->parent != nullptr) std::erase(node->parent->children, node);
  std::vector<Node*> doomed = {node};
  while (!doomed.empty()) {
    Node* next = doomed.back();
    doomed.pop_back();
    doomed.insert(doomed.end(), next->children.begin(), next->children.end());
    pool_.drop(next->page);
    recency_.erase(next->recency);
    nodes_.erase(next->hash);
    ++evicted_count_;
  }
}

// A parent is used after its children and so stands before them: what remove() takes along lies
// behind the place that was reached.
template <class Enough>
void PrefixIndex::evict(const Enough& enough) {
  auto at = recency_.end();
  while (!enough() && at != recency_.begin()) {
    Node* node = *--at;
    // One that a sequence holds frees nothing.
    if (pool_.owner_count(node->page) > 1) continue;
    if (at == recency_.begin()) {
      remove(node);
      return;
    }
    const auto before = std::prev(at);
    remove(node);
    at = std::next(before);
  }
}

void PrefixIndex::evict_until_free(int free) {
  evict([&] { return pool_.free_count() >= free || pool_.kept_only_count() == 0; });
}

void PrefixIndex::evict_until_kept(int kept_max) {
  evict([&] { return pool_.kept_only_count() <= kept_max; });
}

void PrefixIndex::clear() {
  while (!recency_.empty()) {
    Node* node = recency_.front();
    while (node->parent != nullptr) node = node->parent;
    remove(node);
  }
}

}  // namespace bise
