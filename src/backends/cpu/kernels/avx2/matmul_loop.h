#pragma once

#include "backends/cpu/kernels/avx2/matmul_tile.h"

// The loop over a task's tiles and tokens.

namespace bise::cpu::avx2 {
namespace {

// Columns and rows of the weights, and tokens, that are multiplied in one go.
struct Part {
  int first_row, row_count;
  std::int64_t first_col;
  int col_count;
  int first_token, token_count;
};

// Rows beyond the task's are its last one again: their results are thrown away.
template <class Format>
void unpack_tile(const MatmulTask& task, const Part& part, std::byte* tile) {
  constexpr Shape kShape = Format::kShape;
  constexpr int kBlockCols = kShape.group * kShape.block_groups;
  constexpr int kBlockTile = Format::kLayout.bytes * kShape.block_groups;
  const std::byte* first = task.weights + part.first_col / kBlockCols * kShape.block_bytes;
  for (int half = 0; half < 2; ++half) {
    BlockRows rows;
    for (int r = 0; r < 8; ++r) {
      const int row = half * 8 + r < part.row_count ? half * 8 + r : part.row_count - 1;
      rows.row[r] = first + static_cast<std::size_t>(part.first_row + row) * task.row_bytes;
    }
    std::byte* to = tile + half * 32;
    for (int col = 0; col < part.col_count; col += kBlockCols) {
      Format::unpack(rows, to);
      for (int r = 0; r < 8; ++r) rows.row[r] += kShape.block_bytes;
      to += kBlockTile;
    }
  }
}

// Values of one token as int16, in the order of an int16 tile.
inline void widen(const std::int8_t* values, int count, std::int16_t* wide) {
  for (int c = 0; c < count; c += 32) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(values + c));
    auto* to = reinterpret_cast<__m256i*>(wide + c);
    _mm256_store_si256(to, even_bytes(bytes));
    _mm256_store_si256(to + 1, odd_bytes(bytes));
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

template <class Format, int kTokens>
void multiply_tokens(const MatmulTask& task, const Part& part, int token, const std::byte* tile,
                     std::int16_t* wide) {
  const QuantizedRows& from = task.quantized;
  TokenRows rows;
  rows.value_stride = from.cols;
  rows.scale_stride = from.cols / from.group;
  rows.sum_stride = from.cols / 16;
  rows.values = from.values + token * rows.value_stride + part.first_col;
  rows.scales = from.scales + token * rows.scale_stride + part.first_col / from.group;
  rows.sums = from.sums + token * rows.sum_stride + part.first_col / 16;
  rows.wide = wide;
  if constexpr (Format::kShape.chain == 0) {
    for (int t = 0; t < kTokens; ++t) {
      widen(rows.values + t * rows.value_stride, part.col_count, wide + t * kTileCols);
    }
  }
  float* out = task.out + token * task.out_stride + part.first_row;
  Totals<kTokens> totals = {};
  if (part.first_col != 0) load_totals(out, task.out_stride, part.row_count, totals);
  multiply<Format, kTokens>(tile, part.col_count / Format::kShape.group, rows, totals);
  store_totals(totals, part.row_count, out, task.out_stride);
}

template <class Format>
void multiply_part(const MatmulTask& task, const Part& part) {
  auto* wide = reinterpret_cast<std::int16_t*>(task.scratch);
  std::byte* tile = task.scratch;
  if (Format::kShape.chain == 0) tile += kTokensMax * kTileCols * sizeof *wide;
  unpack_tile<Format>(task, part, tile);
  const int end = part.first_token + part.token_count;
  int token = part.first_token;
  for (; token + kTokensMax <= end; token += kTokensMax) {
    multiply_tokens<Format, kTokensMax>(task, part, token, tile, wide);
  }
  switch (end - token) {
    case 3:
      return multiply_tokens<Format, 3>(task, part, token, tile, wide);
    case 2:
      return multiply_tokens<Format, 2>(task, part, token, tile, wide);
    case 1:
      return multiply_tokens<Format, 1>(task, part, token, tile, wide);
    default:
      return;
  }
}

inline int least(std::int64_t a, std::int64_t b) {
  return static_cast<int>(a < b ? a : b);
}

// Few tokens: row after row, as memory likes to be read. Many: a panel of columns for all rows,
// so that the panel's activations stay in the level-2 cache.
template <class Format>
void matmul(const MatmulTask& task) {
  Part part;
  const auto multiply_row_tiles_at = [&](std::int64_t col) {
    part.first_col = col;
    part.col_count = least(kTileCols, task.cols - col);
    for (int row = 0; row < task.row_count; row += kTileRows) {
      part.first_row = row;
      part.row_count = least(kTileRows, task.row_count - row);
      multiply_part<Format>(task, part);
    }
  };
  if (task.token_count <= kTokensOfStream) {
    part.first_token = 0;
    part.token_count = task.token_count;
    for (int row = 0; row < task.row_count; row += kTileRows) {
      part.first_row = row;
      part.row_count = least(kTileRows, task.row_count - row);
      for (std::int64_t col = 0; col < task.cols; col += kTileCols) {
        part.first_col = col;
        part.col_count = least(kTileCols, task.cols - col);
        multiply_part<Format>(task, part);
      }
    }
    return;
  }
  for (int token = 0; token < task.token_count; token += kTokensOfPanel) {
    part.first_token = token;
    part.token_count = least(kTokensOfPanel, task.token_count - token);
    for (std::int64_t col = 0; col < task.cols; col += kTileCols) multiply_row_tiles_at(col);
  }
}

template <class Format>
void install_format(KernelTable& table, ElementType type, ActivationKind activation) {
  table.formats[static_cast<int>(type)] = {activation, matmul<Format>};
}

}  // namespace
}  // namespace bise::cpu::avx2
