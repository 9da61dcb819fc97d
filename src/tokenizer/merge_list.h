#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "tokenizer/vocabulary.h"

namespace bise {

// Pairs of tokens that merge, first in the list first.
class MergeList {
 public:
  static constexpr std::uint32_t kNone = 0xffffffff;

  // `count`: how many merges to make room for; there may be more.
  explicit MergeList(std::size_t count);

  // The next merge of the list. A pair that is there already keeps its first rank.
  void add(TokenId left, TokenId right, TokenId merged);

  // The place in the list, kNone if they do not merge.
  std::uint32_t rank(TokenId left, TokenId right) const;
  TokenId merged(std::uint32_t rank) const { return merged_[rank]; }

 private:
  struct Slot {
    std::uint64_t pair;
    std::uint32_t rank;  // kNone: empty
  };

  // The slot of the pair, or the empty one where it would be.
  std::size_t slot_of(std::uint64_t pair) const;
  void grow();

  std::vector<Slot> slots_;      // at most half of them filled
  std::vector<TokenId> merged_;  // [rank]
  std::size_t mask_;
};

// Reads a file's merges, written in the byte alphabet, over an indexed vocabulary.
class MergeReader {
 public:
  static constexpr std::size_t kMergesMax = std::size_t{1} << 23;

  MergeReader(const Vocabulary& vocabulary, std::size_t count)
      : vocabulary_(vocabulary), list_(count) {}

  Result<void> add(std::string_view left, std::string_view right);
  Result<void> add(std::string_view merge);  // "left right"

  MergeList list() && { return std::move(list_); }

 private:
  const Vocabulary& vocabulary_;
  MergeList list_;
  std::string bytes_;
};

}  // namespace bise
