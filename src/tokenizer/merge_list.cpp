#include "tokenizer/merge_list.h"

#include <algorithm>
#include <bit>

#include "base/text.h"
#include "tokenizer/byte_alphabet.h"

namespace bise {
namespace {

std::uint64_t pair_of(TokenId left, TokenId right) {
  return static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32 |
         static_cast<std::uint32_t>(right);
}

std::size_t hash_pair(std::uint64_t pair) {
  const std::uint64_t product = pair * 0x9e3779b97f4a7c15;
  return static_cast<std::size_t>(product ^ product >> 29);
}

}  // namespace

MergeList::MergeList(std::size_t count)
    : slots_(std::bit_ceil(std::max<std::size_t>(2 * count, 2)), Slot{0, kNone}),
      mask_(slots_.size() - 1) {
  merged_.reserve(count);
}

std::size_t MergeList::slot_of(std::uint64_t pair) const {
  std::size_t i = hash_pair(pair) & mask_;
  while (slots_[i].rank != kNone && slots_[i].pair != pair) i = (i + 1) & mask_;
  return i;
}

void MergeList::grow() {
  const std::vector<Slot> old = std::exchange(slots_, {});
  slots_.resize(2 * old.size(), Slot{0, kNone});
  mask_ = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.rank != kNone) slots_[slot_of(slot.pair)] = slot;
  }
}

void MergeList::add(TokenId left, TokenId right, TokenId merged) {
  const auto rank = static_cast<std::uint32_t>(merged_.size());
  merged_.push_back(merged);
  if (2 * merged_.size() > slots_.size()) grow();
  const std::uint64_t pair = pair_of(left, right);
  Slot& slot = slots_[slot_of(pair)];
  if (slot.rank == kNone) slot = {pair, rank};
}

std::uint32_t MergeList::rank(TokenId left, TokenId right) const {
  return slots_[slot_of(pair_of(left, right))].rank;
}

Result<void> MergeReader::add(std::string_view left, std::string_view right) {
  const auto no_token = [](std::string_view what) {
    return Error{ErrorCode::corrupt_file, concat("\"", quoted(what), "\" is no token")};
  };
  bytes_.clear();
  if (!append_alphabet_bytes(bytes_, left)) return no_token(left);
  const std::size_t left_size = bytes_.size();
  if (!append_alphabet_bytes(bytes_, right)) return no_token(right);
  const TokenId left_id = vocabulary_.find(std::string_view(bytes_).substr(0, left_size));
  if (left_id == kNoToken) return no_token(left);
  const TokenId right_id = vocabulary_.find(std::string_view(bytes_).substr(left_size));
  if (right_id == kNoToken) return no_token(right);
  const TokenId merged_id = vocabulary_.find(bytes_);
  if (merged_id == kNoToken) return no_token(concat(left, right));
  list_.add(left_id, right_id, merged_id);
  return {};
}

// A blank is no character of the alphabet, so there is one way to split.
Result<void> MergeReader::add(std::string_view merge) {
  const std::size_t blank = merge.find(' ');
  if (blank == std::string_view::npos) {
    return Error{
        ErrorCode::corrupt_file,
        concat("expected two pieces with a blank between them, found \"", quoted(merge), "\"")};
  }
  return add(merge.substr(0, blank), merge.substr(blank + 1));
}

}  // namespace bise
