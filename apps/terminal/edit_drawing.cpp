#include "apps/terminal/edit_drawing.h"

#include <algorithm>

#include "apps/terminal/char_width.h"
#include "base/text.h"

namespace bise {
namespace {

constexpr std::string_view kTab = "    ";

std::string move_up(int rows) {
  return rows > 0 ? concat("\033[", rows, "A") : std::string();
}
std::string move_right(int columns) {
  return columns > 0 ? concat("\033[", columns, "C") : std::string();
}

}  // namespace

EditDrawing draw_edit(const PromptText& prompt, std::string_view text, std::size_t cursor,
                      int width) {
  const int usable = std::max(width - 1, prompt.columns + 2);
  EditDrawing out = {{prompt.first}, {prompt.columns}, 0, prompt.columns};
  const auto begin_row = [&] {
    out.rows.push_back(prompt.further);
    out.columns.push_back(prompt.columns);
  };
  for (std::size_t at = 0; at < text.size();) {
    const Cluster cluster = next_cluster(text.substr(at));
    const bool is_break = text[at] == '\n';
    const bool is_tab = text[at] == '\t';
    const int columns = is_break ? 0 : is_tab ? static_cast<int>(kTab.size()) : cluster.columns;
    if (out.columns.back() + columns > usable) begin_row();
    if (at == cursor) {
      out.cursor_row = static_cast<int>(out.rows.size()) - 1;
      out.cursor_column = out.columns.back();
    }
    if (is_break) {
      begin_row();
    } else {
      out.rows.back() += is_tab ? kTab : text.substr(at, cluster.bytes);
      out.columns.back() += columns;
    }
    at += cluster.bytes;
  }
  if (cursor >= text.size()) {
    out.cursor_row = static_cast<int>(out.rows.size()) - 1;
    out.cursor_column = out.columns.back();
  }
  return out;
}

// Where the terminal has become narrower since, it has broken the rows again.
std::string EditScreen::to_first_row(int width) const {
  int above = 0;
  for (int row = 0; row < shown_.cursor_row; ++row) {
    above += 1 + std::max(0, shown_.columns[row] - 1) / std::max(1, width);
  }
  if (!shown_.rows.empty()) above += shown_.cursor_column / std::max(1, width);
  return concat(move_up(above), "\r");
}

std::string EditScreen::show(const EditDrawing& drawing, int width, int height) {
  std::string out = to_first_row(width);
  out += "\033[J";
  // Of an entry that is higher than the screen, the part around the cursor.
  const int rows = static_cast<int>(drawing.rows.size());
  const int visible = std::min(rows, std::max(1, height));
  const int top = std::clamp(drawing.cursor_row - visible / 2, 0, rows - visible);
  shown_ = {{drawing.rows.begin() + top, drawing.rows.begin() + top + visible},
            {drawing.columns.begin() + top, drawing.columns.begin() + top + visible},
            drawing.cursor_row - top,
            drawing.cursor_column};
  for (int row = 0; row < visible; ++row) {
    if (row > 0) out += "\n";
    out += shown_.rows[row];
  }
  out += move_up(visible - 1 - shown_.cursor_row);
  out += concat("\r", move_right(shown_.cursor_column));
  return out;
}

std::string EditScreen::leave() {
  std::string out;
  const int below = static_cast<int>(shown_.rows.size()) - 1 - shown_.cursor_row;
  if (below > 0) out += concat("\033[", below, "B");
  out += "\n";
  forget();
  return out;
}

std::string EditScreen::erase(int width) {
  std::string out = to_first_row(width) + "\033[J";
  forget();
  return out;
}

}  // namespace bise
