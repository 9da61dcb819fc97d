#pragma once

#include <string>
#include <vector>

#include "apps/chat/answer_view.h"
#include "apps/chat/conversation.h"
#include "apps/chat/settings.h"
#include "apps/chat/style.h"
#include "apps/loaded_model.h"
#include "apps/model_store.h"
#include "apps/run.h"
#include "apps/terminal/history.h"
#include "apps/terminal/line_editor.h"
#include "engine/session.h"

namespace bise {

// The chat in the terminal. Where there is no terminal that understands more than text, lines are
// read and written plainly.
class Chat {
 public:
  Chat(LoadedModel& loaded, const RunOptions& options, DataFolder data);

  // Until the user leaves. Returns the exit code.
  int run();

 private:
  enum class Ending { go_on, leave };

  // In chat.cpp.
  void greet();
  LineEditor::Outcome read_entry(const std::string& prompt_word);
  LineEditor::Outcome read_plain_entry(const std::string& prompt_word);
  void answer();
  Result<Generation> generate(AnswerView& view, std::vector<AnswerEvent>& events);
  GenerateOptions generate_options();
  void poll_keys(AnswerView& view);
  void report(const Generation& generation);
  // Asks the user for the results of the model's calls; false when there are to be none.
  bool ask_for_results(const std::vector<ToolCall>& calls);

  // In chat_commands.cpp.
  Ending command(const std::string& line);
  void command_help();
  void command_system(const std::string& text);
  void command_set(const std::string& words);
  void command_stats();
  void command_save(const std::string& name);
  void command_load(const std::string& name);
  void command_tools(const std::string& path);
  void command_retry();
  std::string chat_path(const std::string& name) const;
  void show_transcript();

  void write(std::string_view text);
  // A line of our own, set apart from what the model says.
  void note(std::string_view text);
  void warn(std::string_view text);
  void show_last_thoughts();
  AnswerView::Screen screen() const;

  LoadedModel& loaded_;
  DataFolder data_;
  std::vector<std::string> stops_;
  Style style_;
  std::unique_ptr<Terminal> terminal_;
  History history_;
  std::optional<LineEditor> editor_;  // where there is a terminal
  Session session_;
  Conversation conversation_;
  ChatSettings settings_;
  std::string settings_source_;
  std::string last_thoughts_;
  std::optional<GenerateStats> last_stats_;
  std::uint64_t last_seed_ = 0;
  bool system_is_shipped_ = false;
  bool history_is_broken_ = false;
};

// Names and meanings of the commands, in the order /help lists them.
struct ChatCommand {
  const char* name;
  const char* arguments;
  const char* help;
};
std::vector<ChatCommand> chat_commands();

}  // namespace bise
