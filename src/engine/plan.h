#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/generation.h"
#include "engine/step_cost.h"
#include "kv/prefix_index.h"

namespace bise {

// A sequence as the plan sees it.
struct PlanSequence {
  int position = 0;            // positions stored
  int tokens_left = 0;         // known tokens not yet computed; 0: it waits for something else
  bool decodes = false;        // the one token left was sampled
  bool copies_page = false;    // its next position lies in a page it shares
  std::int64_t served_ms = 0;  // when it last had a row
  // Known pages that hold what follows `position`, which is then a whole number of pages. They
  // leave at least one token to compute.
  std::span<const PageId> reusable;
  // Of the whole pages of its prompt; empty when it shares none.
  std::span<const PageHash> prompt_hashes;
};

// A request that runs. Requests stand in the order in which they began.
struct PlanRequest {
  Lane lane = Lane::chat;
  KeyId key = 0;
  double key_served = 0;          // rows the key has had, see KeyCounters
  int pages_max = 0;              // the most it will ever hold at once
  std::span<const PageId> pages;  // distinct, of all its sequences
  int sequences_max = 1;          // of its choices that run at once
  std::vector<PlanSequence> sequences;
};

// A request that waits. Requests stand in order of arrival.
struct PlanWaiting {
  Lane lane = Lane::chat;
  KeyId key = 0;
  double key_served = 0;
  int tokens = 0;         // of the prompt
  int pages_max = 0;      // at most lane_pages_max
  int sequences_max = 1;  // at most lane_sequences_max
};

struct PlanLimits {
  int page_count = 0;
  int context_pages = 0;  // of the longest sequence
  int rows_max = 0;       // of a step
  int sequences_max = 0;
  // Whether completions are to be expected, so that chats leave time and room for them.
  bool completions_expected = false;
  // Whether several keys were at work lately, so that none may take nearly all pages.
  bool keys_share = false;
  StepCost cost;
  std::int64_t now_ms = 0;
  // When a lane last had a row, and when one of it last began; now, for one that has nothing to do.
  std::array<std::int64_t, kLaneCount> lane_served_ms = {};
  std::array<std::int64_t, kLaneCount> lane_begun_ms = {};
};

// A step of lower lanes while completions decode: these wait so long between their tokens.
inline constexpr double kCompletionStepMs = 60;
// A step while a higher lane's request can arrive, which would have to wait for its end.
inline constexpr double kShortStepMs = 200;
// A step of chats among themselves.
inline constexpr double kChatStepMs = 500;
// A lane that had no row for so long gets a quarter of a step, whatever the higher ones want; one
// of which nobody could begin for so long goes first, with one request.
inline constexpr std::int64_t kLaneRowWaitMs = 2000;
inline constexpr std::int64_t kLaneBeginWaitMs = 10000;
// Rows that a step may have in any case.
inline constexpr int kStepRowsLeast = 8;
// With so many rows a step wastes nothing: then it ends with the end of a prompt, whose first token
// would otherwise wait for the beginning of the next one.
inline constexpr double kStepRowsEnough = 128;

// What a lane, together with those below it, may have at once: so a higher lane finds room. Pages
// are never fewer than one request's.
int lane_pages_max(Lane lane, const PlanLimits& limits);
int lane_sequences_max(Lane lane, const PlanLimits& limits);
// What one key may have while others are at work.
int key_pages_max(const PlanLimits& limits);

// Who of the waiting begins, as places in `waiting`. Lanes in order; in a lane the least served
// key, where prompts that have begun count as served; of a key the first. Who does not find room is
// not overtaken by others of its lane or a lower one, unless a limit of its own key or lane holds
// it up.
std::vector<int> plan_admission(std::span<const PlanRequest> running,
                                std::span<const PlanWaiting> waiting, const PlanLimits& limits);

struct PlannedChunk {
  int request;
  int sequence;
  int adopted_pages = 0;  // the first of `reusable`, before its tokens
  int tokens = 0;
};

// What the next step computes. Lanes in order; in a lane half of the step at most goes to decoding
// while prompts wait, both by least served key; the prompts of a key in turn, in pieces, not all
// together. A step that computes a prompt takes no lower lane along, so that the first token is not
// held up. Of several prompts that begin alike only one is computed at a time.
std::vector<PlannedChunk> plan_step(std::span<const PlanRequest> running, const PlanLimits& limits);

}  // namespace bise
