#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/engine_stats.h"

namespace bise {

// A model as the memory plan sees it.
struct MemoryModel {
  std::uint64_t bytes = 0;
  ModelState state = ModelState::unloaded;
  bool pinned = false;
  int running = 0;             // requests
  bool wanted = false;         // requests wait for it, or it was asked to load
  std::int64_t wanted_ms = 0;  // since when
  bool unload_asked = false;
  std::int64_t loaded_ms = 0;  // when it came
  std::int64_t used_ms = 0;    // when it last had a request
};

// One that others want the room of stays so long at least, so that two that do not fit together
// take turns and do not only load.
inline constexpr std::int64_t kResidenceMs = 10'000;

struct MemoryPlan {
  std::vector<int> load;
  std::vector<int> unload;
  std::vector<int> hold;  // let it end what runs and begin nothing, it is to go
  std::vector<int> fail;  // wanted, but what is pinned leaves no room
};

// Which models come and go. Who has been wanted longest comes first; the longest unused makes room,
// idle ones before busy ones. `idle_ms`: after which an unused one goes, 0: never.
MemoryPlan plan_memory(std::span<const MemoryModel> models, std::uint64_t budget_bytes,
                       std::int64_t idle_ms, std::int64_t now_ms);

}  // namespace bise
