#include "apps/terminal/key_decoder.h"

#include <iterator>

#include "base/utf8.h"

namespace bise {
namespace {

using Kind = Key::Kind;

constexpr std::string_view kPasteBegin = "\033[200~";
constexpr std::string_view kPasteEnd = "\033[201~";
// Longer sequences do not exist; what pretends to be one is dropped.
constexpr std::size_t kSequenceMax = 32;

struct Sequence {
  std::string_view bytes;  // after Escape
  Kind kind;
};

// xterm, VT220 and Linux console forms. Modifiers: 2 Shift, 3 Alt, 5 Control.
constexpr Sequence kSequences[] = {
    {"[A", Kind::up},
    {"OA", Kind::up},
    {"[B", Kind::down},
    {"OB", Kind::down},
    {"[C", Kind::right},
    {"OC", Kind::right},
    {"[D", Kind::left},
    {"OD", Kind::left},
    {"[H", Kind::home},
    {"OH", Kind::home},
    {"[1~", Kind::home},
    {"[7~", Kind::home},
    {"[F", Kind::end},
    {"OF", Kind::end},
    {"[4~", Kind::end},
    {"[8~", Kind::end},
    {"[3~", Kind::del},
    {"[5~", Kind::page_up},
    {"[6~", Kind::page_down},
    {"[1;5C", Kind::word_right},
    {"[1;3C", Kind::word_right},
    {"[5C", Kind::word_right},
    {"[1;5D", Kind::word_left},
    {"[1;3D", Kind::word_left},
    {"[5D", Kind::word_left},
    {"f", Kind::word_right},
    {"b", Kind::word_left},
    {"d", Kind::erase_word_right},
    {"\x7f", Kind::erase_word_left},
    {"\b", Kind::erase_word_left},
    {"\r", Kind::newline},
    {"\n", Kind::newline},
    {"[13;2u", Kind::newline},
    {"[13;3u", Kind::newline},
    {"[13;5u", Kind::newline},
    {"[27;2;13~", Kind::newline},
    {"[3;5~", Kind::erase_word_right},
};

// Length of a whole escape sequence at the front (Escape included), 0 when it is not there yet.
std::size_t sequence_length(std::string_view bytes) {
  if (bytes.size() < 2) return 0;
  if (bytes[1] == 'O') return bytes.size() >= 3 ? 3 : 0;
  if (bytes[1] != '[') return 2;
  // The Linux console's function keys: ESC [ [ A.
  if (bytes.size() >= 3 && bytes[2] == '[') return bytes.size() >= 4 ? 4 : 0;
  for (std::size_t i = 2; i < bytes.size(); ++i) {
    if (bytes[i] >= 0x40 && bytes[i] <= 0x7e) return i + 1;
    if (i >= kSequenceMax) return i + 1;
  }
  return 0;
}

Kind kind_of_control(char byte) {
  switch (byte) {
    case '\r':
      return Kind::enter;
    case '\n':
      return Kind::newline;
    case '\t':
      return Kind::tab;
    case '\b':
    case '\x7f':
      return Kind::backspace;
    default:
      return Kind::control;
  }
}

}  // namespace

std::vector<Key> KeyDecoder::push(std::string_view bytes) {
  pending_ += bytes;
  std::vector<Key> keys;
  while (!pending_.empty() && take(keys)) {
  }
  return keys;
}

std::vector<Key> KeyDecoder::idle() {
  std::vector<Key> keys;
  if (!is_waiting()) return keys;
  const bool is_escape = pending_[0] == '\033';
  // An Escape alone, or a character whose rest never came.
  if (is_escape) {
    keys.push_back({Kind::escape, ""});
    pending_.erase(0, 1);
  } else {
    add_text(keys, replace_invalid_utf8(pending_));
    pending_.clear();
  }
  for (Key& key : push("")) keys.push_back(std::move(key));
  return keys;
}

bool KeyDecoder::take(std::vector<Key>& keys) {
  if (in_paste_) return take_paste(keys);
  const char first = pending_[0];
  if (first == '\033') return take_escape(keys);
  if (static_cast<unsigned char>(first) < 0x20 || first == '\x7f') {
    const Kind kind = kind_of_control(first);
    keys.push_back({kind, kind == Kind::control ? std::string(1, static_cast<char>(first + 0x60))
                                                : std::string()});
    pending_.erase(0, 1);
    return true;
  }
  const Utf8Step step = decode_utf8(pending_);
  if (step.incomplete) return false;
  add_text(keys, step.valid ? std::string_view(pending_).substr(0, step.length) : "\xEF\xBF\xBD");
  pending_.erase(0, step.length);
  return true;
}

bool KeyDecoder::take_escape(std::vector<Key>& keys) {
  if (pending_.starts_with(kPasteBegin)) {
    in_paste_ = true;
    pending_.erase(0, kPasteBegin.size());
    return true;
  }
  // Two Escapes: the first was the key.
  if (pending_.size() >= 2 && pending_[1] == '\033') {
    keys.push_back({Kind::escape, ""});
    pending_.erase(0, 1);
    return true;
  }
  const std::size_t length = sequence_length(pending_);
  if (length == 0) return false;
  const std::string_view bytes = std::string_view(pending_).substr(1, length - 1);
  Kind kind = Kind::unknown;
  for (const Sequence& sequence : kSequences) {
    if (sequence.bytes == bytes) kind = sequence.kind;
  }
  keys.push_back({kind, ""});
  pending_.erase(0, length);
  return true;
}

bool KeyDecoder::take_paste(std::vector<Key>& keys) {
  const std::size_t end = pending_.find(kPasteEnd);
  if (end == std::string::npos) {
    // All but what could be the beginning of the end.
    const std::size_t keep = std::min(pending_.size(), kPasteEnd.size() - 1);
    pasted_.append(pending_, 0, pending_.size() - keep);
    pending_.erase(0, pending_.size() - keep);
    return false;
  }
  pasted_.append(pending_, 0, end);
  pending_.erase(0, end + kPasteEnd.size());
  std::string text;
  for (std::size_t i = 0; i < pasted_.size(); ++i) {
    // Terminals send carriage returns for the lines of a paste.
    if (pasted_[i] == '\r') {
      text.push_back('\n');
      if (i + 1 < pasted_.size() && pasted_[i + 1] == '\n') ++i;
    } else if (static_cast<unsigned char>(pasted_[i]) >= 0x20 || pasted_[i] == '\n' ||
               pasted_[i] == '\t') {
      text.push_back(pasted_[i]);
    }
  }
  keys.push_back({Kind::paste, replace_invalid_utf8(text)});
  pasted_.clear();
  in_paste_ = false;
  return true;
}

void KeyDecoder::add_text(std::vector<Key>& keys, std::string_view text) {
  if (!keys.empty() && keys.back().kind == Kind::text) {
    keys.back().text += text;
  } else {
    keys.push_back({Kind::text, std::string(text)});
  }
}

}  // namespace bise
