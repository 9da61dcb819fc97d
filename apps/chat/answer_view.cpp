#include "apps/chat/answer_view.h"

#include <algorithm>
#include <utility>

#include "apps/terminal/char_width.h"
#include "apps/units.h"
#include "base/json.h"
#include "base/text.h"

namespace bise {
namespace {

constexpr std::string_view kBar = "\xE2\x94\x82 ";  // │
constexpr int kBarColumns = 2;
constexpr int kWindowRows = 4;
constexpr double kProgressAfterS = 0.7;

// The end of a text that more than fills the window, cut at a character.
std::string_view tail_of(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t at = text.size() - bytes_max;
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
  return text.substr(at);
}

std::string without_control(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool keep = static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t';
    if (keep && c != '\x7f') out.push_back(c);
  }
  return out;
}

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

AnswerView::AnswerView(Screen screen, ThinkingShown thinking)
    : screen_(std::move(screen)),
      thinking_shown_(thinking),
      text_(screen_.width, "", 0),
      thought_flow_(screen_.width, std::string(kBar), kBarColumns) {}

void AnswerView::show(const std::vector<AnswerEvent>& events) {
  for (const AnswerEvent& event : events) show(event);
}

void AnswerView::show(const AnswerEvent& event) {
  using Kind = AnswerEvent::Kind;
  clear_progress();
  if (event.segment != segment_ || event.kind == Kind::ended) begin_segment();
  segment_ = event.segment;
  switch (event.kind) {
    case Kind::text: {
      std::string_view text = event.text;
      // What stands between a thought and the answer is not worth empty lines.
      if (!has_text_) text.remove_prefix(std::min(text.find_first_not_of("\r\n "), text.size()));
      if (text.empty()) return;
      has_text_ = true;
      screen_.write(text_.push(text));
      return;
    }
    case Kind::thinking:
      add_thought(event.text);
      return;
    case Kind::thinking_closed:
      end_thought();
      return;
    case Kind::call_name:
      in_call_ = true;
      call_name_ += event.text;
      return;
    case Kind::call_arguments:
    case Kind::call_body:
      in_call_ = true;
      call_arguments_ += event.text;
      return;
    case Kind::call_id:
    case Kind::ended:
      return;
  }
}

// What came before is over.
void AnswerView::begin_segment() {
  end_thought();
  end_call();
}

void AnswerView::add_thought(const std::string& text) {
  if (!in_thought_) {
    screen_.write(text_.finish());
    in_thought_ = true;
    thought_.clear();
    thought_begun_ = Clock::now();
    thought_begun_tokens_ = tokens_;
    if (!all_thoughts_.empty()) all_thoughts_ += "\n\n";
  }
  thought_ += without_control(text);
  all_thoughts_ += without_control(text);
  if (thinking_shown_ == ThinkingShown::open) {
    screen_.write(concat(screen_.style.dim, thought_flow_.push(text), screen_.style.reset));
  } else {
    draw_thought_window();
  }
}

void AnswerView::draw_thought_window() {
  const bool hidden = thinking_shown_ == ThinkingShown::hidden;
  const int rows = std::min(kWindowRows, std::max(1, screen_.height - 2));
  const std::string_view text =
      hidden ? std::string_view("thinking...")
             : tail_of(thought_, static_cast<std::size_t>(screen_.width * rows * 4));
  const PromptText bar = {std::string(kBar), std::string(kBar), kBarColumns};
  screen_.write(
      concat(screen_.style.dim,
             window_.show(draw_edit(bar, text, text.size(), screen_.width), screen_.width, rows),
             screen_.style.reset));
}

void AnswerView::open_thought() {
  screen_.write(window_.erase(screen_.width));
  screen_.write(concat(screen_.style.dim, thought_flow_.push(thought_), screen_.style.reset));
}

void AnswerView::toggle_thinking() {
  const bool opens = thinking_shown_ != ThinkingShown::open;
  thinking_shown_ = opens ? ThinkingShown::open : ThinkingShown::folded;
  if (!in_thought_) return;
  if (opens) {
    open_thought();
  } else {
    screen_.write(thought_flow_.finish());
    draw_thought_window();
  }
}

void AnswerView::end_thought() {
  if (!in_thought_) return;
  in_thought_ = false;
  if (thinking_shown_ == ThinkingShown::open) {
    screen_.write(concat(screen_.style.dim, thought_flow_.finish(), screen_.style.reset, "\n"));
    return;
  }
  screen_.write(window_.erase(screen_.width));
  if (thinking_shown_ == ThinkingShown::hidden) return;
  screen_.write(concat(
      screen_.style.dim, "thought for ", number_text(seconds_since(thought_begun_)), " s, ",
      tokens_ - thought_begun_tokens_, " tokens (Ctrl-O shows it)", screen_.style.reset, "\n"));
}

void AnswerView::end_call() {
  if (!in_call_) return;
  in_call_ = false;
  screen_.write(text_.finish());
  std::string arguments = call_arguments_;
  if (const auto parsed = read_json(arguments); parsed.ok()) arguments = write_json(*parsed);
  const std::string name = call_name_.empty() ? "tool calls" : "tool call " + call_name_;
  FlowText flow(screen_.width, "  ", 2);
  screen_.write(concat(screen_.style.accent, without_control(name), screen_.style.reset, "\n"));
  screen_.write(flow.push(without_control(arguments)));
  screen_.write(flow.finish());
  call_name_.clear();
  call_arguments_.clear();
}

void AnswerView::show_progress(std::int64_t done, std::int64_t total) {
  const double seconds = seconds_since(begun_);
  if (done >= total || seconds < kProgressAfterS) return;
  const double rate = static_cast<double>(done) / seconds;
  const std::string line =
      concat("reading ", count_text(done), " of ", count_text(total), " tokens, ",
             number_text(static_cast<double>(total - done) / rate), " s left");
  screen_.write(concat("\r\033[K", screen_.style.dim,
                       line.substr(0, static_cast<std::size_t>(std::max(1, screen_.width - 1))),
                       screen_.style.reset));
  shows_progress_ = true;
}

void AnswerView::clear_progress() {
  if (!shows_progress_) return;
  screen_.write("\r\033[K");
  shows_progress_ = false;
}

void AnswerView::finish() {
  clear_progress();
  end_thought();
  end_call();
  screen_.write(text_.finish());
}

}  // namespace bise
