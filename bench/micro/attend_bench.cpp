#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "backends/cpu/kv_page.h"
#include "backends/cpu/select_kernels.h"
#include "times.h"

// Attention of some rows (heads times tokens) over many pages on one thread: GB/s of keys and
// values, which bound few rows, and GFLOP/s, which bound many. One JSON object a case; the first
// is the speed of reading alone.
//
//   attend_bench [--isa avx2] [--context 4096] [--head-dim 128] [--repeat 9]

namespace bise::cpu {
namespace {

// Pages of several heads one after the other, so that nothing is left in a cache from the last
// time, and so that a head's next page lies apart as it does in a model's storage.
constexpr std::size_t kMemoryBytes = std::size_t{160} << 20;

struct Options {
  std::string isa;
  int context = 4096, head_dim = 128, repeat = 9;
};

int number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 1) {
    std::fprintf(stderr, "attend_bench: \"%s\" is no number above 0\n", std::string(text).c_str());
    std::exit(2);
  }
  return value;
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view name = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "";
    if (name == "--isa") {
      options.isa = value;
    } else if (name == "--context") {
      options.context = number(value);
    } else if (name == "--head-dim") {
      options.head_dim = number(value);
    } else if (name == "--repeat") {
      options.repeat = number(value);
    } else {
      std::fprintf(stderr, "attend_bench: unknown option \"%s\"\n", argv[i]);
      std::exit(2);
    }
  }
  return options;
}

// Any two bytes of it are an f16, a bf16 or the half of a float of modest size, and q8's scales.
std::vector<std::byte> numbers() {
  std::mt19937_64 random(1);
  std::vector<std::byte> memory(kMemoryBytes);
  for (std::size_t i = 0; i < kMemoryBytes; i += sizeof(std::uint64_t)) {
    const std::uint64_t word = (random() & 0x83ff83ff83ff83ffu) | 0x2c002c002c002c00u;
    std::memcpy(memory.data() + i, &word, sizeof word);
  }
  return memory;
}

struct Case {
  KvElement element;
  const char* name;
  int rows;
};

void run_case(const KernelTable& kernels, const Options& options, const Case& c,
              const std::vector<std::byte>& memory) {
  const std::size_t keys = key_block_bytes(c.element, options.head_dim);
  const std::size_t head = keys + value_block_bytes(c.element, options.head_dim);
  const int pages = std::max(1, options.context / kPageSlots);
  const auto heads_there = static_cast<int>(memory.size() / head / static_cast<std::size_t>(pages));
  // Many rows are bound by arithmetic: one head will do.
  const int heads = c.rows > 8 ? 1 : std::max(1, heads_there);
  const std::int64_t stride = value_stride(options.head_dim);
  const auto rows = static_cast<std::size_t>(c.rows);
  std::vector<float> queries(rows * static_cast<std::size_t>(stride), 0.1f), out(queries.size());
  std::vector<float> maximum(rows), total(rows);
  const std::vector<int> begin(rows, 0), end(rows, kPageSlots);
  const auto block = [&](int page, int h) {
    return memory.data() + static_cast<std::size_t>(page * heads + h) * head;
  };
  const Times times = measure(options.repeat, [&] {
    for (int h = 0; h < heads; ++h) {
      std::fill(out.begin(), out.end(), 0.0f);
      std::fill(total.begin(), total.end(), 0.0f);
      std::fill(maximum.begin(), maximum.end(), -std::numeric_limits<float>::infinity());
      for (int page = 0; page < pages; ++page) {
        kernels.attend[static_cast<int>(c.element)](
            {.keys = block(page, h),
             .values = block(page, h) + keys,
             .head_dim = options.head_dim,
             .row_count = c.rows,
             .queries = queries.data(),
             .query_stride = stride,
             .visible_begin = begin.data(),
             .visible_end = end.data(),
             .out = out.data(),
             .out_stride = stride,
             .maximum = maximum.data(),
             .total = total.data(),
             .next_keys = page + 1 < pages ? block(page + 1, h) : nullptr});
      }
    }
  });
  const double blocks = static_cast<double>(pages) * heads;
  const double giga_bytes = blocks * static_cast<double>(head) / 1e9;
  const double giga_operations = blocks * 4.0 * c.rows * options.head_dim * kPageSlots / 1e9;
  std::printf(
      "{\"kv\": \"%s\", \"isa\": \"%s\", \"rows\": %d, \"head_dim\": %d, \"context\": %d, "
      "\"gb_per_s\": %.2f, \"gflop_per_s\": %.1f, \"gflop_spread\": [%.1f, %.1f]}\n",
      c.name, kernels.name, c.rows, options.head_dim, pages * kPageSlots,
      giga_bytes / times.median(), giga_operations / times.median(),
      giga_operations / times.worst(), giga_operations / times.best());
  std::fflush(stdout);
}

void print_bandwidth(const std::vector<std::byte>& memory, int repeat) {
  std::uint64_t all = 0;
  const Times times = measure(repeat, [&] {
    std::uint64_t words[16], sum[16] = {};
    for (std::size_t i = 0; i < memory.size(); i += sizeof words) {
      std::memcpy(words, memory.data() + i, sizeof words);
      for (int w = 0; w < 16; ++w) sum[w] += words[w];
    }
    for (const std::uint64_t part : sum) all ^= part;
  });
  const double gigabytes = static_cast<double>(memory.size()) / 1e9;
  std::printf("{\"read\": true, \"gb_per_s\": %.2f, \"spread\": [%.2f, %.2f], \"check\": %d}\n",
              gigabytes / times.median(), gigabytes / times.worst(), gigabytes / times.best(),
              static_cast<int>(all & 1));
}

int run(int argc, char** argv) {
  const Options options = parse(argc, argv);
  const Result<KernelTable> kernels = select_kernels(options.isa);
  if (!kernels) {
    std::fprintf(stderr, "attend_bench: %s\n", kernels.error().message.c_str());
    return 2;
  }
  const std::size_t head = head_bytes({1, 1, options.head_dim, KvElement::f32});
  if (head * static_cast<std::size_t>(options.context / kPageSlots + 1) > kMemoryBytes) {
    std::fprintf(stderr, "attend_bench: the context does not fit %zu bytes\n", kMemoryBytes);
    return 2;
  }
  const std::vector<std::byte> memory = numbers();
  print_bandwidth(memory, options.repeat);
  for (const int rows : {1, 4, 16, 64}) {
    run_case(*kernels, options, {KvElement::f16, "f16", rows}, memory);
    run_case(*kernels, options, {KvElement::bf16, "bf16", rows}, memory);
    run_case(*kernels, options, {KvElement::q8, "q8", rows}, memory);
    run_case(*kernels, options, {KvElement::f32, "f32", rows}, memory);
  }
  return 0;
}

}  // namespace
}  // namespace bise::cpu

int main(int argc, char** argv) {
  return bise::cpu::run(argc, argv);
}
