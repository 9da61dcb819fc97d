#pragma once

#include "backends/cpu/kernels/avx2/matmul_stream.h"
#include "backends/cpu/kernels/avx2/matmul_tile.h"

// The loop over a task's rows, columns and tokens. A Format gives
//   kShape
//   unpack(const BlockRows& rows, Sink& sink)    one block of 8 rows, group by group; multipliers
//                                                before weights, a chain's steps in their order

namespace bise::cpu::avx2 {
namespace {

// Columns of a tile: with 16 rows 8 KiB of bytes or 16 KiB of int16, a quarter or half of the
// level-1 cache; a panel's tokens of them are a quarter of the level-2 cache.
constexpr int kTileCols = 512;
constexpr int kTokensOfTile = 4;     // 8 sums, 2 weights, an activation, a product: 12 registers
constexpr int kTokensOfStream = 4;   // up to here weights are not stored
constexpr int kTokensOfRows = 16;    // up to here they are read in the file's order
constexpr int kTokensOfPanel = 256;  // their extras are at most half of the scratch

constexpr std::ptrdiff_t kBytesAhead = 128 << 10;  // of weights, a quarter of the level-2 cache

// Where scratch has what.
struct Scratch {
  std::byte* tile;
  std::int16_t* wide;
  std::int32_t* extras;
};

template <class Format>
Scratch divide_scratch(const MatmulTask& task) {
  constexpr Layout kLayout{Format::kShape};
  const std::int64_t tile_cols = task.cols < kTileCols ? task.cols : kTileCols;
  Scratch scratch;
  scratch.tile = task.scratch;
  std::byte* next = task.scratch + tile_cols / Format::kShape.group * kLayout.bytes;
  scratch.wide = reinterpret_cast<std::int16_t*>(next);
  // A tile's columns of a tile's tokens, or all columns of a stream's.
  if (Format::kShape.chain == 0) next += task.cols * kTokensOfStream * sizeof(std::int16_t);
  scratch.extras = reinterpret_cast<std::int32_t*>(next);
  return scratch;
}

// 8 rows from `first` on at column 0; beyond the task's they are its last one again.
inline BlockRows block_rows(const MatmulTask& task, int first) {
  BlockRows rows;
  for (int r = 0; r < 8; ++r) {
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

template <class Format>
[[gnu::noinline]] void unpack_tile(const MatmulTask& task, const Part& part, std::byte* tile) {
  constexpr Shape kShape = Format::kShape;
  constexpr int kBlockCols = kShape.group * kShape.block_groups;
  const std::int64_t first_byte = part.first_col / kBlockCols * kShape.block_bytes;
  for (int half = 0; half < 2; ++half) {
    BlockRows rows = block_rows(task, part.first_row + half * 8);
    for (int r = 0; r < 8; ++r) rows.row[r] += first_byte;
    TileSink<Format> sink = {tile + half * 32};
    for (int col = 0; col < part.col_count; col += kBlockCols) {
      Format::unpack(rows, sink);
      for (int r = 0; r < 8; ++r) rows.row[r] += kShape.block_bytes;
    }
  }
}

template <int kTokens>
void load_totals(const float* out, std::int64_t stride, int row_count, Totals<kTokens>& totals) {
  for (int t = 0; t < kTokens; ++t) {
    const float* from = out + t * stride;
    float rows[kTileRows] = {};
    if (row_count != kTileRows) {
      for (int r = 0; r < row_count; ++r) rows[r] = from[r];
      from = rows;
    }
    totals.at[t][0] = _mm256_loadu_ps(from);
    totals.at[t][1] = _mm256_loadu_ps(from + 8);
  }
}

template <int kTokens>
void store_totals(const Totals<kTokens>& totals, int row_count, float* out, std::int64_t stride) {
  for (int t = 0; t < kTokens; ++t) {
    float* to = out + t * stride;
    float rows[kTileRows];
    float* whole = row_count == kTileRows ? to : rows;
    _mm256_storeu_ps(whole, totals.at[t][0]);
    _mm256_storeu_ps(whole + 8, totals.at[t][1]);
    if (row_count != kTileRows) {
      for (int r = 0; r < row_count; ++r) to[r] = rows[r];
    }
  }
}

// A panel of tokens and where its results go.
struct Panel {
  TokenRows rows;
  int token_count;
  float* out;
  Scratch scratch;
};

template <class Format, int kTokens>
void multiply_tokens(const MatmulTask& task, const Part& part, const Panel& panel, int token) {
  constexpr Shape kShape = Format::kShape;
  const std::int64_t group = part.first_col / kShape.group;
  TokenRows rows = panel.rows;
  rows.values += token * rows.value_stride + part.first_col;
  rows.scales += token * rows.scale_stride + part.first_col / task.quantized.group;
  rows.extras += token * rows.extra_stride + group * kShape.extras();
  if constexpr (kShape.chain == 0) {
    rows.wide = panel.scratch.wide;
    rows.wide_stride = part.col_count;
    for (int t = 0; t < kTokens; ++t) {
      widen(rows.values + t * rows.value_stride, part.col_count,
            panel.scratch.wide + t * part.col_count);
    }
  }
  float* out = panel.out + token * task.out_stride + part.first_row;
  Totals<kTokens> totals = {};
  if (part.first_col != 0) load_totals(out, task.out_stride, part.row_count, totals);
  multiply_tile<Format, kTokens>(panel.scratch.tile, part.col_count / kShape.group, rows, totals);
  store_totals(totals, part.row_count, out, task.out_stride);
}

template <class Format>
void multiply_part(const MatmulTask& task, const Part& part, const Panel& panel) {
  unpack_tile<Format>(task, part, panel.scratch.tile);
  int token = 0;
  for (; token + kTokensOfTile <= panel.token_count; token += kTokensOfTile) {
    multiply_tokens<Format, kTokensOfTile>(task, part, panel, token);
  }
  switch (panel.token_count - token) {
    case 3:
      return multiply_tokens<Format, 3>(task, part, panel, token);
    case 2:
      return multiply_tokens<Format, 2>(task, part, panel, token);
    case 1:
      return multiply_tokens<Format, 1>(task, part, panel, token);
    default:
      return;
  }
}

inline int least(std::int64_t a, std::int64_t b) {
  return static_cast<int>(a < b ? a : b);
}

// The parts of a task in the order they are multiplied. Few tokens: row after row, as memory likes
// to be read. Many: a column of tiles for all rows, so that the tokens' part of it stays in the
// level-2 cache.
class Parts {
 public:
  Parts(const MatmulTask& task, bool by_rows)
      : task_(task),
        by_rows_(by_rows),
        row_tiles_((task.row_count + kTileRows - 1) / kTileRows),
        col_tiles_(static_cast<int>((task.cols + kTileCols - 1) / kTileCols)) {}

  int count() const { return row_tiles_ * col_tiles_; }

  Part at(int index) const {
    const int row = by_rows_ ? index / col_tiles_ : index % row_tiles_;
    const int col = by_rows_ ? index % col_tiles_ : index / row_tiles_;
    Part part;
    part.first_row = row * kTileRows;
    part.row_count = least(kTileRows, task_.row_count - part.first_row);
    part.first_col = static_cast<std::int64_t>(col) * kTileCols;
    part.col_count = least(kTileCols, task_.cols - part.first_col);
    return part;
  }

 private:
  const MatmulTask& task_;
  bool by_rows_;
  int row_tiles_, col_tiles_;
};

// Few tokens: weights come from memory, so the next rows are asked for while these are multiplied.
// Line after line as they lie in the file, which is what the processor's own prefetchers follow:
// asking for the same columns row by row reached a third of the bandwidth.
template <class Format>
void multiply_by_rows(const MatmulTask& task, const Panel& panel) {
  const Parts parts(task, true);
  const std::ptrdiff_t tile_bytes = kTileRows * static_cast<std::ptrdiff_t>(task.row_bytes);
  Ahead ahead(task.weights, task.weights + task.row_count * task.row_bytes);
  ahead.advance(tile_bytes);
  for (int i = 0; i < parts.count(); ++i) {
    const Part part = parts.at(i);
    ahead.advance(tile_bytes * part.col_count / task.cols);
    multiply_part<Format>(task, part, panel);
  }
}

template <class Format>
void multiply_by_columns(const MatmulTask& task, const Panel& panel) {
  const Parts parts(task, false);
  const std::ptrdiff_t bytes = static_cast<std::ptrdiff_t>(task.row_bytes) * task.row_count;
  Ahead(task.weights, task.weights + bytes).advance(bytes < kBytesAhead ? bytes : kBytesAhead);
  for (int i = 0; i < parts.count(); ++i) multiply_part<Format>(task, parts.at(i), panel);
}

template <class Format, int kTokens>
void stream(const MatmulTask& task) {
  constexpr Shape kShape = Format::kShape;
  const Scratch scratch = divide_scratch<Format>(task);
  TokenRows tokens = prepare_tokens<Format>(task.quantized, 0, kTokens, scratch.extras);
  if constexpr (kShape.chain == 0) {
    tokens.wide = scratch.wide;
    tokens.wide_stride = task.cols;
    for (int t = 0; t < kTokens; ++t) {
      widen(tokens.values + t * tokens.value_stride, task.cols, scratch.wide + t * task.cols);
    }
  }
  const int block_count = static_cast<int>(task.cols / (kShape.group * kShape.block_groups));
  Ahead ahead(task.weights, task.weights + task.row_count * task.row_bytes);
  ahead.advance(8 * static_cast<std::ptrdiff_t>(task.row_bytes));
  for (int row = 0; row < task.row_count; row += 8) {
    __m256 totals[kTokens];
    stream_rows<Format, kTokens>(block_rows(task, row), block_count, tokens, ahead, totals);
    for (int t = 0; t < kTokens; ++t) {
      float results[8];
      _mm256_storeu_ps(results, totals[t]);
      float* out = task.out + t * task.out_stride + row;
      for (int r = 0; r < least(8, task.row_count - row); ++r) out[r] = results[r];
    }
  }
}

template <class Format>
void matmul(const MatmulTask& task) {
  switch (task.token_count) {
    case 1:
      return stream<Format, 1>(task);
    case 2:
      return stream<Format, 2>(task);
    default:
      break;
  }
  for (int token = 0; token < task.token_count; token += kTokensOfPanel) {
    Panel panel;
    panel.scratch = divide_scratch<Format>(task);
    panel.token_count = least(kTokensOfPanel, task.token_count - token);
    panel.rows =
        prepare_tokens<Format>(task.quantized, token, panel.token_count, panel.scratch.extras);
    panel.out = task.out + token * task.out_stride;
    if (task.token_count <= kTokensOfRows) {
      multiply_by_rows<Format>(task, panel);
    } else {
      multiply_by_columns<Format>(task, panel);
    }
  }
}

template <class Format>
void install_format(KernelTable& table, ElementType type, ActivationKind activation) {
  table.formats[static_cast<int>(type)] = {activation, matmul<Format>};
}

}  // namespace
}  // namespace bise::cpu::avx2
