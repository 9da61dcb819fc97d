#include "engine/engine.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "engine/check_request.h"
#include "engine/engine_impl.h"

namespace bise {
namespace {

int thread_count(const EngineOptions& options) {
  return options.sampling_threads > 0 ? options.sampling_threads : default_thread_count();
}

}  // namespace

Engine::Impl::Impl(std::vector<ModelEntry> models, const EngineOptions& options)
    : options_(options),
      tools_(
          thread_count(options),
          [this](std::vector<DeliveryItem>& items) { delivery_.push(items); },
          [] { return Clock::now(); }) {
  for (ModelEntry& model : models) {
    slots_.push_back(std::make_unique<Slot>(std::move(model), options_, tools_));
  }
  thread_ = std::thread([this] { run(); });
}

Engine::Impl::~Impl() {
  drain();
  stopping_ = true;
  signal_->notify();
  thread_.join();
}

Engine::Impl::Slot* Engine::Impl::find(std::string_view name) const {
  for (const auto& slot : slots_) {
    if (slot->entry.name == name) return slot.get();
  }
  return nullptr;
}

Error Engine::Impl::unknown(std::string_view name) const {
  std::string known;
  for (const auto& slot : slots_) {
    known += concat(known.empty() ? "" : ", ", slot->entry.name);
  }
  return {ErrorCode::not_found, concat("there is no model ", quoted(name), "; there is ",
                                       known.empty() ? "none" : known)};
}

Result<GenerationHandle> Engine::Impl::submit(GenerationRequest request,
                                              std::shared_ptr<GenerationSink> sink) {
  Slot* slot = nullptr;
  {
    const std::lock_guard lock(mutex_);
    slot = find(request.model);
    if (slot == nullptr) return unknown(request.model);
  }
  TRY_VOID(check_request(request, slot->entry));
  if (slot->entry.bytes > options_.budget_bytes) {
    return Error{ErrorCode::out_of_memory,
                 concat(request.model, " takes ", slot->entry.bytes, " bytes, but the budget for ",
                        "models is ", options_.budget_bytes)};
  }
  auto active = std::make_shared<ActiveRequest>();
  active->request = std::move(request);
  active->sink = std::move(sink);
  active->control = std::make_shared<GenerationHandle::State>(signal_);
  active->book = slot->book;
  active->submitted = Clock::now();
  const GenerationRequest& asked = active->request;
  const auto prompt = static_cast<std::int64_t>(asked.prompt.size());
  const std::int64_t room = slot->entry.context_tokens - prompt;
  active->positions_max = prompt + (asked.tokens_max > 0 ? std::min(asked.tokens_max, room) : room);
  if (asked.reuse_prefix) {
    add_page_hashes(asked.prefix_scope, asked.prompt, active->prompt_hashes);
  }
  const GenerationHandle handle(active->control);
  {
    const std::lock_guard lock(mutex_);
    if (draining_) return Error{ErrorCode::overloaded, "the engine takes no more requests"};
    if (waiting_ >= options_.queue_max) {
      ++refused_;
      return Error{ErrorCode::overloaded,
                   concat("all ", options_.queue_max, " places of the queue are taken")};
    }
    ++waiting_;
    slot->used_ms = tools_.now_ms();
    delivery_.expect();
    arrivals_.push_back({slot, std::move(active)});
  }
  signal_->notify();
  return handle;
}

// Until a tenth of the queue will have begun.
int Engine::Impl::retry_after_s() const {
  const double per_s = begun_per_s_;
  if (per_s <= 0) return 10;
  const double seconds = std::ceil((1 + 0.1 * waiting_) / per_s);
  return static_cast<int>(std::clamp(seconds, 1.0, 600.0));
}

Result<void> Engine::Impl::ask_to_load(std::string_view name) {
  {
    const std::lock_guard lock(mutex_);
    Slot* slot = find(name);
    if (slot == nullptr) return unknown(name);
    if (slot->entry.bytes > options_.budget_bytes) {
      return Error{ErrorCode::out_of_memory,
                   concat(name, " takes ", slot->entry.bytes, " bytes, but the budget for models ",
                          "is ", options_.budget_bytes)};
    }
    slot->load_asked = true;
  }
  signal_->notify();
  return {};
}

Result<void> Engine::Impl::ask_to_unload(std::string_view name) {
  {
    const std::lock_guard lock(mutex_);
    Slot* slot = find(name);
    if (slot == nullptr) return unknown(name);
    slot->load_asked = false;
    slot->unload_asked = true;
  }
  signal_->notify();
  return {};
}

Result<void> Engine::Impl::set_pinned(std::string_view name, bool pinned) {
  {
    const std::lock_guard lock(mutex_);
    Slot* slot = find(name);
    if (slot == nullptr) return unknown(name);
    slot->pinned = pinned;
  }
  signal_->notify();
  return {};
}

Result<void> Engine::Impl::add(ModelEntry entry) {
  const std::lock_guard lock(mutex_);
  if (find(entry.name) != nullptr) {
    return Error{ErrorCode::invalid_argument, concat("there is a model ", entry.name, " already")};
  }
  slots_.push_back(std::make_unique<Slot>(std::move(entry), options_, tools_));
  return {};
}

std::vector<Engine::ModelFacts> Engine::Impl::models() const {
  const std::lock_guard lock(mutex_);
  std::vector<ModelFacts> facts;
  for (const auto& slot : slots_) {
    facts.push_back({.name = slot->entry.name,
                     .vocab_size = slot->entry.vocab_size,
                     .context_tokens = slot->entry.context_tokens,
                     .bytes = slot->entry.bytes,
                     .pinned = slot->pinned,
                     .state = slot->state,
                     .last_error = slot->last_error});
  }
  return facts;
}

void Engine::Impl::drain() {
  const std::lock_guard lock(mutex_);
  draining_ = true;
}

EngineStats Engine::Impl::stats() const {
  EngineStats stats;
  const std::lock_guard lock(mutex_);
  for (const auto& slot : slots_) {
    ModelStats model = slot->book->copy();
    model.state = slot->state;
    model.pinned = slot->pinned;
    model.last_error = slot->last_error;
    const bool at_work = model.requests_running > 0 || model.requests_waiting > 0;
    if (!at_work) model.idle_s = static_cast<double>(tools_.now_ms() - slot->used_ms) / 1000;
    if (slot->state != ModelState::unloaded) model.resident_bytes = slot->entry.bytes;
    stats.resident_bytes += model.resident_bytes;
    stats.models.push_back(std::move(model));
  }
  stats.budget_bytes = options_.budget_bytes;
  stats.refused = refused_;
  stats.undelivered_tokens = delivery_.undelivered_count();
  return stats;
}

Engine::Engine(std::vector<ModelEntry> models, const EngineOptions& options)
    : impl_(std::make_unique<Impl>(std::move(models), options)) {}

Engine::~Engine() = default;

Result<GenerationHandle> Engine::submit(GenerationRequest request,
                                        std::shared_ptr<GenerationSink> sink) {
  return impl_->submit(std::move(request), std::move(sink));
}

int Engine::retry_after_s() const {
  return impl_->retry_after_s();
}

Result<void> Engine::load(std::string_view name) {
  return impl_->ask_to_load(name);
}

Result<void> Engine::unload(std::string_view name) {
  return impl_->ask_to_unload(name);
}

Result<void> Engine::set_pinned(std::string_view name, bool pinned) {
  return impl_->set_pinned(name, pinned);
}

Result<void> Engine::add(ModelEntry entry) {
  return impl_->add(std::move(entry));
}

std::vector<Engine::ModelFacts> Engine::models() const {
  return impl_->models();
}

void Engine::drain() {
  impl_->drain();
}

int Engine::request_count() const {
  return impl_->request_count();
}

EngineStats Engine::stats() const {
  return impl_->stats();
}

}  // namespace bise
