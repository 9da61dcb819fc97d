#include "api/page/wire.h"

#include <algorithm>

#include "base/utf8.h"

namespace bise::api {
namespace {

constexpr std::size_t kTitleCharactersMax = 60;

std::string state_of(const store::Message& message, const std::optional<RunView>& run) {
  if (run) return run->state;
  switch (message.status) {
    case store::MessageStatus::running:
    case store::MessageStatus::stopped:
      return message.finish_reason == "length" ? "length" : "stopped";
    case store::MessageStatus::done:
      return "done";
    case store::MessageStatus::error:
      return "failed";
  }
  return "failed";
}

void add_answer(const store::Message& message, const std::optional<RunView>& run, Json& out) {
  Json facts = message.metrics.empty() ? Json() : read_object(message.metrics);
  Json thinking_ms;
  if (const Json* time = facts.find("thinking_ms")) thinking_ms = *time;
  out.set("model", text_or_null(message.model));
  out.set("thinking", text_or_null(message.thinking));
  out.set("thinking_ms", std::move(thinking_ms));
  if (!message.tools.empty()) {
    if (Result<Json> tools = read_json(message.tools); tools.ok()) {
      out.set("tools", std::move(tools).value());
    }
  }
  out.set("state", state_of(message, run));
  out.set("error", message.error.empty()
                       ? Json()
                       : Json::object({{"code", "failed"}, {"message", message.error}}));
  out.set("run", run ? Json(run->run_id) : Json());
  out.set("n", message.token_count);
  out.set("facts", std::move(facts));
}

}  // namespace

Json chat_json(const store::Chat& chat, const ChatView& view) {
  return Json::object({{"id", chat.id},
                       {"title", chat.title},
                       {"title_set", chat.title_is_own},
                       {"created_ms", chat.created_at},
                       {"updated_ms", chat.updated_at},
                       {"pinned", chat.pinned},
                       {"archived", chat.archived},
                       {"temporary", view.temporary},
                       {"model", text_or_null(chat.model)},
                       {"system_prompt", chat.system_prompt ? Json(*chat.system_prompt) : Json()},
                       {"sampling", read_object(chat.sampling)},
                       {"draft", chat.draft},
                       {"leaf", text_or_null(chat.active_leaf)},
                       {"run", text_or_null(view.run_id)}});
}

Json message_json(const store::Message& message, const std::optional<RunView>& run) {
  const bool is_answer = message.role == store::Role::assistant;
  Json out = Json::object({{"id", message.id},
                           {"chat", message.chat_id},
                           {"parent", text_or_null(message.parent_id)},
                           {"role", is_answer ? "assistant" : "user"},
                           {"created_ms", message.created_at},
                           {"content", message.content},
                           {"edited", message.edited}});
  out.set("feedback", message.feedback ? feedback_json(*message.feedback) : Json());
  if (is_answer) add_answer(message, run, out);
  return out;
}

Json user_json(const store::User& user) {
  return Json::object({{"id", user.public_id},
                       {"name", user.name},
                       {"owner", user.is_owner},
                       {"has_password", user.password_hash.has_value()},
                       {"created_ms", user.created_at}});
}

Json feedback_json(const store::Feedback& feedback) {
  Json labels = Json::array();
  for (const std::string& label : feedback.labels) labels.push(label);
  return Json::object({{"rating", static_cast<int>(feedback.thumb)},
                       {"labels", std::move(labels)},
                       {"comment", feedback.comment},
                       {"corrected", feedback.correction ? Json(*feedback.correction) : Json()}});
}

Json read_object(const std::string& text) {
  Result<Json> json = read_json(text);
  if (!json.ok() || !json->is_object()) return Json::object();
  return std::move(json).value();
}

Json exact_number(std::uint64_t value) {
  if (value < std::uint64_t{1} << 53) return value;
  return std::to_string(value);
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json() : Json(text);
}

std::vector<const store::Message*> path_to(const std::vector<store::Message>& messages,
                                           const std::string& id) {
  std::map<std::string_view, const store::Message*> by_id;
  for (const store::Message& message : messages) by_id[message.id] = &message;
  std::vector<const store::Message*> path;
  // A parent is older than its children, so this ends.
  for (auto at = by_id.find(id); at != by_id.end(); at = by_id.find(at->second->parent_id)) {
    path.push_back(at->second);
  }
  std::reverse(path.begin(), path.end());
  return path;
}

std::string newest_below(const std::vector<store::Message>& messages, const std::string& id) {
  std::string leaf = id;
  // Children stand after their parents, newer ones after older ones: the last message whose path
  // leads through the leaf found so far goes on from it.
  std::map<std::string_view, std::string_view> newest_child;
  for (const store::Message& message : messages) newest_child[message.parent_id] = message.id;
  for (auto child = newest_child.find(leaf); child != newest_child.end();
       child = newest_child.find(leaf)) {
    leaf = child->second;
  }
  return leaf;
}

std::string title_of(const std::string& question) {
  std::string title, word;
  std::size_t characters = 0, word_characters = 0;
  const auto end_word = [&] {
    if (word.empty()) return true;
    const std::size_t sum = characters + word_characters + (title.empty() ? 0 : 1);
    if (sum > kTitleCharactersMax && !title.empty()) return false;
    if (!title.empty()) title.push_back(' ');
    title += word;
    characters = sum;
    word.clear();
    word_characters = 0;
    return characters < kTitleCharactersMax;
  };
  std::string_view rest = question;
  while (!rest.empty()) {
    const Utf8Step step = decode_utf8(rest);
    rest.remove_prefix(step.length);
    if (step.code_point <= ' ') {
      if (!end_word()) return title;
      continue;
    }
    append_utf8(word, step.code_point);
    // A word longer than a title is cut where the title ends.
    if (++word_characters == kTitleCharactersMax) {
      (void)end_word();
      return title;
    }
  }
  (void)end_word();
  return title;
}

}  // namespace bise::api
