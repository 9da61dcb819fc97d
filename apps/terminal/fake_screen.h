#pragma once

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "apps/terminal/char_width.h"

namespace bise {

// For tests: what a terminal of this width shows after these bytes. Knows what bise writes, no
// more. A wide character's second cell is empty.
class FakeScreen {
 public:
  explicit FakeScreen(int width) : width_(width), rows_(1) {}

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      if (bytes.starts_with("\033[")) {
        const std::size_t end = bytes.find_first_of("ABCDHJKmhl", 2);
        run(bytes.substr(2, end - 2), bytes[end]);
        bytes.remove_prefix(end + 1);
        continue;
      }
      const Cluster cluster = next_cluster(bytes);
      put(bytes.substr(0, cluster.bytes), cluster.columns);
      bytes.remove_prefix(cluster.bytes);
    }
  }

  // The rows from the top, without spaces at their ends and without empty ones at the end.
  std::vector<std::string> rows() const {
    std::vector<std::string> out;
    for (const std::vector<std::string>& cells : rows_) {
      std::string row;
      for (const std::string& cell : cells) row += cell;
      row.erase(row.find_last_not_of(' ') + 1);
      out.push_back(row);
    }
    while (!out.empty() && out.back().empty()) out.pop_back();
    return out;
  }
  int row() const { return row_; }
  int column() const { return column_; }
  // Whether a character had to be broken off at the edge by the terminal itself.
  bool was_wrapped() const { return was_wrapped_; }

 private:
  void put(std::string_view bytes, int columns) {
    if (bytes == "\r") {
      column_ = 0;
    } else if (bytes == "\n") {
      // The terminal's driver makes both of it.
      column_ = 0;
      go_down();
    } else {
      if (column_ + columns > width_) {
        was_wrapped_ = true;
        column_ = 0;
        go_down();
      }
      std::vector<std::string>& cells = rows_[row_];
      if (static_cast<int>(cells.size()) < column_ + columns) cells.resize(column_ + columns, " ");
      cells[column_] = bytes;
      for (int i = 1; i < columns; ++i) cells[column_ + i] = "";
      column_ += columns;
    }
  }

  void go_down() {
    if (++row_ == static_cast<int>(rows_.size())) rows_.emplace_back();
  }

  void run(std::string_view argument, char command) {
    const int count = argument.empty() ? 1 : std::atoi(std::string(argument).c_str());
    std::vector<std::string>& cells = rows_[row_];
    switch (command) {
      case 'A':
        row_ = std::max(0, row_ - count);
        break;
      case 'B':
        for (int i = 0; i < count; ++i) go_down();
        break;
      case 'C':
        column_ += count;
        break;
      case 'D':
        column_ = std::max(0, column_ - count);
        break;
      case 'J':
        rows_.resize(row_ + 1);
        if (static_cast<int>(rows_[row_].size()) > column_) rows_[row_].resize(column_);
        break;
      case 'K':
        if (static_cast<int>(cells.size()) > column_) cells.resize(column_);
        break;
      default:
        break;  // colours and modes
    }
  }

  int width_;
  std::vector<std::vector<std::string>> rows_;
  int row_ = 0;
  int column_ = 0;
  bool was_wrapped_ = false;
};

}  // namespace bise
