#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <string_view>
#include <vector>

#include "tokenizer/vocabulary.h"

namespace bise {

// Byte-pair merging of one piece: while two neighbours can be merged, merge those of the lowest
// rank, the leftmost where ranks are equal.
//
// `Pairs` says which neighbours can be merged:
//   std::uint32_t rank(const Symbol& left, const Symbol& right, std::uint32_t right_end) const;
//   TokenId merged(std::uint32_t rank) const;
struct Symbol {
  std::uint32_t begin;  // its first byte in the piece
  TokenId id;
};

inline constexpr std::uint32_t kNoRank = std::numeric_limits<std::uint32_t>::max();

// Below this many symbols, looking through all ranks again after each merge is faster than keeping
// them in order.
inline constexpr std::size_t kShortPieceSymbols = 64;

// Appends the ids. `symbols` is scratch afterwards; `piece_end` is where the last symbol ends.
template <class Pairs>
void merge_short(const Pairs& pairs, Symbol* symbols, std::size_t count, std::uint32_t piece_end,
                 std::vector<TokenId>& ids) {
  std::array<std::uint32_t, kShortPieceSymbols> ranks;  // [i]: of symbol i with its neighbour
  const auto end_of = [&](std::size_t i) {
    return i + 1 < count ? symbols[i + 1].begin : piece_end;
  };
  const auto rank_at = [&](std::size_t i) {
    if (i + 1 >= count) return kNoRank;
    return pairs.rank(symbols[i], symbols[i + 1], end_of(i + 1));
  };
  for (std::size_t i = 0; i < count; ++i) ranks[i] = rank_at(i);
  while (count > 1) {
    std::size_t best = 0;
    std::uint32_t best_rank = ranks[0];
    for (std::size_t i = 1; i + 1 < count; ++i) {
      if (ranks[i] < best_rank) {
        best_rank = ranks[i];
        best = i;
      }
    }
    if (best_rank == kNoRank) break;
    symbols[best].id = pairs.merged(best_rank);
    std::copy(symbols + best + 2, symbols + count, symbols + best + 1);
    std::copy(ranks.begin() + best + 2, ranks.begin() + count, ranks.begin() + best + 1);
    --count;
    ranks[best] = rank_at(best);
    if (best > 0) ranks[best - 1] = rank_at(best - 1);
  }
  for (std::size_t i = 0; i < count; ++i) ids.push_back(symbols[i].id);
}

// The same for any length: a linked list of symbols and a heap of (rank, position). An entry whose
// pair has changed since is passed over when it comes up.
template <class Pairs>
void merge_long(const Pairs& pairs, const std::vector<Symbol>& symbols, std::uint32_t piece_end,
                std::vector<TokenId>& ids) {
  struct Node {
    Symbol symbol;
    std::uint32_t rank;  // with the next one; kNoRank when merged away
    std::uint32_t previous, next;
  };
  const auto count = static_cast<std::uint32_t>(symbols.size());
  std::vector<Node> nodes(count);
  for (std::uint32_t i = 0; i < count; ++i) nodes[i] = {symbols[i], kNoRank, i - 1, i + 1};
  const auto begin_of = [&](std::uint32_t i) {
    return i < count ? nodes[i].symbol.begin : piece_end;
  };
  const auto rank_at = [&](std::uint32_t i) {
    const std::uint32_t next = nodes[i].next;
    if (next >= count) return kNoRank;
    return pairs.rank(nodes[i].symbol, nodes[next].symbol, begin_of(nodes[next].next));
  };
  const auto entry = [](std::uint32_t rank, std::uint32_t at) {
    return static_cast<std::uint64_t>(rank) << 32 | at;
  };

  std::vector<std::uint64_t> heap;
  for (std::uint32_t i = 0; i < count; ++i) {
    nodes[i].rank = rank_at(i);
    if (nodes[i].rank != kNoRank) heap.push_back(entry(nodes[i].rank, i));
  }
  const std::greater<> lowest_first;
  std::make_heap(heap.begin(), heap.end(), lowest_first);
  const auto update = [&](std::uint32_t i) {
    nodes[i].rank = rank_at(i);
    if (nodes[i].rank == kNoRank) return;
    heap.push_back(entry(nodes[i].rank, i));
    std::push_heap(heap.begin(), heap.end(), lowest_first);
  };
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), lowest_first);
    const auto rank = static_cast<std::uint32_t>(heap.back() >> 32);
    const auto at = static_cast<std::uint32_t>(heap.back());
    heap.pop_back();
    if (nodes[at].rank != rank) continue;
    const std::uint32_t gone = nodes[at].next;
    nodes[at].symbol.id = pairs.merged(rank);
    nodes[at].next = nodes[gone].next;
    nodes[gone].rank = kNoRank;
    if (nodes[at].next < count) nodes[nodes[at].next].previous = at;
    update(at);
    if (nodes[at].previous < count) update(nodes[at].previous);
  }
  for (std::uint32_t i = 0; i < count; i = nodes[i].next) ids.push_back(nodes[i].symbol.id);
}

}  // namespace bise
