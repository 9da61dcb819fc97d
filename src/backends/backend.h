#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "tensor/element_type.h"

namespace bise {

// A weight matrix y = W x as a file has it: `rows` outputs, `cols` inputs, row-major, in any
// weight format. The bytes stay where they are (mapped) and outlive the backend's use of them.
struct MatrixData {
  std::string name;  // of the tensor, for messages
  ElementType type;
  std::int64_t rows;
  std::int64_t cols;
  const std::byte* bytes;
  float scale = 1;  // multiplies the product: FP8 per-tensor scale, NVFP4's .scale
};

// A matrix the backend has made ready to multiply with. Freed with it.
class Weight {
 public:
  virtual ~Weight() = default;
  virtual std::int64_t rows() const = 0;
  virtual std::int64_t cols() const = 0;
};

// Activations: float32 [rows, cols], row-major without gaps, in the backend's memory.
struct Activations {
  float* data;
  std::int64_t rows;
  std::int64_t cols;
};

// Memory of the backend.
class Buffer {
 public:
  virtual ~Buffer() = default;
  virtual void* data() = 0;
};

enum class KvElement : std::uint8_t {
  f32,
  f16,
  bf16,
  q8,  // int8 in groups of 32 channels with an f16 scale
};
inline constexpr int kKvElementCount = 4;

using PageId = std::int32_t;

// Positions a page of KV holds. Also the tile of attention: a query meets the keys page by page
// from position 0, whatever its company, which keeps its sums the same.
inline constexpr int kPageSlots = 64;

struct KvShape {
  int layer_count;
  int kv_heads;
  int head_dim;
  KvElement element;
};

// Keys and values of all layers in pages.
class KvStorage {
 public:
  virtual ~KvStorage() = default;
  virtual const KvShape& shape() const = 0;
  virtual int page_count() const = 0;
  // Copies the whole page, all layers: a fork that is about to write into a shared page.
  virtual void copy_page(PageId from, PageId to) = 0;
};

// Bytes a page takes on every backend's layout: all layers, keys and values.
std::size_t kv_page_bytes(const KvShape& shape);

// Rows of a step that continue one sequence.
struct Chunk {
  int first_row;  // in the step's activations
  int row_count;
  int first_position;             // of the first row in its sequence
  std::span<const PageId> pages;  // page i holds positions [i * kPageSlots, (i + 1) * kPageSlots)
};

// What the layers of one step share, in host memory.
struct StepLayout {
  std::span<const Chunk> chunks;
  // [rows, rotated channels / 2] each: factor * cos(position * frequency), sin alike.
  std::span<const float> cosines;
  std::span<const float> sines;
  // [rows]: what each row's query is multiplied with (position-dependent scaling, else 1).
  std::span<const float> query_scales;
};

enum class RopePairs : std::uint8_t {
  adjacent,  // channels (2i, 2i+1): GGUF, consolidated
  halves,    // channels (i, i + d/2): Hugging Face
};

struct AttentionShape {
  int layer;  // of the KV storage
  int query_heads;
  int kv_heads;
  int head_dim;
  int window_tokens;  // last keys a query sees, its own included; 0: all
  float score_scale;  // usually head_dim^-0.5
  RopePairs rope_pairs;
};

// What a linear layer reads: the rows, or their RMS norm with `gain` [cols] when there is one.
struct LinearInput {
  Activations rows;
  const Buffer* gain = nullptr;
  float epsilon = 0;
};

// A device: its memory and the operations a model may call. Operations are eager and take any mix
// of sequences; a row's result does not depend on the other rows, their number or the thread count,
// bit for bit. Shapes are the caller's responsibility (CHECKed); formats are settled at load.
class Backend {
 public:
  virtual ~Backend() = default;

  virtual std::string description() const = 0;

  // Errors: not_supported naming the tensor and its format.
  virtual Result<std::unique_ptr<Weight>> load_weight(const MatrixData& data) = 0;
  // A vector of floats (norm gains) in the backend's memory.
  virtual std::unique_ptr<Buffer> load_vector(std::span<const float> values) = 0;
  // Errors: out_of_memory.
  virtual Result<std::unique_ptr<Buffer>> allocate(std::size_t bytes) = 0;
  virtual Result<std::unique_ptr<KvStorage>> allocate_kv(const KvShape& shape, int page_count) = 0;

  // out[i] = row tokens[i] of the table.
  virtual void gather(const Weight& table, std::span<const std::int32_t> tokens,
                      Activations out) = 0;
  // out[i] = rows[indices[i]].
  virtual void select_rows(Activations rows, std::span<const int> indices, Activations out) = 0;

  // One product of several that read the same input.
  struct Product {
    const Weight* weight;
    Activations out;
  };
  // out = W x for each product.
  virtual void linear(const LinearInput& input, std::span<const Product> products) = 0;
  // out += W x.
  virtual void linear_add(const LinearInput& input, const Product& product) = 0;
  // out = silu(W_gate x) * (W_up x).
  virtual void linear_swiglu(const LinearInput& input, const Weight& gate, const Weight& up,
                             Activations out) = 0;

  // Turns query [rows, query_heads * head_dim] and key [rows, kv_heads * head_dim] in place, scales
  // the query, and writes key and value into the pages of each chunk.
  virtual void rotate_and_store(const StepLayout& step, const AttentionShape& shape,
                                Activations query, Activations key, Activations value,
                                KvStorage& storage) = 0;
  // Causal attention of rotated queries over stored keys and values; out as query.
  virtual void attend(const StepLayout& step, const AttentionShape& shape, Activations query,
                      const KvStorage& storage, Activations out) = 0;

  // Copies activations to the host (for logits); waits for everything before.
  virtual void read(Activations rows, float* host) = 0;
};

}  // namespace bise
