#include "api/page/runs.h"

#include <algorithm>

#include "api/body.h"
#include "api/page/models_wire.h"
#include "api/page/settings_wire.h"
#include "base/text.h"

namespace bise::api {
namespace {

constexpr store::TimeMs kAnsweredKeptMs = 10 * 60 * 1000;
constexpr std::size_t kClientIdBytesMax = 40;

}  // namespace

// A chat has one run at a time, from before its messages are written until its end is.
struct Runs::Reservation {
  Runs& runs;
  const std::string chat_id;
  bool is_taken = false;
  bool is_too_late = false;  // the server ends

  Reservation(Runs& all, std::string chat) : runs(all), chat_id(std::move(chat)) {
    const std::lock_guard lock(runs.mutex_);
    is_too_late = runs.is_stopping_;
    is_taken = !is_too_late && runs.busy_chats_.insert(chat_id).second;
  }
  ~Reservation() {
    if (!is_taken) return;
    const std::lock_guard lock(runs.mutex_);
    runs.busy_chats_.erase(chat_id);
  }
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;
};

std::optional<Json> Runs::answered_before(const Asked& asked) {
  const std::string id = text(asked.body, "id");
  const std::lock_guard lock(mutex_);
  const store::TimeMs now = context_.now();
  std::erase_if(answered_,
                [&](const auto& each) { return now - each.second.at > kAnsweredKeptMs; });
  const auto known = answered_.find({asked.principal.user_id, id});
  if (id.empty() || known == answered_.end()) return std::nullopt;
  return known->second.answer;
}

PageResult<Json> Runs::start(const Asked& asked) {
  const std::string id = text(asked.body, "id");
  if (id.size() > kClientIdBytesMax) return bad_field("id", "is longer than 40 characters");
  if (auto answer = answered_before(asked)) return *std::move(answer);
  events_.note_seen(asked.principal.user_id);
  const store::Chat chat = TRY(asked.store->chat(asked.principal.user_id, asked.chat_id));
  Reservation reservation(*this, asked.chat_id);
  if (reservation.is_too_late) {
    return ApiError{.status = 503, .message = "the server is ending", .retry_after_s = 1};
  }
  if (!reservation.is_taken) {
    return ApiError{
        .status = 409, .message = "this chat has a running answer; stop it first", .code = "busy"};
  }
  const std::vector<store::Message> messages =
      TRY(asked.store->messages(asked.principal.user_id, asked.chat_id));
  auto plan = plan_run({.chat = chat,
                        .messages = messages,
                        .body = asked.body,
                        .catalog = *context_.catalog,
                        .principal = asked.principal,
                        .default_system_prompt =
                            TRY(default_system_prompt(*context_.store, asked.principal.user_id)),
                        .tokens_of = [&](const std::string& message_id) {
                          return asked.store->tokens_of(asked.principal.user_id, message_id);
                        }});
  if (!plan.ok()) return plan.error();
  auto answer = begin(asked, chat, std::move(*plan));
  if (!answer.ok()) return answer.error();
  reservation.is_taken = false;  // the run has it now
  if (!id.empty()) {
    const std::lock_guard lock(mutex_);
    answered_[{asked.principal.user_id, id}] = {context_.now(), *answer};
  }
  return *std::move(answer);
}

PageResult<std::vector<store::Message>> Runs::write_messages(const Asked& asked,
                                                             const RunPlan& plan) {
  const std::int64_t user_id = asked.principal.user_id;
  std::vector<store::Message> messages;
  if (!plan.goes_on.empty()) {
    store::MessageChange change{.user_id = user_id, .message_id = plan.goes_on};
    change.status = store::MessageStatus::running;
    TRY_VOID(asked.store->change_messages({&change, 1}));
    store::ChatChange leaf;
    leaf.active_leaf = plan.goes_on;
    TRY(asked.store->change_chat(user_id, asked.chat_id, leaf));
    messages.push_back(TRY(asked.store->message(user_id, plan.goes_on)));
    return messages;
  }
  store::MessageFields answer{.parent_id = plan.parent,
                              .role = store::Role::assistant,
                              .status = store::MessageStatus::running,
                              .model = plan.model->id,
                              .seed = plan.generation.sampling.seed};
  if (plan.question) {
    messages.push_back(TRY(asked.store->add_message(user_id, asked.chat_id, *plan.question)));
    answer.parent_id = messages.front().id;
  }
  messages.push_back(TRY(asked.store->add_message(user_id, asked.chat_id, answer)));
  return messages;
}

PageResult<Json> Runs::begin(const Asked& asked, const store::Chat& before, RunPlan plan) {
  const std::int64_t user_id = asked.principal.user_id;
  auto written = write_messages(asked, plan);
  if (!written.ok()) return written.error();
  std::vector<store::Message>& messages = *written;
  if (plan.question && before.title.empty()) {
    store::ChatChange change;
    change.title = title_of(plan.question->content);
    TRY(asked.store->change_chat(user_id, asked.chat_id, change));
  }
  const store::Chat chat = TRY(asked.store->chat(user_id, asked.chat_id));
  auto run = std::make_shared<Run>(plan,
                                   Run::Place{.user_id = user_id,
                                              .key_id = asked.principal.key_id,
                                              .chat_id = asked.chat_id,
                                              .message_id = messages.back().id,
                                              .store = asked.store},
                                   std::make_shared<RunSink>(news_), context_);
  run->overlay(messages.back());
  Json shown = Json::array();
  for (const store::Message& message : messages) {
    const bool is_answer = message.id == messages.back().id;
    shown.push(message_json(message, is_answer ? std::optional(run->view()) : std::nullopt));
  }
  Json chat_now = chat_json(chat, {.run_id = run->id, .temporary = asked.temporary});
  // Before the engine has it: no token is told of before its message, and no message shown as the
  // chat's last before it is known.
  for (const Json& message : shown.items()) {
    events_.publish(user_id, "message", Json::object({{"message", message}}));
  }
  events_.publish(user_id, "chat", Json::object({{"chat", chat_now}}));
  const std::string run_id = run->id;
  launch(std::move(plan), std::move(run));
  return Json::object(
      {{"run", run_id}, {"chat", std::move(chat_now)}, {"messages", std::move(shown)}});
}

void Runs::launch(RunPlan plan, std::shared_ptr<Run> run) {
  const std::lock_guard lock(mutex_);
  runs_[run->place.message_id] = run;
  auto handle = context_.engine->submit(std::move(plan.generation), run->sink);
  if (handle.ok()) {
    run->handle = *handle;
    if (is_stopping_) run->handle.cancel();
    return;
  }
  run->fail(handle.error().message);
  context_.on_request(run->record());
  news_->wake();
}

void Runs::stop_run(std::int64_t user_id, const std::string& run_id) {
  const std::lock_guard lock(mutex_);
  for (const auto& [message_id, run] : runs_) {
    if (run->place.user_id == user_id && run->id == run_id) run->handle.cancel();
  }
}

void Runs::stop_chat(std::int64_t user_id, const std::string& chat_id) {
  const std::lock_guard lock(mutex_);
  for (const auto& [message_id, run] : runs_) {
    if (run->place.user_id == user_id && run->place.chat_id == chat_id) run->handle.cancel();
  }
}

void Runs::stop_user(std::int64_t user_id) {
  const std::lock_guard lock(mutex_);
  for (const auto& [message_id, run] : runs_) {
    if (run->place.user_id == user_id) run->handle.cancel();
  }
}

std::string Runs::run_of_chat(const std::string& chat_id) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [message_id, run] : runs_) {
    if (run->place.chat_id == chat_id) return run->id;
  }
  return "";
}

Json Runs::shown(store::Message message) const {
  std::optional<RunView> view;
  {
    const std::lock_guard lock(mutex_);
    const auto run = runs_.find(message.id);
    if (run != runs_.end()) {
      run->second->overlay(message);
      view = run->second->view();
    }
  }
  return message_json(message, view);
}

std::optional<double> Runs::tokens_per_s(const std::string& model) const {
  const std::lock_guard lock(mutex_);
  const auto speed = speeds_.find(model);
  if (speed == speeds_.end()) return std::nullopt;
  return speed->second;
}

}  // namespace bise::api
