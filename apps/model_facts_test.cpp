#include "apps/model_facts.h"

#include <gtest/gtest.h>

namespace bise {
namespace {

TEST(ModelFacts, TellWhatIsInAFile) {
  const ModelFacts facts = read_model_facts("tests/golden/gguf/q4_k_m.gguf", "").value();
  EXPECT_EQ(facts.spec.architecture, "mistral3");
  std::uint64_t bytes = 0;
  int tensors = 0;
  for (const PartFacts& part : facts.parts) {
    bytes += part.bytes;
    tensors += part.tensors;
    EXPECT_NE(part.part, TensorPart::other);
  }
  EXPECT_EQ(tensors, 12);
  EXPECT_LT(bytes, facts.file_bytes);
  EXPECT_FALSE(facts.tokenizer.has_value());
  EXPECT_NE(facts.no_tokenizer.find("tokenizer"), std::string::npos);
  ASSERT_FALSE(facts.memory.empty());
  EXPECT_EQ(facts.memory.back().context_tokens, facts.spec.context_tokens);

  const Json json = to_json(facts);
  EXPECT_EQ(json.find("vocab_size")->to_int64(), facts.spec.vocab_size);
  EXPECT_TRUE(json.find("tokenizer")->is_null());
  EXPECT_EQ(json.find("memory")->find("rows")->items().size(),
            facts.memory.size() * kKvElementCount);
  const std::string text = to_text(facts);
  EXPECT_NE(text.find("q6_k"), std::string::npos);
  EXPECT_NE(text.find("queries scaled by position"), std::string::npos);
}

TEST(ModelFacts, RefuseAnUnknownLayoutAndAMissingFile) {
  EXPECT_FALSE(read_model_facts("tests/golden/gguf/nothing.gguf", "").ok());
}

}  // namespace
}  // namespace bise
