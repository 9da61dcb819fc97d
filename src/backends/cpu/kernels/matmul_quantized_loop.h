#pragma once

#include "backends/cpu/kernels/matmul_tokens.h"

// The loop over a task's rows, columns and tokens, for every quantised format and instruction set.
// A Product (kernels/<isa>/matmul_product.h) gives
//   kShape, kRows          the format; rows a vector has
//   kTileRows, kGroupBytes rows of a tile of unpacked weights, bytes of one group of it
//   kWide                  the product reads TokenRows::wide
//   prepare(from, first, count, memory)          tokens with their extras; cols / 4 bytes each
//   widen(values, count, wide)
//   unpack(rows, block_count, tile)              kRows rows into a tile, at its first of them
//   multiply<kTokens>(tile, group_count, tokens, results)          results += the tile's product
//   stream<kTokens>(rows, block_count, tokens, ahead, results)     weights straight from the file

namespace bise::cpu {
namespace {

// Columns of a tile: with 16 rows 8 KiB of bytes or 16 KiB of int16, a quarter or half of the
// level-1 cache; a panel's tokens of them are a quarter of a level-2 cache of 512 KiB.
constexpr int kTileCols = 512;
constexpr int kTokensOfTile = 4;     // 8 sums, 2 weights, an activation, a product: 12 registers
constexpr int kTokensOfStream = 2;   // up to here weights are not stored
constexpr int kTokensOfRows = 16;    // up to here they are read in the file's order
constexpr int kTokensOfPanel = 256;  // their extras are at most half of the scratch
constexpr std::ptrdiff_t kBytesAhead = 128 << 10;  // of weights, a quarter of the level-2 cache

// Where scratch has what.
struct Scratch {
  std::byte* tile;
  std::int16_t* wide;
  std::int32_t* extras;
};

template <class Product>
Scratch divide_scratch(const MatmulTask& task) {
  const std::int64_t tile_groups = least(task.cols, kTileCols) / Product::kShape.group;
  Scratch scratch;
  scratch.tile = task.scratch;
  std::byte* next = task.scratch + tile_groups * Product::kGroupBytes;
  scratch.wide = reinterpret_cast<std::int16_t*>(next);
  // A tile's columns of a tile's tokens, or all columns of a stream's.
  if (Product::kWide) next += task.cols * kTokensOfTile * sizeof(std::int16_t);
  scratch.extras = reinterpret_cast<std::int32_t*>(next);
  return scratch;
}

// Rows from `first` on at column 0; beyond the task's they are its last one again.
template <int kRows>
BlockRows<kRows> block_rows(const MatmulTask& task, int first) {
  BlockRows<kRows> rows;
  for (int r = 0; r < kRows; ++r) {
    const int row = first + r < task.row_count ? first + r : task.row_count - 1;
    rows.row[r] = task.weights + static_cast<std::size_t>(row) * task.row_bytes;
  }
  return rows;
}

// Columns and rows of the weights that are multiplied in one go.
struct Part {
  int first_row, row_count;
  std::int64_t first_col;
  int col_count;
};

// The parts of a task in the order they are multiplied. Few tokens: row after row, as memory likes
// to be read. Many: a column of tiles for all rows, so that the tokens' part of it stays in the
// level-2 cache.
class Parts {
 public:
  Parts(const MatmulTask& task, int tile_rows, bool by_rows)
      : task_(task),
        tile_rows_(tile_rows),
        by_rows_(by_rows),
        row_tiles_((task.row_count + tile_rows - 1) / tile_rows),
        col_tiles_(static_cast<int>((task.cols + kTileCols - 1) / kTileCols)) {}

  int count() const { return row_tiles_ * col_tiles_; }

  Part at(int index) const {
    const int row = by_rows_ ? index / col_tiles_ : index % row_tiles_;
    const int col = by_rows_ ? index % col_tiles_ : index / row_tiles_;
    Part part;
    part.first_row = row * tile_rows_;
    part.row_count = least(tile_rows_, task_.row_count - part.first_row);
    part.first_col = static_cast<std::int64_t>(col) * kTileCols;
    part.col_count = least(kTileCols, task_.cols - part.first_col);
    return part;
  }

 private:
  const MatmulTask& task_;
  int tile_rows_;
  bool by_rows_;
  int row_tiles_, col_tiles_;
};

template <class Product>
[[gnu::noinline]] void unpack_tile(const MatmulTask& task, const Part& part, std::byte* tile) {
  constexpr int kRows = Product::kRows;
  constexpr int kBlockCols = Product::kShape.block_cols();
  const std::int64_t first_byte = part.first_col / kBlockCols * Product::kShape.block_bytes;
  for (int first = 0; first < Product::kTileRows; first += kRows) {
    BlockRows<kRows> rows = block_rows<kRows>(task, part.first_row + first);
    for (int r = 0; r < kRows; ++r) rows.row[r] += first_byte;
    Product::unpack(rows, part.col_count / kBlockCols, tile + first * sizeof(float));
  }
}

// A panel of tokens and where its results go.
struct Panel {
  TokenRows rows;
  int token_count;
  float* out;
  Scratch scratch;
};

template <class Product, int kTokens>
void multiply_tokens(const MatmulTask& task, const Part& part, const Panel& panel, int token) {
  constexpr int kTileRows = Product::kTileRows;
  TokenRows rows = panel.rows;
  rows.values += token * rows.value_stride + part.first_col;
  rows.scales += token * rows.scale_stride + part.first_col / task.quantized.group;
  rows.extras +=
      token * rows.extra_stride + part.first_col / Product::kShape.group * Product::kExtras;
  if constexpr (Product::kWide) {
    rows.wide = panel.scratch.wide;
    rows.wide_stride = part.col_count;
    for (int t = 0; t < kTokens; ++t) {
      Product::widen(rows.values + t * rows.value_stride, part.col_count,
                     panel.scratch.wide + t * part.col_count);
    }
  }
  const int groups = part.col_count / Product::kShape.group;
  const std::byte* tile = panel.scratch.tile;
  const bool is_first = part.first_col == 0;
  float* out = panel.out + token * task.out_stride + part.first_row;
  if (part.row_count == kTileRows) {
    Product::template multiply<kTokens>(tile, groups, rows, {out, task.out_stride, is_first});
    return;
  }
  float whole[kTokens * kTileRows] = {};
  for (int t = 0; t < kTokens && !is_first; ++t) {
    for (int r = 0; r < part.row_count; ++r)
      whole[t * kTileRows + r] = out[t * task.out_stride + r];
  }
  Product::template multiply<kTokens>(tile, groups, rows, {whole, kTileRows, is_first});
  for (int t = 0; t < kTokens; ++t) {
    for (int r = 0; r < part.row_count; ++r)
      out[t * task.out_stride + r] = whole[t * kTileRows + r];
  }
}

template <class Product>
void multiply_part(const MatmulTask& task, const Part& part, const Panel& panel) {
  unpack_tile<Product>(task, part, panel.scratch.tile);
  int token = 0;
  for (; token + kTokensOfTile <= panel.token_count; token += kTokensOfTile) {
    multiply_tokens<Product, kTokensOfTile>(task, part, panel, token);
  }
  switch (panel.token_count - token) {
    case 3:
      return multiply_tokens<Product, 3>(task, part, panel, token);
    case 2:
      return multiply_tokens<Product, 2>(task, part, panel, token);
    case 1:
      return multiply_tokens<Product, 1>(task, part, panel, token);
    default:
      return;
  }
}

// Few tokens: weights come from memory, so the next rows are asked for while these are multiplied.
// Line after line as they lie in the file, which is what the processor's own prefetchers follow:
// asking for the same columns row by row reached a third of the bandwidth.
template <class Product>
void multiply_by_rows(const MatmulTask& task, const Panel& panel) {
  const Parts parts(task, Product::kTileRows, true);
  const auto row_bytes = static_cast<std::ptrdiff_t>(task.row_bytes);
  const std::ptrdiff_t tile_bytes = Product::kTileRows * row_bytes;
  Ahead ahead(task, task.row_count * row_bytes);
  ahead.advance(tile_bytes);
  for (int i = 0; i < parts.count(); ++i) {
    const Part part = parts.at(i);
    ahead.advance(tile_bytes * part.col_count / task.cols);
    multiply_part<Product>(task, part, panel);
  }
}

template <class Product>
void multiply_by_columns(const MatmulTask& task, const Panel& panel) {
  const Parts parts(task, Product::kTileRows, false);
  Ahead(task, task.row_count * static_cast<std::ptrdiff_t>(task.row_bytes)).advance(kBytesAhead);
  for (int i = 0; i < parts.count(); ++i) multiply_part<Product>(task, parts.at(i), panel);
}

template <class Product, int kTokens>
void stream(const MatmulTask& task) {
  constexpr int kRows = Product::kRows;
  const Scratch scratch = divide_scratch<Product>(task);
  TokenRows tokens = Product::prepare(task.quantized, 0, kTokens, scratch.extras);
  if constexpr (Product::kWide) {
    tokens.wide = scratch.wide;
    tokens.wide_stride = task.cols;
    for (int t = 0; t < kTokens; ++t) {
      Product::widen(tokens.values + t * tokens.value_stride, task.cols,
                     scratch.wide + t * task.cols);
    }
  }
  const auto block_count = static_cast<int>(task.cols / Product::kShape.block_cols());
  const auto row_bytes = static_cast<std::ptrdiff_t>(task.row_bytes);
  Ahead ahead(task, task.row_count * row_bytes);
  ahead.advance(kRows * row_bytes);
  for (int row = 0; row < task.row_count; row += kRows) {
    alignas(64) float totals[kTokens][kRows];
    Product::stream(block_rows<kRows>(task, row), block_count, tokens, ahead, totals);
    for (int t = 0; t < kTokens; ++t) {
      float* out = task.out + t * task.out_stride + row;
      for (int r = 0; r < least(kRows, task.row_count - row); ++r) out[r] = totals[t][r];
    }
  }
}

template <class Product>
void matmul_quantized(const MatmulTask& task) {
  static_assert(kTokensOfStream == 2);
  if (task.token_count == 1) return stream<Product, 1>(task);
  if (task.token_count == 2) return stream<Product, 2>(task);
  for (int token = 0; token < task.token_count; token += kTokensOfPanel) {
    Panel panel;
    panel.scratch = divide_scratch<Product>(task);
    panel.token_count = least(kTokensOfPanel, task.token_count - token);
    panel.rows = Product::prepare(task.quantized, token, panel.token_count, panel.scratch.extras);
    panel.out = task.out + token * task.out_stride;
    if (task.token_count <= kTokensOfRows) {
      multiply_by_rows<Product>(task, panel);
    } else {
      multiply_by_columns<Product>(task, panel);
    }
  }
}

template <class Product>
void install_format(KernelTable& table, ElementType type) {
  const bool is_k = Product::kShape.group == 256;
  table.formats[static_cast<int>(type)] = {
      is_k ? ActivationKind::int8_256 : ActivationKind::int8_32, matmul_quantized<Product>};
}

}  // namespace
}  // namespace bise::cpu
