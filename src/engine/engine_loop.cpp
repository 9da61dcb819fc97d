#include <algorithm>
#include <cmath>
#include <new>
#include <tuple>

#include "base/text.h"
#include "engine/engine_impl.h"

namespace bise {
namespace {

// Completions are to be expected so long after one was seen.
constexpr std::int64_t kCompletionMemoryMs = 600'000;
// A model that has work is not left out for longer.
constexpr std::int64_t kModelWaitMs = 2000;
// What a pace of requests is averaged over.
constexpr double kRateMs = 30'000;
// Looks again when something depends on time alone.
constexpr std::chrono::milliseconds kTick{500};

}  // namespace

void Engine::Impl::run() {
  while (true) {
    const std::uint64_t seen = signal_->count();
    bool did_something = take_inbox();
    end_cancelled();
    did_something = manage_memory() || did_something;
    did_something = step_one() || did_something;
    for (Slot* slot : known_slots_) slot->runner.publish();
    if (stopping_ && nothing_left()) return;
    if (!did_something) wait(seen);
  }
}

bool Engine::Impl::take_inbox() {
  std::vector<Arrival> arrivals;
  std::vector<Loaded> loaded;
  {
    const std::lock_guard lock(mutex_);
    std::swap(arrivals, arrivals_);
    std::swap(loaded, loaded_);
    for (std::size_t i = known_slots_.size(); i < slots_.size(); ++i) {
      known_slots_.push_back(slots_[i].get());
    }
  }
  for (Arrival& arrival : arrivals) {
    if (stopping_) arrival.request->control->cancelled = true;
    if (arrival.request->request.lane == Lane::completion) completion_seen_ms_ = tools_.now_ms();
    arrival.slot->runner.enqueue(std::move(arrival.request));
  }
  for (Loaded& result : loaded) finish_loading(result);
  return !arrivals.empty() || !loaded.empty();
}

void Engine::Impl::end_cancelled() {
  for (Slot* slot : known_slots_) {
    if (stopping_) slot->runner.cancel_all();
    leave_queue(slot->runner.end_cancelled());
  }
}

// The pace at which requests begin, for retry_after_s().
void Engine::Impl::leave_queue(int count) {
  waiting_ -= count;
  const std::int64_t now_ms = tools_.now_ms();
  const double faded = std::exp(-static_cast<double>(now_ms - rate_ms_) / kRateMs);
  rate_ms_ = now_ms;
  begun_per_s_ = begun_per_s_ * faded + count / (kRateMs / 1000);
}

MemoryModel Engine::Impl::describe(Slot& slot, std::int64_t now_ms) {
  const ModelRunner& runner = slot.runner;
  const bool at_work = runner.running_count() > 0 || runner.waiting_count() > 0;
  if (at_work) slot.used_ms = now_ms;
  if (slot.state == ModelState::ready) slot.load_asked = false;
  if (slot.state == ModelState::unloaded) slot.unload_asked = false;
  const bool wanted = runner.waiting_count() > 0 || slot.load_asked;
  if (!wanted) slot.wanted_ms = now_ms;
  return {.bytes = slot.entry.bytes,
          .state = slot.state,
          .pinned = slot.pinned,
          .running = runner.running_count(),
          .wanted = wanted,
          .wanted_ms = slot.wanted_ms,
          .unload_asked = slot.unload_asked,
          .loaded_ms = slot.loaded_ms,
          .used_ms = slot.used_ms};
}

bool Engine::Impl::manage_memory() {
  const std::int64_t now_ms = tools_.now_ms();
  std::vector<MemoryModel> models;
  {
    const std::lock_guard lock(mutex_);
    for (Slot* slot : known_slots_) models.push_back(describe(*slot, now_ms));
  }
  const MemoryPlan plan =
      plan_memory(models, options_.budget_bytes,
                  static_cast<std::int64_t>(options_.idle_unload_s * 1000), now_ms);
  for (Slot* slot : known_slots_) slot->held = false;
  for (const int i : plan.hold) known_slots_[static_cast<std::size_t>(i)]->held = true;
  for (const int i : plan.unload) start_unloading(*known_slots_[static_cast<std::size_t>(i)]);
  for (const int i : plan.load) start_loading(*known_slots_[static_cast<std::size_t>(i)]);
  for (const int i : plan.fail) {
    Slot& slot = *known_slots_[static_cast<std::size_t>(i)];
    const Error error = {
        ErrorCode::out_of_memory,
        concat("pinned models leave no room for ", slot.entry.name, ", which takes ",
               slot.entry.bytes, " of ", options_.budget_bytes, " bytes")};
    {
      const std::lock_guard lock(mutex_);
      slot.load_asked = false;
      slot.last_error = error.message;
    }
    leave_queue(slot.runner.fail_waiting(error));
  }
  return !plan.load.empty() || !plan.unload.empty();
}

void Engine::Impl::set_state(Slot& slot, ModelState state) {
  const std::lock_guard lock(mutex_);
  slot.state = state;
}

void Engine::Impl::start_loading(Slot& slot) {
  set_state(slot, ModelState::loading);
  loader_.post([this, &slot] {
    Result<EngineModel> model = Error{ErrorCode::out_of_memory, "out of memory"};
    try {
      model = slot.entry.load();
    } catch (const std::bad_alloc&) {
      model = Error{ErrorCode::out_of_memory, concat("out of memory loading ", slot.entry.name)};
    }
    {
      const std::lock_guard lock(mutex_);
      loaded_.push_back({&slot, std::move(model)});
    }
    signal_->notify();
  });
}

void Engine::Impl::start_unloading(Slot& slot) {
  set_state(slot, ModelState::unloading);
  auto model = std::make_shared<EngineModel>(slot.runner.take_out());
  loader_.post([this, &slot, model = std::move(model)]() mutable {
    model.reset();
    {
      const std::lock_guard lock(mutex_);
      loaded_.push_back({&slot, std::nullopt});
    }
    signal_->notify();
  });
}

void Engine::Impl::finish_loading(Loaded& loaded) {
  Slot& slot = *loaded.slot;
  if (!loaded.model) {
    set_state(slot, ModelState::unloaded);
    return;
  }
  if (loaded.model->ok()) {
    slot.runner.install(std::move(*loaded.model).value());
    slot.loaded_ms = tools_.now_ms();
    slot.book->change([](ModelStats& stats) { ++stats.loads; });
    const std::lock_guard lock(mutex_);
    slot.state = ModelState::ready;
    slot.used_ms = slot.loaded_ms;
    slot.last_error.clear();
    return;
  }
  const Error& error = loaded.model->error();
  {
    const std::lock_guard lock(mutex_);
    slot.state = ModelState::unloaded;
    slot.load_asked = false;
    slot.last_error = error.message;
  }
  leave_queue(slot.runner.fail_waiting(error));
}

// Of the models that have work the one with the most urgent, of equals the one that has waited
// longest; one that has waited too long goes first.
bool Engine::Impl::step_one() {
  const std::int64_t now_ms = tools_.now_ms();
  const bool completions_expected = now_ms - completion_seen_ms_ < kCompletionMemoryMs;
  std::vector<std::tuple<bool, Lane, std::int64_t, Slot*>> ready;
  for (Slot* slot : known_slots_) {
    const std::optional<Lane> lane = slot->runner.highest_lane();
    if (!lane || !slot->runner.loaded()) continue;
    const bool in_time = now_ms - slot->runner.stepped_ms() < kModelWaitMs;
    ready.emplace_back(in_time, *lane, slot->runner.stepped_ms(), slot);
  }
  std::sort(ready.begin(), ready.end());
  for (const auto& [in_time, lane, stepped_ms, slot] : ready) {
    const ModelRunner::Outcome outcome = slot->runner.step(!slot->held, completions_expected);
    if (outcome.left_queue > 0) leave_queue(outcome.left_queue);
    if (outcome.did_something) return true;
  }
  return false;
}

bool Engine::Impl::nothing_left() const {
  const std::lock_guard lock(mutex_);
  return arrivals_.empty() && std::all_of(slots_.begin(), slots_.end(), [](const auto& slot) {
           return slot->runner.running_count() == 0 && slot->runner.waiting_count() == 0;
         });
}

void Engine::Impl::wait(std::uint64_t seen) {
  const bool by_time = std::any_of(known_slots_.begin(), known_slots_.end(), [&](Slot* slot) {
    const bool idle_may_go = options_.idle_unload_s > 0 && slot->runner.loaded();
    return idle_may_go || slot->runner.waiting_count() > 0;
  });
  if (by_time) {
    signal_->wait_for(seen, kTick);
  } else {
    signal_->wait(seen);
  }
}

}  // namespace bise
