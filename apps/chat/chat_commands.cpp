#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <system_error>

#include "apps/chat/chat.h"
#include "apps/system_prompt.h"
#include "apps/units.h"
#include "apps/whole_file.h"
#include "base/mapped_file.h"
#include "base/text.h"

namespace bise {
namespace {

constexpr std::size_t kChatBytesMax = std::size_t{64} << 20;

constexpr int kHelpColumn = 20;

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(width, text.size()), ' ');
  return text;
}

std::string time_name() {
  const std::time_t now = std::time(nullptr);
  std::tm local = {};
  ::localtime_r(&now, &local);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d-%H%M%S", &local);
  return text;
}

}  // namespace

std::vector<ChatCommand> chat_commands() {
  return {
      {"/help", "", "this list"},
      {"/system", "[TEXT]", "show or set the instructions; \"-\" takes them away"},
      {"/set", "[NAME VALUE]", "list or change how answers are made"},
      {"/stats", "", "times, rates and memory"},
      {"/retry", "", "answer the last question again"},
      {"/undo", "", "take back the last question and its answer"},
      {"/clear", "", "begin a new conversation"},
      {"/save", "[NAME]", "write the conversation to a file"},
      {"/load", "[NAME]", "go on with a saved one; without a name, list them"},
      {"/tools", "[FILE]", "give the model tools (JSON, as in API requests); you play them"},
      {"/exit", "", "leave (also Ctrl-D)"},
  };
}

Chat::Ending Chat::command(const std::string& line) {
  const std::size_t space = std::min(line.find(' '), line.size());
  const std::string name = line.substr(0, space);
  const std::string rest(without_blanks(std::string_view(line).substr(space)));
  if (name == "/exit" || name == "/quit" || name == "/bye" || name == "/q") return Ending::leave;
  if (name == "/help" || name == "/?") {
    command_help();
  } else if (name == "/system") {
    command_system(rest);
  } else if (name == "/set") {
    command_set(rest);
  } else if (name == "/stats") {
    command_stats();
  } else if (name == "/retry") {
    command_retry();
  } else if (name == "/undo") {
    note(conversation_.drop_exchange() ? "The last question was taken back."
                                       : "There is nothing to take back.");
  } else if (name == "/clear") {
    conversation_.clear();
    note("A new conversation.");
  } else if (name == "/save") {
    command_save(rest);
  } else if (name == "/load") {
    command_load(rest);
  } else if (name == "/tools") {
    command_tools(rest);
  } else {
    warn(concat("There is no command ", bise::quoted(name, 40), "; /help lists them."));
  }
  return Ending::go_on;
}

void Chat::command_help() {
  for (const ChatCommand& command : chat_commands()) {
    // On a narrow screen the explanation gets rows of its own.
    const bool narrow = screen().width < 60;
    FlowText flow(screen().width, narrow ? "  " : "", narrow ? 2 : kHelpColumn);
    const std::string head =
        concat(command.name, *command.arguments != '\0' ? " " : "", command.arguments);
    write(concat(style_.accent, padded(head, kHelpColumn), style_.reset));
    if (narrow) write("\n");
    write(flow.push(command.help) + "\n");
  }
  note(
      "Alt-Enter, Ctrl-J or a backslash at the end begin a new line, \"\"\" a block that ends with "
      "\"\"\". Ctrl-C or Escape stop an answer. Ctrl-O shows thoughts. Up and down: what you typed "
      "before.");
}

void Chat::command_system(const std::string& text) {
  if (text.empty()) {
    return note(conversation_.system()
                    ? "The instructions: " + message_text(*conversation_.system())
                    : std::string("There are no instructions of yours."));
  }
  if (text == "-") {
    conversation_.set_system({});
    return note("The instructions are gone.");
  }
  conversation_.set_system(system_message(text, loaded_.tokenizer.settings.layout));
  note("The instructions are set.");
}

void Chat::command_set(const std::string& words) {
  if (words.empty()) {
    for (const SettingLine& line : setting_lines(settings_)) {
      write(concat(padded(line.name, 20), style_.accent, padded(line.value, 10), style_.reset));
      if (screen().width < 60) write("\n  ");
      write(concat(style_.dim, line.help, style_.reset, "\n"));
    }
    return note(concat("Defaults: ", settings_source_, "."));
  }
  const std::size_t space = words.find_first_of(" =");
  if (space == std::string::npos) return warn("/set NAME VALUE, or /set alone for the list");
  const std::string name = words.substr(0, space);
  const std::string value(without_blanks(std::string_view(words).substr(space + 1)));
  const auto changed = change_setting(settings_, name, value, loaded_.model->spec().vocab_size);
  if (!changed.ok()) return warn(changed.error().message);
  note(concat(name, " is ", value, "."));
}

void Chat::command_stats() {
  if (last_stats_) {
    const GenerateStats& stats = *last_stats_;
    note(concat("prompt   ", count_text(stats.prompt_tokens), " tokens, ",
                count_text(stats.reused_tokens), " of them known already; the rest in ",
                number_text(stats.prefill_s), " s (", number_text(stats.prefill_rate()),
                " a second)"));
    note(concat("answer   ", count_text(stats.answer_tokens), " tokens in ",
                number_text(stats.decode_s), " s (", number_text(stats.decode_rate()),
                " a second), seed ", last_seed_));
  }
  note(concat("context  ", count_text(static_cast<std::int64_t>(session_.stored().size())), " of ",
              count_text(loaded_.context_tokens), " tokens, keys and values in ",
              kv_element_name(loaded_.kv)));
  const ProcessMemory memory = process_memory();
  note(concat("memory   ", byte_text(memory.resident_bytes), " now, ", byte_text(memory.peak_bytes),
              " at most; foreseen with a full context ", byte_text(loaded_.need.total())));
}

void Chat::command_retry() {
  if (!conversation_.drop_answer()) return warn("There is no answer to give again.");
  answer();
}

// A name without a slash is a file in the data folder.
std::string Chat::chat_path(const std::string& name) const {
  if (name.find('/') != std::string::npos) return name;
  return concat(data_.chats(), "/", name, name.ends_with(".json") ? "" : ".json");
}

void Chat::command_save(const std::string& name) {
  if (conversation_.empty()) return warn("There is nothing to save yet.");
  const std::string path = chat_path(name.empty() ? time_name() : name);
  if (name.find('/') == std::string::npos) {
    if (const auto made = make_folder(data_.chats()); !made.ok()) return warn(made.error().message);
  }
  Json json = conversation_.to_json();
  json.set("model", loaded_.name);
  const auto written = write_whole_file(path, write_json(json) + "\n");
  if (!written.ok()) return warn(written.error().message);
  note(concat("Saved to ", path));
}

void Chat::command_load(const std::string& name) {
  if (name.empty()) {
    std::vector<std::string> names;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(data_.chats(), error)) {
      if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
    }
    std::sort(names.begin(), names.end());
    if (names.empty()) return note("Nothing was saved yet.");
    for (const std::string& known : names) write(known + "\n");
    return;
  }
  const auto text = read_text_file(chat_path(name), kChatBytesMax);
  if (!text.ok()) return warn(text.error().message);
  const auto json = read_json(*text);
  if (!json.ok()) return warn(concat(chat_path(name), ": ", json.error().message));
  auto conversation = Conversation::from_json(*json);
  if (!conversation.ok()) return warn(concat(chat_path(name), ": ", conversation.error().message));
  conversation_ = std::move(*conversation);
  show_transcript();
}

void Chat::show_transcript() {
  for (const ChatMessage& message : conversation_.messages()) {
    FlowText flow(screen().width, "", 0);
    if (message.role == ChatRole::user) write(concat(style_.accent, "> ", style_.reset));
    if (message.role == ChatRole::tool) write(concat(style_.accent, "result> ", style_.reset));
    write(flow.push(message_text(message)));
    write(flow.finish());
    for (const ToolCall& call : message.tool_calls) {
      write(concat(style_.accent, "tool call ", call.name, style_.reset, "\n  ", call.arguments,
                   "\n"));
    }
  }
}

void Chat::command_tools(const std::string& path) {
  if (path.empty()) {
    if (conversation_.tools().empty())
      return note("The model has no tools. /tools FILE gives some.");
    for (const ToolDefinition& tool : conversation_.tools()) {
      note(concat(tool.name, "  ", tool.description));
    }
    return;
  }
  if (path == "-") {
    conversation_.set_tools({});
    return note("The tools are gone.");
  }
  const auto text = read_text_file(path, kChatBytesMax);
  if (!text.ok()) return warn(text.error().message);
  const auto json = read_json(*text);
  if (!json.ok()) return warn(concat(path, ": ", json.error().message));
  Json request = Json::object({{"messages", Json::array()}});
  request.set("tools",
              json->is_object() && json->find("tools") != nullptr ? *json->find("tools") : *json);
  auto read = Conversation::from_json(request);
  if (!read.ok()) return warn(concat(path, ": ", read.error().message));
  conversation_.set_tools(read->tools());
  const std::size_t count = conversation_.tools().size();
  note(concat(count, count == 1 ? " tool" : " tools",
              ". When the model calls one, you are asked for its result."));
}

}  // namespace bise
