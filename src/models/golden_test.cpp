// Models against what the original implementations compute: tests/golden/text (transformers) and
// tests/golden/gguf (transformers on the weights that gguf-py decodes).

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <random>

#include "backends/cpu/cpu_backend.h"
#include "base/mapped_file.h"
#include "formats/npy.h"
#include "models/model.h"
#include "models/test_model.h"

namespace bise {
namespace {

namespace fs = std::filesystem;

constexpr double kExactTolerance = 1e-4;

double largest_difference(const std::vector<float>& ours, const std::vector<float>& theirs) {
  EXPECT_EQ(ours.size(), theirs.size());
  double difference = 0, top = 0;
  for (std::size_t i = 0; i < std::min(ours.size(), theirs.size()); ++i) {
    // Written so that NaN counts as far away.
    const double d = std::fabs(static_cast<double>(ours[i]) - static_cast<double>(theirs[i]));
    difference = d <= difference ? difference : d;
    top = std::max(top, std::fabs(static_cast<double>(theirs[i])));
  }
  return difference / top;
}

struct Divergence {
  double mean = 0, largest = 0;
};

// KL(reference || ours) over the positions.
Divergence divergence(const std::vector<float>& ours, const FloatMatrix& reference) {
  const auto vocab = static_cast<std::size_t>(reference.cols);
  const auto log_probabilities = [&](const float* row) {
    const float top = *std::max_element(row, row + vocab);
    double sum = 0;
    for (std::size_t i = 0; i < vocab; ++i) sum += std::exp(static_cast<double>(row[i] - top));
    std::vector<double> values(vocab);
    for (std::size_t i = 0; i < vocab; ++i) values[i] = row[i] - top - std::log(sum);
    return values;
  };
  Divergence result;
  for (std::int64_t r = 0; r < reference.rows; ++r) {
    const auto at = static_cast<std::size_t>(r) * vocab;
    const std::vector<double> p = log_probabilities(reference.values.data() + at);
    const std::vector<double> q = log_probabilities(ours.data() + at);
    double kl = 0;
    for (std::size_t i = 0; i < vocab; ++i) kl += std::exp(p[i]) * (p[i] - q[i]);
    result.mean += kl / static_cast<double>(reference.rows);
    result.largest = std::max(result.largest, kl);
  }
  return result;
}

std::vector<std::string> text_models() {
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator("tests/golden/text")) {
    for (const char* form : {"hf", "consolidated"}) {
      if (fs::is_directory(entry.path() / form)) found.push_back((entry.path() / form).string());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

TEST(TextGoldens, ExactLogitsAndGreedyContinuationsOfEveryForm) {
  const std::vector<std::string> models = text_models();
  ASSERT_GE(models.size(), 24u);
  for (const std::string& path : models) {
    SCOPED_TRACE(path);
    const std::string folder = fs::path(path).parent_path().string();
    TestModel model(path, {.threads = 2, .exact = true, .isa = ""});
    const FloatMatrix reference = *read_npy(folder + "/logits.npy");
    const std::vector<float> logits =
        model.score(read_sequences(folder + "/tokens.json"), KvElement::f32);
    EXPECT_LE(largest_difference(logits, reference.values), kExactTolerance);

    const Json greedy = read_json_file(folder + "/greedy.json");
    const Tokens continuation = to_tokens(*greedy.find("continuation"));
    EXPECT_EQ(model.greedy(to_tokens(*greedy.find("prompt")), continuation.size(), KvElement::f32),
              continuation);
  }
}

TEST(GgufGoldens, ExactLogitsAndTheDefaultPathWithinItsBounds) {
  const std::vector<Tokens> tokens = read_sequences("tests/golden/gguf/tokens.json");
  const Json index = read_json_file("tests/golden/gguf/index.json");
  ASSERT_GE(index.items().size(), 22u);
  for (const Json& entry : index.items()) {
    const std::string name = entry.find("name")->as_string();
    if (entry.find("llama_cpp") == nullptr) continue;
    SCOPED_TRACE(name);
    const std::string file =
        "tests/golden/gguf/" + entry.find("files")->items().front().as_string();
    const FloatMatrix reference = *read_npy("tests/golden/gguf/" + name + ".logits.npy");
    TestModel exact(file, {.threads = 2, .exact = true, .isa = ""});
    EXPECT_LE(largest_difference(exact.score(tokens, KvElement::f32), reference.values),
              kExactTolerance);

    TestModel usual(file, {.threads = 2, .exact = false, .isa = ""});
    const Divergence ours = divergence(usual.score(tokens, KvElement::f16), reference);
    const Json& peer = *entry.find("llama_cpp");
    EXPECT_LE(ours.mean, std::max(3 * *peer.find("kl_mean")->to_double(), 2e-3));
    EXPECT_LE(ours.largest, std::max(3 * *peer.find("kl_max")->to_double(), 1e-2));
  }
}

// One model a kind of weight: floats in both RoPE orders, a window, and formats with activations
// in groups of 32 and of 256.
const char* const kInvariantModels[] = {"tests/golden/text/dense/hf",
                                        "tests/golden/text/dense_bf16/consolidated",
                                        "tests/golden/text/ministral_windows/hf",
                                        "tests/golden/gguf/q4_0.gguf",
                                        "tests/golden/gguf/q4_k_m.gguf",
                                        "tests/golden/gguf/tied_q4_k_m.gguf"};

TEST(Invariance, ChunksMatesAndThreadsChangeNoBit) {
  std::mt19937 random(20260101);
  for (const char* path : kInvariantModels) {
    for (const KvElement element :
         {KvElement::f32, KvElement::f16, KvElement::bf16, KvElement::q8}) {
      SCOPED_TRACE(path);
      TestModel one(path, {.threads = 1, .exact = false, .isa = ""});
      TestModel three(path, {.threads = 3, .exact = false, .isa = ""});
      std::vector<Tokens> sequences;
      for (const std::size_t length : {97u, 40u, 1u, 66u}) {
        sequences.push_back(random_tokens(random, length, 128));
      }
      std::vector<float> alone;
      for (const Tokens& sequence : sequences) {
        const std::vector<float> logits = one.score({sequence}, element);
        alone.insert(alone.end(), logits.begin(), logits.end());
      }
      EXPECT_EQ(three.score(sequences, element), alone);
      for (int round = 0; round < 3; ++round) {
        EXPECT_EQ(three.score_in_random_chunks(sequences, element, random), alone);
      }
    }
  }
}

TEST(Invariance, ForksAndSharedPrefixesGiveTheSameBits) {
  std::mt19937 random(7);
  for (const char* path : kInvariantModels) {
    SCOPED_TRACE(path);
    TestModel model(path, {.threads = 2, .exact = false, .isa = ""});
    const Tokens prompt = random_tokens(random, 90, 128);
    const Tokens ending = random_tokens(random, 30, 128);
    Tokens whole = prompt;
    whole.insert(whole.end(), ending.begin(), ending.end());
    const std::vector<float> expected = model.score({whole}, KvElement::f16);
    EXPECT_EQ(model.score_after_fork(prompt, ending, KvElement::f16),
              std::vector<float>(
                  expected.end() - static_cast<std::ptrdiff_t>(ending.size() * model.vocab()),
                  expected.end()));
  }
}

TEST(KvElements, NarrowerOnesStayNearTheReference) {
  const std::vector<Tokens> tokens = read_sequences("tests/golden/text/dense/tokens.json");
  const FloatMatrix reference = *read_npy("tests/golden/text/dense/logits.npy");
  TestModel model("tests/golden/text/dense/hf", {.threads = 2, .exact = false, .isa = ""});
  EXPECT_LE(divergence(model.score(tokens, KvElement::f16), reference).mean, 1e-5);
  EXPECT_LE(divergence(model.score(tokens, KvElement::bf16), reference).mean, 5e-4);
  EXPECT_LE(divergence(model.score(tokens, KvElement::q8), reference).mean, 2e-3);
}

// The bytes of a golden file with the first block scale of one tensor replaced, in a file of its
// own.
std::string with_first_scale(const std::string& path, const std::string& tensor,
                             std::uint16_t scale) {
  const Checkpoint checkpoint = *Checkpoint::open(path);
  std::string bytes = *read_text_file(path, 1 << 24);
  const FileTensor* found = checkpoint.find(tensor);
  const std::string_view needle(reinterpret_cast<const char*>(found->bytes.data()),
                                std::min<std::size_t>(found->bytes.size(), 4096));
  const std::size_t at = bytes.find(needle);
  bytes[at] = static_cast<char>(scale & 0xff);
  bytes[at + 1] = static_cast<char>(scale >> 8);
  const std::string changed = testing::TempDir() + "bise_scale.gguf";
  std::ofstream(changed, std::ios::binary) << bytes;
  return changed;
}

TEST(Model, NamesTheTensorWhoseWeightsAreNoNumbers) {
  constexpr std::uint16_t kNan = 0x7e00;
  for (const char* tensor : {"blk.0.attn_v.weight", "blk.0.ffn_up.weight", "output.weight"}) {
    const std::string path = with_first_scale("tests/golden/gguf/q4_0.gguf", tensor, kNan);
    TestModel model(path, {.threads = 1, .exact = false, .isa = ""});
    const auto cache = *KvCache::create(model.backend(), model.model().kv_shape(KvElement::f16), 1);
    PageTable table(*cache);
    const Tokens tokens = {1, 2, 3};
    std::vector<float> logits(model.vocab());
    SequenceChunk chunk[] = {{&table, tokens, LogitRows::last}};
    const Result<void> done = model.model().step(chunk, *cache, logits.data());
    ASSERT_FALSE(done.ok());
    const bool in_layer = std::string_view(tensor).starts_with("blk.");
    const std::string place =
        in_layer ? "numbers, first in layer 0, at tensor " : "first at tensor ";
    EXPECT_NE(done.error().message.find(place), std::string::npos) << done.error().message;
    EXPECT_NE(done.error().message.find(tensor), std::string::npos) << done.error().message;
  }
}

TEST(Model, RefusesWhatItCannotRunAndKeepsThePages) {
  TestModel model("tests/golden/text/dense/hf", {.threads = 1, .exact = false, .isa = ""});
  const auto cache = *KvCache::create(model.backend(), model.model().kv_shape(KvElement::f16), 2);
  PageTable table(*cache);
  std::vector<float> logits(model.vocab());
  const auto step = [&](const Tokens& tokens) {
    SequenceChunk chunk[] = {{&table, tokens, LogitRows::last}};
    return model.model().step(chunk, *cache, logits.data());
  };
  EXPECT_EQ(step({1, 256}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(step({-1}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(step(Tokens(129, 1)).error().code, ErrorCode::overloaded);
  EXPECT_EQ(step(Tokens(257, 1)).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(cache->pool().free_count(), 2);
  EXPECT_TRUE(step(Tokens(128, 1)).ok());
  EXPECT_EQ(cache->pool().free_count(), 0);
  table.clear();
  EXPECT_EQ(cache->pool().free_count(), 2);
}

}  // namespace
}  // namespace bise
