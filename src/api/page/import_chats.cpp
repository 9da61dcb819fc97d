#include "api/page/import_chats.h"

#include <cmath>
#include <map>
#include <set>

#include "api/body.h"
#include "api/page/wire.h"

namespace bise::api {
namespace {

constexpr std::size_t kMessagesMax = 100'000;

// Seconds or milliseconds since 1970, whichever it can be.
store::TimeMs read_time(const Json& object, std::string_view name, store::TimeMs otherwise) {
  const auto value = number(object, name);
  if (!value || !std::isfinite(*value) || *value <= 0 || *value > 1e14) return otherwise;
  return static_cast<store::TimeMs>(*value < 1e11 ? *value * 1000 : *value);
}

// Messages by their ids, put in order: parents first.
class Tree {
 public:
  explicit Tree(store::ImportedChat& chat) : chat_(chat) {}

  void add(store::Message message) {
    if (message.id.empty() || messages_.size() >= kMessagesMax) return;
    order_.push_back(message.id);
    messages_[message.id] = std::move(message);
  }
  // A node without words of its own: its children hang from its parent.
  void add_gap(const std::string& id, const std::string& parent) { gaps_[id] = parent; }

  void write_out(std::string leaf) {
    for (const std::string& id : order_) place(id);
    leaf = real(std::move(leaf));
    if (placed_.count(leaf) != 0)
      chat_.active_leaf = leaf;
    else if (!chat_.messages.empty())
      chat_.active_leaf = chat_.messages.back().id;
  }

 private:
  std::string real(std::string id) const {
    std::set<std::string> seen;
    for (auto gap = gaps_.find(id); gap != gaps_.end() && seen.insert(id).second;
         gap = gaps_.find(id)) {
      id = gap->second;
    }
    return messages_.count(id) != 0 ? id : "";
  }

  // Its ancestors first; without recursion, because a chat may be long.
  void place(const std::string& id) {
    std::vector<std::string> line;
    std::set<std::string> seen;
    for (std::string at = id; !at.empty() && placed_.count(at) == 0 && seen.insert(at).second;
         at = real(messages_[at].parent_id)) {
      line.push_back(at);
    }
    for (auto at = line.rbegin(); at != line.rend(); ++at) {
      store::Message& message = messages_[*at];
      message.parent_id = real(message.parent_id);
      // The end of a circle begins the chat.
      if (placed_.count(message.parent_id) == 0) message.parent_id.clear();
      placed_.insert(*at);
      chat_.messages.push_back(message);
    }
  }

  store::ImportedChat& chat_;
  std::map<std::string, store::Message> messages_;
  std::map<std::string, std::string> gaps_;
  std::vector<std::string> order_;
  std::set<std::string> placed_;
};

store::Role role_of(std::string_view role) {
  return role == "assistant" ? store::Role::assistant : store::Role::user;
}

bool is_turn(std::string_view role) {
  return role == "user" || role == "assistant";
}

store::ImportedChat read_own(const Json& entry, store::TimeMs now) {
  store::ImportedChat chat;
  const Json& head = *entry.find("chat");
  chat.fields.title = text(head, "title");
  chat.fields.title_is_own = flag(head, "title_set", false);
  chat.fields.model = text(head, "model");
  if (const Json* prompt = member(head, "system_prompt"); prompt && prompt->is_string()) {
    chat.fields.system_prompt = prompt->as_string();
  }
  chat.created_at = read_time(head, "created_ms", now);
  chat.updated_at = read_time(head, "updated_ms", now);
  Tree tree(chat);
  for (const Json& each : entry.find("messages")->items()) {
    store::Message message;
    message.id = text(each, "id");
    message.parent_id = text(each, "parent");
    message.role = role_of(text(each, "role"));
    message.content = text(each, "content");
    message.thinking = text(each, "thinking");
    message.model = text(each, "model");
    message.edited = flag(each, "edited", false);
    message.created_at = message.updated_at = read_time(each, "created_ms", now);
    tree.add(std::move(message));
  }
  tree.write_out(text(head, "leaf"));
  return chat;
}

// {"title", "chat": {"history": {"messages": {id: {"parentId", "role", "content", "timestamp"}},
// "currentId"}}}
store::ImportedChat read_open_webui(const Json& entry, const Json& history, store::TimeMs now) {
  store::ImportedChat chat;
  const Json& inner = *entry.find("chat");
  chat.fields.title = text(entry, "title");
  if (chat.fields.title.empty()) chat.fields.title = text(inner, "title");
  chat.created_at = read_time(entry, "created_at", now);
  chat.updated_at = read_time(entry, "updated_at", now);
  Tree tree(chat);
  for (const auto& [id, each] : history.find("messages")->members()) {
    const std::string role = text(each, "role");
    store::Message message;
    message.id = id;
    message.parent_id = text(each, "parentId");
    if (!is_turn(role)) {
      tree.add_gap(id, message.parent_id);
      continue;
    }
    message.role = role_of(role);
    message.content = text(each, "content");
    message.model = message.role == store::Role::assistant ? text(each, "model") : "";
    message.created_at = message.updated_at = read_time(each, "timestamp", now);
    tree.add(std::move(message));
  }
  tree.write_out(text(history, "currentId"));
  return chat;
}

std::string parts_text(const Json* content) {
  std::string joined;
  const Json* parts = content == nullptr ? nullptr : content->find("parts");
  if (parts == nullptr || !parts->is_array()) return joined;
  for (const Json& part : parts->items()) {
    if (!part.is_string()) continue;
    if (!joined.empty()) joined += "\n\n";
    joined += part.as_string();
  }
  return joined;
}

// {"title", "create_time", "mapping": {id: {"parent", "message": {"author": {"role"}, "content":
// {"parts"}, "create_time"}}}, "current_node"}
store::ImportedChat read_chatgpt(const Json& entry, const Json& mapping, store::TimeMs now) {
  store::ImportedChat chat;
  chat.fields.title = text(entry, "title");
  chat.created_at = read_time(entry, "create_time", now);
  chat.updated_at = read_time(entry, "update_time", now);
  Tree tree(chat);
  for (const auto& [id, node] : mapping.members()) {
    const Json* told = node.find("message");
    const Json* author = told == nullptr ? nullptr : told->find("author");
    const std::string role = author == nullptr ? "" : text(*author, "role");
    store::Message message;
    message.id = id;
    message.parent_id = text(node, "parent");
    if (told != nullptr) message.content = parts_text(told->find("content"));
    if (!is_turn(role) || message.content.empty()) {
      tree.add_gap(id, message.parent_id);
      continue;
    }
    message.role = role_of(role);
    message.created_at = message.updated_at = read_time(*told, "create_time", now);
    tree.add(std::move(message));
  }
  tree.write_out(text(entry, "current_node"));
  return chat;
}

std::optional<store::ImportedChat> read_entry(const Json& entry, store::TimeMs now) {
  const Json* inner = entry.find("chat");
  const Json* messages = entry.find("messages");
  if (inner != nullptr && inner->is_object() && messages != nullptr && messages->is_array()) {
    return read_own(entry, now);
  }
  const Json* history = inner == nullptr ? nullptr : inner->find("history");
  messages = history == nullptr ? nullptr : history->find("messages");
  if (messages != nullptr && messages->is_object()) return read_open_webui(entry, *history, now);
  const Json* mapping = entry.find("mapping");
  if (mapping != nullptr && mapping->is_object()) return read_chatgpt(entry, *mapping, now);
  return std::nullopt;
}

}  // namespace

ImportedFile read_imported_chats(const Json& file, store::TimeMs now) {
  ImportedFile out;
  const Json::Array one = {file};
  const Json* chats = file.find("chats");  // our export of several
  const Json::Array& entries = file.is_array()                         ? file.items()
                               : chats != nullptr && chats->is_array() ? chats->items()
                                                                       : one;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    std::optional<store::ImportedChat> chat = read_entry(entries[i], now);
    if (!chat) {
      out.skipped.push_back({i, "is no chat of a known form"});
    } else if (chat->messages.empty()) {
      out.skipped.push_back({i, "has no messages"});
    } else {
      if (chat->fields.title.empty()) {
        chat->fields.title = title_of(chat->messages.front().content);
      }
      out.chats.push_back(*std::move(chat));
    }
  }
  return out;
}

Json export_chat(const store::Chat& chat, const std::vector<store::Message>& messages) {
  Json list = Json::array();
  for (const store::Message& message : messages) list.push(message_json(message, std::nullopt));
  return Json::object({{"format", "bise-chat"},
                       {"version", 1},
                       {"chat", chat_json(chat, {})},
                       {"messages", std::move(list)}});
}

std::string export_markdown(const store::Chat& chat, const std::vector<store::Message>& messages) {
  std::string out = "# " + chat.title + "\n";
  if (chat.system_prompt && !chat.system_prompt->empty()) {
    out += "\n> " + *chat.system_prompt + "\n";
  }
  for (const store::Message* message : path_to(messages, chat.active_leaf)) {
    const bool is_answer = message->role == store::Role::assistant;
    const std::string who = message->model.empty() ? "Answer" : message->model;
    out += "\n## " + (is_answer ? who : "You") + "\n\n" + message->content + "\n";
  }
  return out;
}

}  // namespace bise::api
