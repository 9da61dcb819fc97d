#include "apps/terminal/line_editor.h"

#include <signal.h>

#include <algorithm>

namespace bise {
namespace {

// How long an Escape may wait for the rest of its sequence, over slow lines too.
constexpr int kEscapeMs = 60;

}  // namespace

void LineEditor::queue(std::vector<Key> keys) {
  for (Key& key : keys) keys_.push_back(std::move(key));
}

bool LineEditor::take_interrupt() {
  const Key interrupt = {Key::Kind::control, "c"};
  const auto last = std::find(keys_.rbegin(), keys_.rend(), interrupt);
  if (last == keys_.rend()) return false;
  keys_.erase(keys_.begin(), last.base());
  return true;
}

bool LineEditor::wait_for_keys() {
  const auto bytes = terminal_.read(decoder_.is_waiting() ? kEscapeMs : -1);
  if (!bytes) return false;
  queue(bytes->empty() ? decoder_.idle() : decoder_.push(*bytes));
  return true;
}

LineEditor::Outcome LineEditor::read(const PromptText& prompt,
                                     const std::function<void()>& on_toggle) {
  terminal_.begin_editing();
  EditSession session(history_, completions_);
  EditScreen screen;
  const auto draw = [&] {
    const int width = terminal_.width();
    const LineBuffer& buffer = session.buffer();
    terminal_.write(screen.show(draw_edit(prompt, buffer.text(), buffer.cursor(), width), width,
                                terminal_.height()));
  };
  const auto leave = [&](End end, std::string text) -> Outcome {
    draw();
    terminal_.write(screen.leave());
    return {end, std::move(text)};
  };
  while (true) {
    while (!keys_.empty()) {
      const Key key = std::move(keys_.front());
      keys_.pop_front();
      switch (session.apply(key)) {
        case EditAction::go_on:
          break;
        case EditAction::submit:
          return leave(End::entry, session.entry());
        case EditAction::interrupt:
          return leave(End::interrupt, session.buffer().text());
        case EditAction::end_of_input:
          return leave(End::end_of_input, "");
        case EditAction::clear_screen:
          terminal_.write("\033[H\033[2J");
          screen.forget();
          break;
        case EditAction::toggle:
          terminal_.write(screen.leave());
          on_toggle();
          break;
        case EditAction::suspend:
          terminal_.write(screen.leave());
          terminal_.restore();
          ::raise(SIGTSTP);
          terminal_.begin_editing();
          break;
      }
    }
    draw();
    if (!wait_for_keys()) return leave(End::end_of_input, "");
  }
}

}  // namespace bise
