#include "apps/terminal/line_buffer.h"

#include <algorithm>
#include <utility>

#include "apps/terminal/char_width.h"

namespace bise {
namespace {

// Letters, digits and everything beyond ASCII make words.
bool is_word_byte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

}  // namespace

void LineBuffer::set(std::string text) {
  text_ = std::move(text);
  cursor_ = text_.size();
}

void LineBuffer::insert(std::string_view text) {
  text_.insert(cursor_, text);
  cursor_ += text.size();
}

void LineBuffer::move_left() {
  cursor_ = previous_cluster(text_, cursor_);
}

void LineBuffer::move_right() {
  cursor_ += next_cluster(std::string_view(text_).substr(cursor_)).bytes;
}

std::size_t LineBuffer::word_left() const {
  std::size_t at = cursor_;
  while (at > 0 && !is_word_byte(text_[at - 1])) --at;
  while (at > 0 && is_word_byte(text_[at - 1])) --at;
  return at;
}

std::size_t LineBuffer::word_right() const {
  std::size_t at = cursor_;
  while (at < text_.size() && !is_word_byte(text_[at])) ++at;
  while (at < text_.size() && is_word_byte(text_[at])) ++at;
  return at;
}

void LineBuffer::move_word_left() {
  cursor_ = word_left();
}
void LineBuffer::move_word_right() {
  cursor_ = word_right();
}

std::size_t LineBuffer::line_begin(std::size_t at) const {
  const std::size_t found = at == 0 ? std::string::npos : text_.rfind('\n', at - 1);
  return found == std::string::npos ? 0 : found + 1;
}

std::size_t LineBuffer::line_end(std::size_t at) const {
  return std::min(text_.find('\n', at), text_.size());
}

void LineBuffer::move_home() {
  cursor_ = line_begin(cursor_);
}
void LineBuffer::move_end() {
  cursor_ = line_end(cursor_);
}

std::size_t LineBuffer::at_column(std::size_t begin, int column) const {
  const std::size_t end = line_end(begin);
  std::size_t at = begin;
  while (at < end) {
    const Cluster cluster = next_cluster(std::string_view(text_).substr(at, end - at));
    if (cluster.columns > column) break;
    column -= cluster.columns;
    at += cluster.bytes;
  }
  return at;
}

bool LineBuffer::move_up() {
  const std::size_t begin = line_begin(cursor_);
  if (begin == 0) return false;
  const int column = text_width(std::string_view(text_).substr(begin, cursor_ - begin));
  cursor_ = at_column(line_begin(begin - 1), column);
  return true;
}

bool LineBuffer::move_down() {
  const std::size_t end = line_end(cursor_);
  if (end == text_.size()) return false;
  const std::size_t begin = line_begin(cursor_);
  const int column = text_width(std::string_view(text_).substr(begin, cursor_ - begin));
  cursor_ = at_column(end + 1, column);
  return true;
}

void LineBuffer::erase_left() {
  const std::size_t begin = previous_cluster(text_, cursor_);
  text_.erase(begin, cursor_ - begin);
  cursor_ = begin;
}

void LineBuffer::erase_right() {
  text_.erase(cursor_, next_cluster(std::string_view(text_).substr(cursor_)).bytes);
}

void LineBuffer::kill(std::size_t begin, std::size_t end) {
  if (begin == end) return;
  killed_ = text_.substr(begin, end - begin);
  text_.erase(begin, end - begin);
  cursor_ = begin;
}

void LineBuffer::erase_word_left() {
  kill(word_left(), cursor_);
}
void LineBuffer::erase_word_right() {
  kill(cursor_, word_right());
}

void LineBuffer::erase_to_end() {
  const std::size_t end = line_end(cursor_);
  kill(cursor_, end == cursor_ && end < text_.size() ? end + 1 : end);
}

void LineBuffer::erase_to_begin() {
  kill(line_begin(cursor_), cursor_);
}

void LineBuffer::yank() {
  insert(killed_);
}

}  // namespace bise
