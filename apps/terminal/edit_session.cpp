#include "apps/terminal/edit_session.h"

#include <algorithm>

namespace bise {
namespace {

constexpr std::string_view kBlock = "\"\"\"";

bool is_block(std::string_view text) {
  return text.starts_with(kBlock);
}

// A block that has not been closed yet.
bool is_open_block(std::string_view text) {
  return is_block(text) && text.find(kBlock, kBlock.size()) == std::string_view::npos;
}

bool ends_in_backslash(std::string_view text) {
  std::size_t count = 0;
  while (count < text.size() && text[text.size() - 1 - count] == '\\') ++count;
  return count % 2 == 1;
}

}  // namespace

void EditSession::clear() {
  buffer_.set("");
  draft_.clear();
  place_ = history_.entries().size();
}

std::string EditSession::entry() const {
  std::string_view text = buffer_.text();
  if (!is_block(text)) return std::string(text);
  text.remove_prefix(kBlock.size());
  const std::size_t end = text.find(kBlock);
  std::string inner(text.substr(0, end));
  if (end != std::string_view::npos) inner += text.substr(end + kBlock.size());
  if (inner.starts_with('\n')) inner.erase(0, 1);
  if (inner.ends_with('\n')) inner.pop_back();
  return inner;
}

EditAction EditSession::enter() {
  if (is_open_block(buffer_.text())) {
    buffer_.insert("\n");
    return EditAction::go_on;
  }
  if (ends_in_backslash(buffer_.text()) && buffer_.cursor() == buffer_.text().size()) {
    buffer_.erase_left();
    buffer_.insert("\n");
    return EditAction::go_on;
  }
  return EditAction::submit;
}

EditAction EditSession::apply(const Key& key) {
  using Kind = Key::Kind;
  switch (key.kind) {
    case Kind::text:
    case Kind::paste:
      buffer_.insert(key.text);
      break;
    case Kind::enter:
      return enter();
    case Kind::newline:
      buffer_.insert("\n");
      break;
    case Kind::tab:
      complete();
      break;
    case Kind::backspace:
      buffer_.erase_left();
      break;
    case Kind::del:
      buffer_.erase_right();
      break;
    case Kind::left:
      buffer_.move_left();
      break;
    case Kind::right:
      buffer_.move_right();
      break;
    case Kind::up:
      go_up();
      break;
    case Kind::down:
      go_down();
      break;
    case Kind::home:
      buffer_.move_home();
      break;
    case Kind::end:
      buffer_.move_end();
      break;
    case Kind::word_left:
      buffer_.move_word_left();
      break;
    case Kind::word_right:
      buffer_.move_word_right();
      break;
    case Kind::erase_word_left:
      buffer_.erase_word_left();
      break;
    case Kind::erase_word_right:
      buffer_.erase_word_right();
      break;
    case Kind::control:
      return apply_control(key.text[0]);
    case Kind::page_up:
    case Kind::page_down:
    case Kind::escape:
    case Kind::unknown:
      break;
  }
  return EditAction::go_on;
}

// As in readline and every shell.
EditAction EditSession::apply_control(char letter) {
  switch (letter) {
    case 'a':
      buffer_.move_home();
      break;
    case 'b':
      buffer_.move_left();
      break;
    case 'c':
      return EditAction::interrupt;
    case 'd':
      if (buffer_.empty()) return EditAction::end_of_input;
      buffer_.erase_right();
      break;
    case 'e':
      buffer_.move_end();
      break;
    case 'f':
      buffer_.move_right();
      break;
    case 'k':
      buffer_.erase_to_end();
      break;
    case 'l':
      return EditAction::clear_screen;
    case 'n':
      go_down();
      break;
    case 'o':
      return EditAction::toggle;
    case 'p':
      go_up();
      break;
    case 'u':
      buffer_.erase_to_begin();
      break;
    case 'w':
      buffer_.erase_word_left();
      break;
    case 'y':
      buffer_.yank();
      break;
    case 'z':
      return EditAction::suspend;
    default:
      break;
  }
  return EditAction::go_on;
}

void EditSession::show_entry(std::size_t place) {
  const std::vector<std::string>& entries = history_.entries();
  if (place_ == entries.size()) draft_ = buffer_.text();
  place_ = place;
  buffer_.set(place == entries.size() ? draft_ : entries[place]);
}

void EditSession::go_up() {
  if (!buffer_.move_up() && place_ > 0) show_entry(place_ - 1);
}

void EditSession::go_down() {
  if (!buffer_.move_down() && place_ < history_.entries().size()) show_entry(place_ + 1);
}

void EditSession::complete() {
  const std::string& text = buffer_.text();
  if (text.empty() || text[0] != '/' || buffer_.cursor() != text.size()) return;
  std::string common;
  int found = 0;
  for (const std::string& word : completions_) {
    if (!word.starts_with(text)) continue;
    if (++found == 1) {
      common = word;
      continue;
    }
    const auto end = std::mismatch(common.begin(), common.end(), word.begin(), word.end()).first;
    common.erase(end, common.end());
  }
  if (found == 0) return;
  buffer_.insert(common.substr(text.size()));
  if (found == 1) buffer_.insert(" ");
}

}  // namespace bise
