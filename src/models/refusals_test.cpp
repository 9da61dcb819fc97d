#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"
#include "formats/test_files.h"
#include "models/model.h"
#include "models/model_tokenizer.h"

// What is said of models that do not load: file, key or tensor, and what to do.

namespace bise {
namespace {

constexpr const char* kDense = "tests/golden/text/dense/hf";

std::string replaced(std::string text, std::string_view old_words, std::string_view new_words) {
  const std::size_t at = text.find(old_words);
  EXPECT_NE(at, std::string::npos) << old_words;
  if (at != std::string::npos) text.replace(at, old_words.size(), new_words);
  return text;
}

std::string refusal(const std::string& path) {
  const auto checkpoint = Checkpoint::open(path);
  if (!checkpoint.ok()) return checkpoint.error().message;
  const auto spec = read_spec(*checkpoint);
  return spec.ok() ? "no error" : spec.error().message;
}

constexpr std::string_view kDamaged =
    "; the file is damaged or was converted wrongly: take a new copy or convert it again";

TEST(Refusals, OfAGgufNameFileKeyAndRemedy) {
  const std::string model = test::read_file("tests/golden/gguf/q4_0.gguf");
  const test::TemporaryFolder folder;
  const auto said = [&](std::string_view old_words, std::string_view new_words) {
    const std::string path = folder.write("m.gguf", replaced(model, old_words, new_words));
    const std::string message = refusal(path);
    EXPECT_EQ(message.rfind(path + ": ", 0), 0u) << message;
    return message.substr(std::min(message.size(), path.size() + 2));
  };
  EXPECT_EQ(said("mistral3.block_count", "mistral3.block_kount"),
            concat("mistral3.block_count is missing", kDamaged));
  EXPECT_EQ(said("blk.0.ffn_up.weight", "blk.0.ffn_uq.weight"),
            concat("tensor blk.0.ffn_up.weight is missing", kDamaged));
  EXPECT_EQ(said("mistral3", "mistral9"),
            "general.architecture is \"mistral9\" (bise runs mistral3 and llama); take a dense "
            "Mistral 3, Ministral, Mistral or Llama model");
}

TEST(Refusals, OfAFolderNameItsConfigAndRemedy) {
  const test::TemporaryFolder folder;
  std::filesystem::copy(kDense, folder.path(), std::filesystem::copy_options::recursive);
  const std::string config = test::read_file(folder.file("config.json"));
  folder.write("config.json", replaced(config, "\"num_hidden_layers\"", "\"layers\""));
  EXPECT_EQ(refusal(folder.path()),
            concat(folder.file("config.json"), ": num_hidden_layers is missing", kDamaged));
  folder.write("config.json", replaced(config, "\"silu\"", "\"gelu\""));
  EXPECT_EQ(refusal(folder.file("config.json")),
            folder.file("config.json") +
                ": hidden_act is not silu, the only one bise runs; take a dense Mistral 3, "
                "Ministral, Mistral or Llama model");
}

TEST(Refusals, OfAModelWithoutTokenizerNameItAndWhatToPutWhere) {
  const test::TemporaryFolder folder;
  const std::string path = folder.write("m.gguf", test::read_file("tests/golden/gguf/q4_0.gguf"));
  const auto loaded = load_model_tokenizer(*Checkpoint::open(path));
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.error().message,
            path +
                ": holds no tokenizer, and no tekken.json or tokenizer.json lies beside it; "
                "put the model's there or take a GGUF with its tokenizer (show, score and "
                "bench need none)");
}

}  // namespace
}  // namespace bise
