#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "backends/cpu/select_kernels.h"
#include "base/thread_pool.h"
#include "tensor/element_type.h"
#include "times.h"

// Quantised products alone: GB/s of weights for few tokens, GOP/s (a multiplication and an addition
// are two) for many. One JSON object a line, the machine's first.
//
//   matmul_bench [--isa avx2] [--formats q4_k,q8_0] [--threads 1,2] [--tokens 1,512]
//                [--rows 9216] [--cols 3072] [--repeat 9]

namespace bise::cpu {
namespace {

// Weights in all, beyond the level-3 cache.
constexpr std::size_t kWeightBytes = std::size_t{128} << 20;
constexpr int kRowsOfPiece = 32;

struct Options {
  std::string isa;
  std::vector<std::string> formats = {"q4_k", "q6_k", "q4_0", "q8_0",   "q4_1",   "q5_0",  "q5_1",
                                      "q2_k", "q3_k", "q5_k", "iq4_nl", "iq4_xs", "mxfp4", "nvfp4"};
  std::vector<std::string> threads = {"1", "2"};
  std::vector<std::string> tokens = {"1", "512"};
  int rows = 9216, cols = 3072, repeat = 9;
};

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t comma = list.find(',');
    parts.emplace_back(list.substr(0, comma));
    if (comma == list.npos) return parts;
    list.remove_prefix(comma + 1);
  }
}

int number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 1) {
    std::fprintf(stderr, "matmul_bench: \"%s\" is no number above 0\n", std::string(text).c_str());
    std::exit(2);
  }
  return value;
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view name = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "";
    if (name == "--isa")
      options.isa = value;
    else if (name == "--formats")
      options.formats = split(value);
    else if (name == "--threads")
      options.threads = split(value);
    else if (name == "--tokens")
      options.tokens = split(value);
    else if (name == "--rows")
      options.rows = number(value);
    else if (name == "--cols")
      options.cols = number(value);
    else if (name == "--repeat")
      options.repeat = number(value);
    else {
      std::fprintf(stderr, "matmul_bench: unknown option \"%s\"\n", argv[i]);
      std::exit(2);
    }
  }
  return options;
}

// Memory for random weights with scales that are numbers; every bench of a run reads it.
std::vector<std::byte> random_weights(std::size_t bytes) {
  std::mt19937_64 random(1);
  std::vector<std::byte> weights(bytes + sizeof(std::uint64_t));
  for (std::size_t i = 0; i < bytes; i += sizeof(std::uint64_t)) {
    // No half and no exponent byte of it is large: the speed does not depend on the numbers as
    // long as they are finite and normal.
    const std::uint64_t word = (random() & 0x1b1b1b1b1b1b1b1bu) | 0x2020202020202020u;
    std::memcpy(weights.data() + i, &word, sizeof word);
  }
  return weights;
}

struct Activations {
  std::vector<std::int8_t> values;
  std::vector<float> scales;
  std::vector<std::int16_t> sums;

  Activations(const KernelTable& kernels, int tokens, int cols, int group)
      : values(static_cast<std::size_t>(tokens) * static_cast<std::size_t>(cols)),
        scales(values.size() / static_cast<std::size_t>(group)),
        sums(values.size() / 16) {
    std::mt19937 random(2);
    std::normal_distribution<float> normal;
    std::vector<float> row(static_cast<std::size_t>(cols));
    for (std::ptrdiff_t t = 0; t < tokens; ++t) {
      for (float& value : row) value = normal(random);
      kernels.quantize_row(row.data(), cols, group, values.data() + t * cols,
                           scales.data() + t * (cols / group), sums.data() + t * (cols / 16));
    }
  }
};

void print_bandwidth(const std::vector<std::byte>& memory, int threads, int repeat) {
  ThreadPool pool(threads);
  std::vector<std::uint64_t> sums(64);
  constexpr std::size_t kPiece = 1 << 18;
  const auto pieces = static_cast<int>(memory.size() / kPiece);
  const Times times = measure(repeat, [&] {
    pool.run(pieces, [&](int piece, int) {
      std::uint64_t words[16], sum[16] = {};
      const std::byte* from = memory.data() + static_cast<std::size_t>(piece) * kPiece;
      for (std::size_t i = 0; i < kPiece; i += sizeof words) {
        std::memcpy(words, from + i, sizeof words);
        for (int w = 0; w < 16; ++w) sum[w] += words[w];
      }
      for (const std::uint64_t part : sum) sums[static_cast<std::size_t>(piece % 64)] ^= part;
    });
  });
  std::uint64_t all = 0;
  for (const std::uint64_t sum : sums) all ^= sum;
  const double gigabytes = static_cast<double>(pieces) * kPiece / 1e9;
  std::printf(
      "{\"read\": true, \"threads\": %d, \"gb_per_s\": %.1f, \"spread\": [%.1f, %.1f], "
      "\"check\": %d}\n",
      threads, gigabytes / times.median(), gigabytes / times.worst(), gigabytes / times.best(),
      static_cast<int>(all & 1));
  std::fflush(stdout);
}

struct Case {
  ElementType type;
  int threads, tokens;
};

void run_case(const KernelTable& kernels, const Options& options, const Case& c,
              const std::vector<std::byte>& weights) {
  const KernelTable::Format& format = kernels.formats[static_cast<int>(c.type)];
  const int group = format.activation == ActivationKind::int8_256 ? 256 : 32;
  const std::size_t row_bytes = *bise::row_bytes(c.type, options.cols);
  // Few tokens stream all of the memory, many are bound by arithmetic: a part of a matrix will do.
  const int rows =
      c.tokens <= 16 ? static_cast<int>(kWeightBytes / row_bytes) : std::min(options.rows, 1024);
  const Activations activations(kernels, c.tokens, options.cols, group);
  ThreadPool pool(c.threads);
  std::vector<std::vector<std::byte>> scratch(static_cast<std::size_t>(c.threads));
  for (auto& bytes : scratch) bytes.resize(matmul_scratch_bytes(options.cols) + 64);
  std::vector<float> out(static_cast<std::size_t>(c.tokens) * static_cast<std::size_t>(rows));
  const Times times = measure(options.repeat, [&] {
    pool.run((rows + kRowsOfPiece - 1) / kRowsOfPiece, [&](int piece, int thread) {
      const int first = piece * kRowsOfPiece;
      std::byte* own = scratch[static_cast<std::size_t>(thread)].data();
      MatmulTask task = {};
      task.weights = weights.data() + static_cast<std::size_t>(first) * row_bytes;
      task.row_bytes = row_bytes;
      task.row_count = std::min(kRowsOfPiece, rows - first);
      task.cols = options.cols;
      task.quantized = {activations.values.data(), activations.scales.data(),
                        activations.sums.data(), options.cols, group};
      task.token_count = c.tokens;
      task.out = out.data() + first;
      task.out_stride = rows;
      task.scratch = own + (64 - reinterpret_cast<std::uintptr_t>(own) % 64);
      format.matmul(task);
    });
  });
  const double giga_bytes = static_cast<double>(row_bytes) * rows / 1e9;
  const double giga_operations = 2.0 * rows * options.cols * c.tokens / 1e9;
  std::printf(
      "{\"format\": \"%s\", \"isa\": \"%s\", \"threads\": %d, \"tokens\": %d, "
      "\"gb_per_s\": %.1f, \"gop_per_s\": %.1f, \"gop_spread\": [%.1f, %.1f]}\n",
      std::string(facts(c.type).name).c_str(), kernels.name, c.threads, c.tokens,
      giga_bytes / times.median(), giga_operations / times.median(),
      giga_operations / times.worst(), giga_operations / times.best());
  std::fflush(stdout);
}

int run(int argc, char** argv) {
  const Options options = parse(argc, argv);
  Result<KernelTable> kernels = select_kernels(options.isa);
  if (!kernels) {
    std::fprintf(stderr, "matmul_bench: %s\n", kernels.error().message.c_str());
    return 2;
  }
  const std::vector<std::byte> weights = random_weights(kWeightBytes);
  for (const std::string& threads : options.threads) {
    print_bandwidth(weights, number(threads), options.repeat);
    for (const std::string& tokens : options.tokens) {
      for (const std::string& name : options.formats) {
        const auto type = element_type_named(name);
        if (!type || kernels->formats[static_cast<int>(*type)].matmul == nullptr) {
          std::fprintf(stderr, "matmul_bench: no format \"%s\"\n", name.c_str());
          return 2;
        }
        run_case(*kernels, options, {*type, number(threads), number(tokens)}, weights);
      }
    }
  }
  return 0;
}

}  // namespace
}  // namespace bise::cpu

int main(int argc, char** argv) {
  return bise::cpu::run(argc, argv);
}
