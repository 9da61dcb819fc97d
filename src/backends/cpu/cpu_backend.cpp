#include "backends/cpu/cpu_backend.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "backends/cpu/cpu_kv.h"
#include "backends/cpu/cpu_memory.h"
#include "backends/cpu/kernel_table.h"
#include "backends/cpu/kv_page.h"
#include "backends/cpu/linear.h"
#include "backends/cpu/select_kernels.h"
#include "base/check.h"
#include "base/text.h"
#include "base/thread_pool.h"

namespace bise {
namespace cpu {
namespace {

// Query rows attention takes together: enough to make use of each key that was loaded, few enough
// that rows, sums and a page of keys and values stay in the level-2 cache.
constexpr int kAttendRowsMax = 32;

class CpuBackend final : public Backend {
 public:
  CpuBackend(const KernelTable& kernels, bool exact, int threads)
      : kernels_(kernels), exact_(exact), pool_(threads), linear_(kernels_, pool_) {
    attend_scratch_.resize(static_cast<std::size_t>(pool_.thread_count()));
  }

  std::string description() const override {
    return concat("cpu, ", kernels_.name, exact_ ? ", exact, " : ", ", pool_.thread_count(),
                  pool_.thread_count() == 1 ? " thread" : " threads");
  }

  Result<std::unique_ptr<Weight>> load_weight(const MatrixData& data) override;
  std::unique_ptr<Buffer> load_vector(std::span<const float> values) override;
  Result<std::unique_ptr<Buffer>> allocate(std::size_t bytes) override {
    return std::unique_ptr<Buffer>(std::make_unique<CpuBuffer>(TRY(MappedMemory::allocate(bytes))));
  }
  Result<std::unique_ptr<KvStorage>> allocate_kv(const KvShape& shape, int page_count) override {
    return CpuKvStorage::allocate(shape, page_count);
  }

  void gather(const Weight& table, std::span<const std::int32_t> tokens, Activations out) override;
  void select_rows(Activations rows, std::span<const int> indices, Activations out) override;

  void linear(const LinearInput& input, std::span<const Product> products) override {
    linear_.multiply(input, products);
  }
  void linear_add(const LinearInput& input, const Product& product) override {
    linear_.multiply_add(input, product);
  }
  void linear_swiglu(const LinearInput& input, const Weight& gate, const Weight& up,
                     Activations out) override {
    linear_.multiply_swiglu(input, gate, up, out);
  }

  void rotate_and_store(const StepLayout& step, const AttentionShape& shape, Activations query,
                        Activations key, Activations value, KvStorage& storage) override;
  void attend(const StepLayout& step, const AttentionShape& shape, Activations query,
              const KvStorage& storage, Activations out) override;

  void read(Activations rows, float* host) override {
    std::memcpy(host, rows.data, static_cast<std::size_t>(rows.rows * rows.cols) * sizeof(float));
  }

 private:
  // Rows of one chunk that one thread works on, for one KV head.
  struct Piece {
    const Chunk* chunk;
    int kv_head;
    int first;  // row within the chunk
    int count;
  };

  std::vector<Piece> cut(const StepLayout& step, int kv_heads, int rows_max);
  void attend_piece(const Piece& piece, const AttentionShape& shape, Activations query,
                    const CpuKvStorage& storage, Activations out, int thread);
  void rotate_piece(const Piece& piece, const StepLayout& step, const AttentionShape& shape,
                    Activations query, Activations key, Activations value,
                    const CpuKvStorage& storage);

  KernelTable kernels_;
  bool exact_;
  ThreadPool pool_;
  LinearRunner linear_;
  std::vector<Scratch<float>> attend_scratch_;  // a thread
};

Result<std::unique_ptr<Weight>> CpuBackend::load_weight(const MatrixData& data) {
  if (!facts(data.type).is_weight) {
    return Error{ErrorCode::not_supported, concat(quoted(data.name), ": ", facts(data.type).name,
                                                  " is no format for a weight matrix")};
  }
  CHECK(data.rows > 0 && data.cols > 0 && row_bytes(data.type, data.cols).has_value());
  return std::unique_ptr<Weight>(std::make_unique<CpuWeight>(data, kernels_, exact_));
}

std::unique_ptr<Buffer> CpuBackend::load_vector(std::span<const float> values) {
  Result<MappedMemory> memory = MappedMemory::allocate(values.size_bytes());
  if (!memory.ok()) throw std::bad_alloc();
  std::memcpy(memory->data(), values.data(), values.size_bytes());
  return std::make_unique<CpuBuffer>(*std::move(memory));
}

void CpuBackend::gather(const Weight& table, std::span<const std::int32_t> tokens,
                        Activations out) {
  const auto& weight = static_cast<const CpuWeight&>(table);
  CHECK(out.cols == weight.cols() && out.rows >= static_cast<std::int64_t>(tokens.size()));
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    CHECK(tokens[i] >= 0 && tokens[i] < weight.rows());
    weight.unpack(tokens[i], out.data + static_cast<std::int64_t>(i) * out.cols);
  }
}

void CpuBackend::select_rows(Activations rows, std::span<const int> indices, Activations out) {
  CHECK(out.cols == rows.cols && out.rows >= static_cast<std::int64_t>(indices.size()));
  for (std::size_t i = 0; i < indices.size(); ++i) {
    std::memcpy(out.data + static_cast<std::int64_t>(i) * out.cols,
                rows.data + indices[i] * rows.cols,
                static_cast<std::size_t>(rows.cols) * sizeof(float));
  }
}

std::vector<CpuBackend::Piece> CpuBackend::cut(const StepLayout& step, int kv_heads, int rows_max) {
  std::vector<Piece> pieces;
  for (const Chunk& chunk : step.chunks) {
    // Later rows see more keys and take longer, so they are handed out first.
    for (int first = (chunk.row_count - 1) / rows_max * rows_max; first >= 0; first -= rows_max) {
      for (int head = 0; head < kv_heads; ++head) {
        pieces.push_back({&chunk, head, first, std::min(rows_max, chunk.row_count - first)});
      }
    }
  }
  return pieces;
}

// Turns one head's channels: (u, w) -> (u cos - w sin, u sin + w cos) for each pair.
void rotate(float* head, const AttentionShape& shape, const float* cosines, const float* sines,
            int pairs) {
  const int apart = shape.rope_pairs == RopePairs::halves ? pairs : 1;
  const int stride = shape.rope_pairs == RopePairs::halves ? 1 : 2;
  for (int i = 0; i < pairs; ++i) {
    float& u = head[i * stride];
    float& w = head[i * stride + apart];
    const float turned = u * cosines[i] - w * sines[i];
    w = u * sines[i] + w * cosines[i];
    u = turned;
  }
}

void CpuBackend::rotate_piece(const Piece& piece, const StepLayout& step,
                              const AttentionShape& shape, Activations query, Activations key,
                              Activations value, const CpuKvStorage& storage) {
  const int group = shape.query_heads / shape.kv_heads;
  const auto pairs = static_cast<int>(static_cast<std::int64_t>(step.cosines.size()) / query.rows);
  const auto d = shape.head_dim;
  for (int i = 0; i < piece.count; ++i) {
    const int row = piece.chunk->first_row + piece.first + i;
    const float* cosines = step.cosines.data() + static_cast<std::int64_t>(row) * pairs;
    const float* sines = step.sines.data() + static_cast<std::int64_t>(row) * pairs;
    rotate(key.data + row * key.cols + piece.kv_head * d, shape, cosines, sines, pairs);
    for (int member = 0; member < group; ++member) {
      float* head = query.data + row * query.cols + (piece.kv_head * group + member) * d;
      rotate(head, shape, cosines, sines, pairs);
      const float scale = step.query_scales[static_cast<std::size_t>(row)];
      for (int c = 0; c < d; ++c) head[c] *= scale;
    }
  }
  for (int i = 0; i < piece.count;) {
    const int position = piece.chunk->first_position + piece.first + i;
    const int slot = position % kPageSlots;
    const int count = std::min(piece.count - i, kPageSlots - slot);
    const PageId page = piece.chunk->pages[static_cast<std::size_t>(position / kPageSlots)];
    const std::int64_t row = piece.chunk->first_row + piece.first + i;
    store_slots({.element = storage.shape().element,
                 .head_dim = d,
                 .first_slot = slot,
                 .count = count,
                 .keys = key.data + row * key.cols + piece.kv_head * d,
                 .values = value.data + row * value.cols + piece.kv_head * d,
                 .stride = key.cols,
                 .key_block = storage.key_block(page, shape.layer, piece.kv_head),
                 .value_block = storage.value_block(page, shape.layer, piece.kv_head)});
    i += count;
  }
}

void CpuBackend::rotate_and_store(const StepLayout& step, const AttentionShape& shape,
                                  Activations query, Activations key, Activations value,
                                  KvStorage& storage) {
  const auto& pages = static_cast<const CpuKvStorage&>(storage);
  CHECK(key.cols == value.cols && key.cols == shape.kv_heads * shape.head_dim);
  CHECK(query.cols == shape.query_heads * shape.head_dim);
  const std::vector<Piece> pieces = cut(step, shape.kv_heads, kPageSlots);
  // One token's rotation takes less time than waking a thread.
  if (query.rows == 1) {
    for (const Piece& piece : pieces) rotate_piece(piece, step, shape, query, key, value, pages);
    return;
  }
  pool_.run(static_cast<int>(pieces.size()), [&](int index, int) {
    rotate_piece(pieces[static_cast<std::size_t>(index)], step, shape, query, key, value, pages);
  });
}

void CpuBackend::attend_piece(const Piece& piece, const AttentionShape& shape, Activations query,
                              const CpuKvStorage& storage, Activations out, int thread) {
  const int group = shape.query_heads / shape.kv_heads;
  const int rows = piece.count * group;
  const std::int64_t d = shape.head_dim;
  const std::int64_t stride = value_stride(shape.head_dim);
  float* queries = attend_scratch_[static_cast<std::size_t>(thread)].get(
      static_cast<std::size_t>(kAttendRowsMax + group) * static_cast<std::size_t>(2 * stride + 2));
  float* sums = queries + rows * stride;
  float* maximum = sums + rows * stride;
  float* total = maximum + rows;
  std::fill_n(sums, rows * stride, 0.0f);
  std::fill_n(maximum, rows, -std::numeric_limits<float>::infinity());
  std::fill_n(total, rows, 0.0f);
  const auto query_row = [&](int i) {
    const std::int64_t row = piece.chunk->first_row + piece.first + i / group;
    return row * query.cols + (piece.kv_head * group + i % group) * d;
  };
  for (int i = 0; i < rows; ++i) {
    const float* source = query.data + query_row(i);
    for (std::int64_t c = 0; c < d; ++c) queries[i * stride + c] = source[c] * shape.score_scale;
  }

  const int first_position = piece.chunk->first_position + piece.first;
  const int last_position = first_position + piece.count - 1;
  const int first_seen =
      shape.window_tokens > 0 ? std::max(0, first_position - shape.window_tokens + 1) : 0;
  int begins[kAttendRowsMax * 2], ends[kAttendRowsMax * 2];
  CHECK(rows <= kAttendRowsMax * 2);
  for (int page = first_seen / kPageSlots; page <= last_position / kPageSlots; ++page) {
    const int start = page * kPageSlots;
    for (int i = 0; i < rows; ++i) {
      const int position = first_position + i / group;
      const int oldest = shape.window_tokens > 0 ? position - shape.window_tokens + 1 : 0;
      begins[i] = std::clamp(oldest - start, 0, kPageSlots);
      ends[i] = std::clamp(position + 1 - start, begins[i], kPageSlots);
    }
    const auto keys_of = [&](int index) {
      const PageId id = piece.chunk->pages[static_cast<std::size_t>(index)];
      return storage.key_block(id, shape.layer, piece.kv_head);
    };
    const PageId id = piece.chunk->pages[static_cast<std::size_t>(page)];
    kernels_.attend[static_cast<std::size_t>(storage.shape().element)](
        {.keys = keys_of(page),
         .values = storage.value_block(id, shape.layer, piece.kv_head),
         .head_dim = shape.head_dim,
         .row_count = rows,
         .queries = queries,
         .query_stride = stride,
         .visible_begin = begins,
         .visible_end = ends,
         .out = sums,
         .out_stride = stride,
         .maximum = maximum,
         .total = total,
         .next_keys = page < last_position / kPageSlots ? keys_of(page + 1) : nullptr});
  }
  for (int i = 0; i < rows; ++i) {
    float* target = out.data + query_row(i);
    for (std::int64_t c = 0; c < d; ++c) target[c] = sums[i * stride + c] / total[i];
  }
}

void CpuBackend::attend(const StepLayout& step, const AttentionShape& shape, Activations query,
                        const KvStorage& storage, Activations out) {
  CHECK(out.cols == query.cols && out.rows >= query.rows);
  const auto& pages = static_cast<const CpuKvStorage&>(storage);
  const int group = shape.query_heads / shape.kv_heads;
  const std::vector<Piece> pieces = cut(step, shape.kv_heads, std::max(1, kAttendRowsMax / group));
  pool_.run(static_cast<int>(pieces.size()), [&](int index, int thread) {
    attend_piece(pieces[static_cast<std::size_t>(index)], shape, query, pages, out, thread);
  });
}

}  // namespace
}  // namespace cpu

Result<std::unique_ptr<Backend>> make_cpu_backend(const CpuOptions& options) {
  const cpu::KernelTable kernels = TRY(cpu::select_kernels(options.isa));
  const int threads = options.threads > 0 ? options.threads : default_thread_count();
  return std::unique_ptr<Backend>(
      std::make_unique<cpu::CpuBackend>(kernels, options.exact, threads));
}

}  // namespace bise
