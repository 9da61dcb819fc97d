#include "engine/generation.h"

#include <array>

#include "engine/active_request.h"
#include "sampling/random.h"

namespace bise {
namespace {

constexpr std::array<std::string_view, kLaneCount> kLaneNames = {"completion", "chat", "agent",
                                                                 "batch"};

}  // namespace

std::string_view lane_name(Lane lane) {
  return kLaneNames[static_cast<std::size_t>(lane)];
}

std::optional<Lane> find_lane(std::string_view name) {
  for (std::size_t i = 0; i < kLaneNames.size(); ++i) {
    if (kLaneNames[i] == name) return static_cast<Lane>(i);
  }
  return std::nullopt;
}

std::uint64_t choice_seed(std::uint64_t seed, int choice) {
  if (choice == 0) return seed;
  // A counter that no draw of a position uses (their two upper words are zero).
  const auto words =
      philox({static_cast<std::uint32_t>(choice), 0, 0, 1},
             {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
  return std::uint64_t{words[0]} << 32 | words[1];
}

void GenerationHandle::cancel() {
  if (!state_) return;
  state_->cancelled = true;
  state_->signal->notify();
}

void GenerationHandle::set_paused(bool paused) {
  if (!state_) return;
  state_->paused = paused;
  state_->signal->notify();
}

}  // namespace bise
