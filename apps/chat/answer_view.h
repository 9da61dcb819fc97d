#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "apps/chat/settings.h"
#include "apps/chat/style.h"
#include "apps/terminal/edit_drawing.h"
#include "apps/terminal/flow_text.h"
#include "tokenizer/chat/answer_parser.h"

namespace bise {

// Shows an answer on the terminal as it comes. Thoughts are dimmed: folded, their last rows are
// shown while they run and one line when they are over.
class AnswerView {
 public:
  struct Screen {
    int width;
    int height;
    Style style;
    std::function<void(std::string_view)> write;
  };
  AnswerView(Screen screen, ThinkingShown thinking);

  void show(const std::vector<AnswerEvent>& events);
  // A token was chosen (thoughts are measured in them).
  void count_token() { ++tokens_; }
  // How far the prompt has been read; shown when it takes long.
  void show_progress(std::int64_t done, std::int64_t total);
  // Folds or opens the thought that is being shown, and those to come.
  void toggle_thinking();
  // The end, whatever the answer was in.
  void finish();

  ThinkingShown thinking() const { return thinking_shown_; }
  const std::string& thoughts() const { return all_thoughts_; }

 private:
  using Clock = std::chrono::steady_clock;

  void show(const AnswerEvent& event);
  void begin_segment();
  void add_thought(const std::string& text);
  void draw_thought_window();
  void open_thought();
  void end_thought();
  void end_call();
  void clear_progress();

  Screen screen_;
  ThinkingShown thinking_shown_;
  FlowText text_;
  FlowText thought_flow_;
  EditScreen window_;
  Clock::time_point begun_ = Clock::now();
  Clock::time_point thought_begun_;
  std::string thought_;  // the one that runs
  std::string all_thoughts_;
  std::string call_name_, call_arguments_;
  bool in_thought_ = false;
  bool in_call_ = false;
  bool has_text_ = false;
  bool shows_progress_ = false;
  int segment_ = -1;
  int tokens_ = 0;
  int thought_begun_tokens_ = 0;
};

}  // namespace bise
