#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "formats/checkpoint.h"
#include "formats/test_files.h"

namespace bise {
namespace {

namespace fs = std::filesystem;

const std::string kGoldens = "tests/golden/gguf";

std::string bytes_of_edit(const Json& edit, const std::string& base) {
  if (const Json* fill = edit.find("fill")) {
    const Json::Array& pair = fill->items();
    return std::string(static_cast<std::size_t>(*pair[1].to_int64()),
                       static_cast<char>(*pair[0].to_int64()));
  }
  if (const Json* copy = edit.find("copy")) {
    const Json::Array& pair = copy->items();
    return base.substr(static_cast<std::size_t>(*pair[0].to_int64()),
                       static_cast<std::size_t>(*pair[1].to_int64()));
  }
  std::string bytes;
  const std::string& hex = edit.find("hex")->as_string();
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

// What bad/apply_bad.py documents.
std::string apply_edits(const Json& edits, const std::string& base) {
  std::string out;
  std::size_t position = 0;
  for (const Json& edit : edits.items()) {
    const auto at = static_cast<std::size_t>(*edit.find("at")->to_int64());
    const std::int64_t removed = *edit.find("del")->to_int64();
    out.append(base, position, at - position);
    out += bytes_of_edit(edit, base);
    position = removed < 0 ? base.size() : at + static_cast<std::size_t>(removed);
  }
  return out.append(base, position);
}

// Writes the case's files and returns the path to open.
std::string write_case(const Json& damaged, const test::TemporaryFolder& folder) {
  const std::string base = test::read_file(kGoldens + "/" + damaged.find("base")->as_string());
  const Json* as = damaged.find("as");
  const std::string name = as != nullptr ? as->as_string() : std::string("file.gguf");
  const std::string path = folder.write(name, apply_edits(*damaged.find("edits"), base));
  if (const Json* also = damaged.find("also")) {
    for (const Json& extra : also->items()) {
      fs::copy(kGoldens + "/" + extra.as_string(), folder.file(extra.as_string()));
    }
  }
  const Json* open = damaged.find("open");
  return open != nullptr ? folder.file(open->as_string()) : path;
}

// Refused elsewhere: these are whole containers whose words about the model or the tokenizer do not
// hold, which models/ and tokenizer/ see.
const std::set<std::string> kRefusedLater = {
    "tensor_missing",  "dims_swapped",      "norm_too_short",

    "no_architecture", "architecture_type", "architecture_unknown",
    "layers_missing",  "layers_0",          "layers_1e9",
    "layers_minus_1",  "layers_string",     "heads_0",
    "heads_kv_0",      "heads_kv_3",        "heads_2_32",
    "head_dim_0",      "rope_odd",          "rope_wide",
    "rope_base_0",     "rope_factor_nan",   "rope_type_unknown",
    "orig_context_0",  "width_wrong",       "ffn_wrong",
    "eps_nan",         "eps_string",        "vocab_size_wrong",
    "tokens_short",    "model_unknown"};

TEST(GgufGoldens, DamagedFilesAreMetAsStated) {
  const Result<Json> cases = read_json(test::read_file(kGoldens + "/bad/bad.json"));
  ASSERT_TRUE(cases.ok());
  for (const Json& damaged : cases->items()) {
    const std::string& name = damaged.find("name")->as_string();
    const std::string& expected = damaged.find("expected")->as_string();
    const test::TemporaryFolder folder;
    const std::string path = write_case(damaged, folder);
    const auto start = std::chrono::steady_clock::now();
    const Result<Checkpoint> opened = Checkpoint::open(path);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2)) << name;
    if (expected == "accepted" || kRefusedLater.contains(name)) {
      EXPECT_TRUE(opened.ok()) << name << ": " << opened.error().message;
    } else if (expected == "refused") {
      EXPECT_FALSE(opened.ok()) << name;
    }
    if (opened.ok()) continue;
    // One sentence that begins with the file and says more.
    const std::string& message = opened.error().message;
    EXPECT_TRUE(message.starts_with(folder.path())) << name << ": " << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << name;
    EXPECT_NE(message.find(": "), std::string::npos) << name;
  }
}

TEST(GgufGoldens, EveryModelOpensWithItsTensors) {
  const Result<Json> index = read_json(test::read_file(kGoldens + "/index.json"));
  ASSERT_TRUE(index.ok());
  ASSERT_GT(index->items().size(), 20u);
  for (const Json& model : index->items()) {
    const Json::Array& files = model.find("files")->items();
    const std::string path = kGoldens + "/" + files.front().as_string();
    const Result<Checkpoint> opened = Checkpoint::open(path);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    EXPECT_EQ(opened->form(), CheckpointForm::gguf);
    EXPECT_EQ(opened->files().size(), files.size()) << path;
    EXPECT_NE(opened->metadata().find("general.architecture"), nullptr) << path;
    std::map<std::string, std::int64_t> counts;
    for (const FileTensor& tensor : opened->tensors()) {
      ++counts[std::string(facts(tensor.type).name)];
      EXPECT_EQ(opened->find(tensor.name), &tensor);
    }
    for (const auto& [type, count] : model.find("tensor_types")->members()) {
      const auto element = element_type_named(type);
      ASSERT_TRUE(element) << type;
      EXPECT_EQ(counts[std::string(facts(*element).name)], count.to_int64()) << path << type;
    }
  }
}

TEST(GgufGoldens, TheTokenizerArraysAreViewsIntoTheFile) {
  const std::string path = kGoldens + "/tok.gguf";
  const Result<Checkpoint> opened = Checkpoint::open(path);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  const Checkpoint::GgufTokenizer& tokenizer = opened->gguf_tokenizer();
  ASSERT_EQ(tokenizer.tokens.size(), 2000u);
  EXPECT_EQ(tokenizer.token_types.size(), 2000u);
  EXPECT_EQ(tokenizer.tokens[1], "<s>");
  EXPECT_FALSE(tokenizer.merges.empty());
  EXPECT_EQ(opened->metadata().find("tokenizer.ggml.tokens"), nullptr);
  EXPECT_EQ(opened->metadata().find("tokenizer.ggml.pre")->as_string(), "tekken");
}

}  // namespace
}  // namespace bise
