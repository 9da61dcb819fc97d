#include "apps/terminal/flow_text.h"

#include <algorithm>
#include <utility>

#include "apps/terminal/char_width.h"
#include "base/text.h"

namespace bise {
namespace {

constexpr std::string_view kFence = "```";

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '\x7f';
}

}  // namespace

FlowText::FlowText(int width, std::string prefix, int prefix_columns)
    : width_(width), prefix_(std::move(prefix)), prefix_columns_(prefix_columns) {}

void FlowText::begin_row(std::string& out) {
  out += "\n";
  column_ = 0;
}

void FlowText::put(std::string& out, std::string_view bytes, int columns) {
  if (column_ == 0) out += prefix_;
  out += bytes;
  column_ += columns;
}

void FlowText::end_line(std::string& out) {
  if (column_ == 0) out += prefix_;
  if (line_begin_.starts_with(kFence)) in_code_ = !in_code_;
  line_begin_.clear();
  word_.clear();
  word_columns_ = 0;
  begin_row(out);
}

// One column stays free, so that the cursor never waits at the edge.
void FlowText::put_in_word(std::string& out, std::string_view bytes, int columns) {
  const int usable = std::max(4, width_ - 1 - prefix_columns_);
  if (!in_code_ && column_ + columns > usable) {
    const bool word_fills_row = word_columns_ >= column_;
    if (!word_.empty() && !word_fills_row) {
      out += concat("\033[", word_columns_, "D\033[K");
      begin_row(out);
      put(out, word_, word_columns_);
    } else {
      word_.clear();
      word_columns_ = 0;
      begin_row(out);
    }
  }
  put(out, bytes, columns);
  word_ += bytes;
  word_columns_ += columns;
}

std::string FlowText::push(std::string_view text) {
  std::string out;
  const auto end_word = [this] {
    word_.clear();
    word_columns_ = 0;
  };
  while (!text.empty()) {
    const Cluster cluster = next_cluster(text);
    const std::string_view bytes = text.substr(0, cluster.bytes);
    text.remove_prefix(cluster.bytes);
    if (bytes == "\n") {
      end_line(out);
      continue;
    }
    if (line_begin_.size() < kFence.size()) line_begin_ += bytes;
    if (bytes == "\t") {
      end_word();
      put_in_word(out, "    ", 4);
      end_word();
    } else if (is_control(bytes[0])) {
      // Nothing a model writes may steer the terminal.
      put_in_word(out, "\xEF\xBF\xBD", 1);
    } else if (bytes == " ") {
      end_word();
      const int usable = std::max(4, width_ - 1 - prefix_columns_);
      if (in_code_ || column_ < usable) put(out, bytes, 1);
    } else if (cluster.columns == 2) {
      // Between wide characters a row may end anywhere.
      end_word();
      put_in_word(out, bytes, cluster.columns);
      end_word();
    } else {
      put_in_word(out, bytes, cluster.columns);
    }
  }
  return out;
}

std::string FlowText::finish() {
  std::string out;
  if (column_ > 0) end_line(out);
  line_begin_.clear();
  in_code_ = false;
  return out;
}

}  // namespace bise
