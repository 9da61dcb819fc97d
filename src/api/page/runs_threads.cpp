#include <algorithm>

#include "api/page/models_wire.h"
#include "api/page/runs.h"
#include "base/text.h"

namespace bise::api {
namespace {

// Tokens within this time are one event.
constexpr std::chrono::milliseconds kTellEvery{16};
constexpr std::chrono::seconds kLookEvery{1};
constexpr std::chrono::seconds kTryAgainAfter{2};  // a store that took nothing
constexpr std::chrono::seconds kStopPatience{20};
constexpr std::chrono::minutes kPurgeEvery{1};

}  // namespace

Runs::Runs(const PageContext& context, EventHub& events)
    : context_(context), events_(events), teller_([this] { tell(); }), saver_([this] { save(); }) {}

Runs::~Runs() {
  stop();
}

void Runs::cancel_all() {
  const std::lock_guard lock(mutex_);
  is_stopping_ = true;
  for (const auto& [message_id, run] : runs_) run->handle.cancel();
}

void Runs::stop() {
  cancel_all();
  if (!teller_.joinable()) return;
  const auto end = std::chrono::steady_clock::now() + kStopPatience;
  while (std::chrono::steady_clock::now() < end) {
    news_->wake();
    save_soon_.wake();
    {
      const std::lock_guard lock(mutex_);
      if (runs_.empty()) break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  threads_end_ = true;
  news_->wake();
  save_soon_.wake();
  teller_.join();
  saver_.join();
}

void Runs::tell() {
  auto look_at = std::chrono::steady_clock::now() + kLookEvery;
  while (!threads_end_) {
    news_->wait(kLookEvery);
    tell_news();
    if (std::chrono::steady_clock::now() >= look_at) {
      look_after();
      look_at = std::chrono::steady_clock::now() + kLookEvery;
    }
    std::this_thread::sleep_for(kTellEvery);
  }
}

void Runs::tell_news() {
  bool one_ended = false;
  const std::lock_guard lock(mutex_);
  for (const auto& [message_id, run] : runs_) {
    if (run->has_ended()) {
      one_ended = true;
      continue;
    }
    for (Run::Told& told : run->take_news()) {
      events_.publish(run->place.user_id, told.name, told.data);
    }
    if (!run->has_ended()) continue;
    one_ended = true;
    if (run->tokens_per_s() > 0) speeds_[run->model->id] = run->tokens_per_s();
    context_.on_request(run->record());
  }
  if (one_ended) save_soon_.wake();
}

void Runs::look_after() {
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [message_id, run] : runs_) {
      if (events_.unwatched_ms(run->place.user_id) > context_.unwatched_max.count()) {
        run->handle.cancel();
      }
    }
  }
  if (!events_.has_listeners()) return;
  const Json models = models_json(context_, *this);
  std::string words = write_json(models);
  if (!told_models_.empty() && words != told_models_) {
    events_.publish_to_listeners("models", models);
  }
  told_models_ = std::move(words);
}

void Runs::save() {
  auto purge_at = std::chrono::steady_clock::now();
  while (!threads_end_) {
    save_soon_.wait(context_.save_every);
    bool is_written = false;
    {
      const std::lock_guard lock(saving_mutex_);
      collect_changes();
      is_written = write_changes();
      if (is_written) remove_ended();
    }
    if (!is_written && !threads_end_) save_soon_.wait(kTryAgainAfter);
    if (std::chrono::steady_clock::now() >= purge_at) {
      purge();
      purge_at = std::chrono::steady_clock::now() + kPurgeEvery;
    }
  }
  const std::lock_guard lock(saving_mutex_);
  collect_changes();
  if (write_changes()) remove_ended();
}

// Deleted chats whose time to come back is over.
void Runs::purge() {
  const Result<int> purged =
      context_.store->purge_chats_deleted_before(context_.now() - kUndeleteMs);
  if (!purged.ok() && !has_problem_.exchange(true)) {
    context_.on_problem(concat("deleted chats cannot be removed: ", purged.error().message));
  }
}

// What the store has not taken yet and what has come since become one change.
void Runs::collect_changes() {
  const std::lock_guard lock(mutex_);
  for (const auto& [message_id, run] : runs_) {
    std::optional<store::MessageChange> change = run->take_change();
    if (!change) continue;
    const auto [known, is_new] = unsaved_.try_emplace(message_id);
    if (!is_new) change->more_tokens.insert(0, known->second.change.more_tokens);
    known->second = {run->place.store, *std::move(change)};
  }
}

bool Runs::write_changes() {
  std::map<store::Store*, std::vector<store::MessageChange>> changes;
  for (const auto& [message_id, unsaved] : unsaved_) {
    changes[unsaved.store].push_back(unsaved.change);
  }
  for (const auto& [where, all] : changes) {
    const Result<void> written = where->change_messages(all);
    if (written.ok()) continue;
    if (!has_problem_.exchange(true)) {
      context_.on_problem(concat("answers cannot be stored: ", written.error().message));
    }
    return false;
  }
  has_problem_ = false;
  unsaved_.clear();
  return true;
}

void Runs::remove_ended() {
  std::vector<std::shared_ptr<Run>> ended;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [message_id, run] : runs_) {
      if (run->has_ended() && !run->is_changed()) ended.push_back(run);
    }
    for (const auto& run : ended) {
      runs_.erase(run->place.message_id);
      busy_chats_.erase(run->place.chat_id);
    }
  }
  for (const auto& run : ended) publish_end(*run);
}

void Runs::publish_end(const Run& run) {
  const Run::Place& place = run.place;
  const Result<store::Message> message = place.store->message(place.user_id, place.message_id);
  const Result<store::Chat> chat = place.store->chat(place.user_id, place.chat_id);
  if (!message.ok() || !chat.ok()) return;  // deleted meanwhile
  events_.publish(place.user_id, "message",
                  Json::object({{"message", message_json(*message, std::nullopt)}}));
  const ChatView view{.run_id = run_of_chat(place.chat_id),
                      .temporary = place.store != context_.store};
  events_.publish(place.user_id, "chat", Json::object({{"chat", chat_json(*chat, view)}}));
}

bool Runs::save_now(const std::string& message_id) {
  const std::lock_guard lock(saving_mutex_);
  collect_changes();
  return unsaved_.count(message_id) == 0 || write_changes();
}

}  // namespace bise::api
