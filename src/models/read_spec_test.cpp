#include "models/read_spec.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/mapped_file.h"

namespace bise {
namespace {

Json read(const char* text) {
  return read_json(text).value();
}

Result<ModelSpec> hf(const char* config) {
  return spec_from_hf(Checkpoint::of_metadata(CheckpointForm::hf, "m/config.json", read(config)));
}

constexpr const char* kMinimal =
    R"("hidden_size":64,"num_hidden_layers":3,"num_attention_heads":4,"intermediate_size":96,
       "vocab_size":160,"max_position_embeddings":512)";

std::string with(const std::string& members) {
  return "{" + members + (members.empty() ? "" : ",") + kMinimal + "}";
}

TEST(SpecFromHf, TakesTheDefaultsOfTransformersForTheWindow) {
  EXPECT_EQ(hf(with(R"("model_type":"mistral")").c_str())->layers[0].window_tokens, 4096);
  EXPECT_EQ(
      hf(with(R"("model_type":"mistral","sliding_window":null)").c_str())->layers[0].window_tokens,
      0);
  EXPECT_EQ(hf(with(R"("model_type":"ministral3")").c_str())->layers[0].window_tokens, 0);
  const auto mixed = hf(with(R"("model_type":"ministral","sliding_window":9,"layer_types":
      ["full_attention","sliding_attention","full_attention"])")
                            .c_str());
  EXPECT_EQ(mixed->layers[0].window_tokens, 0);
  EXPECT_EQ(mixed->layers[1].window_tokens, 9);
}

TEST(SpecFromHf, ReadsTheInnerConfigOfAVisionModel) {
  const auto spec = hf((R"({"model_type":"mistral3","tie_word_embeddings":false,"text_config":)" +
                        with(R"("model_type":"ministral3","tie_word_embeddings":true)") + "}")
                           .c_str());
  EXPECT_EQ(spec->architecture, "ministral3");
  EXPECT_TRUE(spec->tied_head);
  EXPECT_EQ(spec->layers.size(), 3u);
  EXPECT_EQ(spec->layers[0].head_dim, 16);
}

TEST(SpecFromHf, RefusesWhatItWouldRunWrongly) {
  for (const char* members :
       {R"("model_type":"mistral4")", R"("model_type":"mistral","hidden_act":"gelu")",
        R"("model_type":"mistral","rope_scaling":{"rope_type":"llama3"})",
        R"("model_type":"mistral","num_key_value_heads":3)",
        R"("model_type":"mistral","head_dim":0)", R"("model_type":"mistral","rope_theta":"big")",
        R"("model_type":"mistral","quantization_config":{"quant_method":"gptq"})",
        R"("model_type":"ministral","layer_types":["full_attention"])",
        R"("model_type":"ministral3","rope_parameters":{"rope_type":"yarn","factor":NaN,
           "original_max_position_embeddings":16})"}) {
    const auto spec = hf(with(members).c_str());
    ASSERT_FALSE(spec.ok()) << members;
    EXPECT_EQ(spec.error().message.rfind("m/config.json: ", 0), 0u) << spec.error().message;
  }
}

// tests/golden/rope_vectors.json: 9 significant digits, computed in double.
TEST(RopeFrequencies, AreThoseOfEveryModelInTheReference) {
  const Json vectors = *read_json(*read_text_file("tests/golden/rope_vectors.json", 1 << 22));
  int checked = 0;
  for (const auto& [name, entry] : vectors.members()) {
    const Json* omega = entry.find("inv_freq");
    if (omega == nullptr || entry.find("beta_fast") == nullptr) continue;
    const Json& values = entry;
    const auto number = [&](const char* key) { return *values.find(key)->to_double(); };
    RopeSpec rope = {
        number("theta"), static_cast<int>(2 * omega->items().size()), RopePairs::adjacent,
        YarnSpec{number("factor"), number("orig"), number("beta_fast"), number("beta_slow"), 1}};
    const std::vector<float> ours = rope_frequencies(rope);
    for (std::size_t i = 0; i < ours.size(); ++i) {
      const double wanted = *omega->items()[i].to_double();
      EXPECT_NEAR(ours[i], wanted, 2e-7 * wanted) << name << " " << i;
    }
    ++checked;
  }
  EXPECT_GE(checked, 5);
}

TEST(QueryScale, GrowsByTheLogarithmOfWholeOriginalLengths) {
  ModelSpec spec;
  spec.query_scale_beta = 0.1;
  spec.query_scale_original_tokens = 16384;
  EXPECT_EQ(query_scale(spec, 0), 1.0f);
  EXPECT_EQ(query_scale(spec, 16383), 1.0f);
  EXPECT_NEAR(query_scale(spec, 16384), 1.0693147, 1e-7);
  EXPECT_NEAR(query_scale(spec, 32768), 1.1098612, 1e-7);
  EXPECT_NEAR(query_scale(spec, 262143), 1.2772589, 1e-7);
}

}  // namespace
}  // namespace bise
