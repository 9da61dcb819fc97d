#include "kv/prefix_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace bise {
namespace {

using Tokens = std::vector<std::int32_t>;

Tokens tokens_of(std::initializer_list<int> page_contents) {
  Tokens tokens;
  for (const int content : page_contents) tokens.insert(tokens.end(), kPageSlots, content);
  return tokens;
}

std::vector<PageHash> page_hashes(std::uint64_t scope, const Tokens& tokens) {
  std::vector<PageHash> hashes;
  add_page_hashes(scope, tokens, hashes);
  return hashes;
}

std::vector<PageId> find(PrefixIndex& index, std::uint64_t scope, const Tokens& tokens) {
  return index.find({scope, tokens, page_hashes(scope, tokens)});
}

void insert(PrefixIndex& index, const Tokens& tokens, const std::vector<PageId>& pages) {
  index.insert({0, tokens, page_hashes(0, tokens)}, pages);
}

std::vector<PageId> take(PagePool& pool, int count) {
  std::vector<PageId> pages;
  for (int i = 0; i < count; ++i) pages.push_back(*pool.take());
  return pages;
}

void release(PagePool& pool, const std::vector<PageId>& pages) {
  for (const PageId page : pages) pool.release(page);
}

// A sequence's life: it computes, the index learns its pages, it ends.
std::vector<PageId> leave_behind(PrefixIndex& index, PagePool& pool, const Tokens& tokens) {
  const auto pages = take(pool, static_cast<int>(tokens.size() / kPageSlots));
  insert(index, tokens, pages);
  release(pool, pages);
  return pages;
}

TEST(PageHashes, SayWhatIsInAPageAndBeforeIt) {
  const auto first = page_hashes(0, tokens_of({1, 2, 3}));
  ASSERT_EQ(first.size(), 3u);
  EXPECT_EQ(page_hashes(0, tokens_of({1, 2}))[1], first[1]);
  EXPECT_NE(page_hashes(0, tokens_of({2, 2}))[1], first[1]);
  EXPECT_NE(page_hashes(7, tokens_of({1}))[0], first[0]);
  Tokens incomplete = tokens_of({1, 2});
  incomplete.pop_back();
  EXPECT_EQ(page_hashes(0, incomplete).size(), 1u);
  std::vector<PageHash> in_steps;
  for (const Tokens& tokens : {incomplete, tokens_of({1, 2}), tokens_of({1, 2, 3})}) {
    add_page_hashes(0, tokens, in_steps);
  }
  EXPECT_EQ(in_steps, first);
}

TEST(PrefixIndex, FindsTheLongestKnownPrefixInWholePages) {
  PagePool pool(8);
  PrefixIndex index(pool);
  const auto pages = leave_behind(index, pool, tokens_of({1, 2, 3}));
  EXPECT_EQ(pool.free_count(), 5);
  EXPECT_EQ(pool.kept_only_count(), 3);
  EXPECT_EQ(find(index, 0, tokens_of({1, 2, 3, 4})), pages);
  EXPECT_EQ(find(index, 0, tokens_of({1, 2, 4})), (std::vector<PageId>{pages[0], pages[1]}));
  EXPECT_TRUE(find(index, 0, tokens_of({2, 3})).empty());
  EXPECT_TRUE(find(index, 1, tokens_of({1, 2, 3})).empty());
  Tokens differs_late = tokens_of({1, 2});
  differs_late.back() = 9;
  EXPECT_EQ(find(index, 0, differs_late).size(), 1u);
}

TEST(PrefixIndex, KeepsTheFirstPageOfAContent) {
  PagePool pool(4);
  PrefixIndex index(pool);
  const auto first = leave_behind(index, pool, tokens_of({1}));
  leave_behind(index, pool, tokens_of({1, 2}));
  EXPECT_EQ(find(index, 0, tokens_of({1, 2}))[0], first[0]);
  EXPECT_EQ(index.page_count(), 2);
  EXPECT_EQ(pool.free_count(), 2);
}

TEST(PrefixIndex, GivesUpTheLongestUnusedAndEndsBeforeBeginnings) {
  PagePool pool(6);
  PrefixIndex index(pool);
  leave_behind(index, pool, tokens_of({1, 2}));
  leave_behind(index, pool, tokens_of({1, 3}));
  leave_behind(index, pool, tokens_of({4}));
  EXPECT_EQ(find(index, 0, tokens_of({1, 2})).size(), 2u);
  EXPECT_EQ(pool.free_count(), 2);
  index.evict_until_free(3);
  EXPECT_EQ(find(index, 0, tokens_of({1, 3})).size(), 1u);
  EXPECT_EQ(find(index, 0, tokens_of({1, 2})).size(), 2u);
  index.evict_until_kept(2);
  EXPECT_TRUE(find(index, 0, tokens_of({4})).empty());
  EXPECT_EQ(find(index, 0, tokens_of({1, 2})).size(), 2u);
  index.evict_until_free(6);
  EXPECT_EQ(pool.free_count(), 6);
  EXPECT_EQ(index.evicted_count(), 4u);
}

TEST(PrefixIndex, LeavesWhatSequencesHold) {
  PagePool pool(3);
  PrefixIndex index(pool);
  const auto pages = take(pool, 2);
  insert(index, tokens_of({1, 2}), pages);
  index.evict_until_free(3);
  EXPECT_EQ(pool.free_count(), 1);
  EXPECT_EQ(index.page_count(), 2);
  release(pool, pages);
  index.evict_until_free(3);
  EXPECT_EQ(pool.free_count(), 3);
}

// Two sequences computed the same first page; the index knows the one and, behind it, a page of the
// other. The first page goes although its continuation is held, which is then unknown.
TEST(PrefixIndex, GivesUpABeginningWhoseContinuationIsHeld) {
  PagePool pool(4);
  PrefixIndex index(pool);
  leave_behind(index, pool, tokens_of({1}));
  const auto pages = take(pool, 2);
  insert(index, tokens_of({1, 2}), pages);
  index.evict_until_free(2);
  EXPECT_EQ(pool.free_count(), 2);
  EXPECT_EQ(index.page_count(), 0);
  EXPECT_EQ(pool.owner_count(pages[1]), 1);
}

TEST(PrefixIndex, LosesNoPageAndNeverGivesAWrongOne) {
  constexpr int kPages = 24;
  PagePool pool(kPages);
  PrefixIndex index(pool);
  std::mt19937 random(5);
  std::map<PageId, Tokens> contents;  // what was computed into a page, with all before it
  std::vector<std::vector<PageId>> sequences;
  for (int round = 0; round < 20000; ++round) {
    if (random() % 3 == 0 && !sequences.empty()) {
      release(pool, sequences.back());
      sequences.pop_back();
    } else if (random() % 8 == 0) {
      index.evict_until_kept(static_cast<int>(random() % kPages));
    } else {
      Tokens tokens;
      const int length = 1 + static_cast<int>(random() % 4);
      for (int i = 0; i < length; ++i) {
        tokens.insert(tokens.end(), kPageSlots, static_cast<int>(random() % 2));
      }
      std::vector<PageId> pages = find(index, 0, tokens);
      for (std::size_t i = 0; i < pages.size(); ++i) {
        const Tokens prefix(tokens.begin(), tokens.begin() + kPageSlots * (i + 1));
        ASSERT_EQ(contents[pages[i]], prefix);
        pool.share(pages[i]);
      }
      index.evict_until_free(length);
      while (static_cast<int>(pages.size()) < length) {
        const auto page = pool.take();
        if (!page) break;
        pages.push_back(*page);
        contents[*page] = Tokens(tokens.begin(), tokens.begin() + kPageSlots * pages.size());
      }
      tokens.resize(kPageSlots * pages.size());
      insert(index, tokens, pages);
      sequences.push_back(std::move(pages));
    }
    std::vector<int> held(kPages, 0);
    for (const auto& pages : sequences) {
      for (const PageId page : pages) ++held[static_cast<std::size_t>(page)];
    }
    int taken = 0, kept_only = 0;
    for (PageId page = 0; page < kPages; ++page) {
      const int owners = pool.owner_count(page);
      ASSERT_EQ(owners, held[static_cast<std::size_t>(page)] + (pool.is_kept(page) ? 1 : 0));
      taken += owners > 0 ? 1 : 0;
      kept_only += owners == 1 && pool.is_kept(page) ? 1 : 0;
    }
    ASSERT_EQ(pool.free_count() + taken, kPages);
    ASSERT_EQ(pool.kept_only_count(), kept_only);
  }
  for (const auto& pages : sequences) release(pool, pages);
  index.clear();
  EXPECT_EQ(pool.free_count(), kPages);
}

}  // namespace
}  // namespace bise
