#include "formats/checkpoint.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "formats/test_files.h"

namespace bise {
namespace {

namespace fs = std::filesystem;

// A safetensors file with tensors of four U8 elements.
std::string weights(const std::vector<std::string>& names, const std::string& padding = "") {
  std::string header = "{";
  for (std::size_t i = 0; i < names.size(); ++i) {
    header += (i == 0 ? "\"" : ",\"") + names[i] +
              R"(":{"dtype":"U8","shape":[4],"data_offsets":[)" + std::to_string(4 * i) + "," +
              std::to_string(4 * i + 4) + "]}";
  }
  header += "}" + padding;
  std::string bytes(8, '\0');
  const std::uint64_t length = header.size();
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header + std::string(4 * names.size(), 'x');
}

std::string index_of(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string text = R"({"weight_map":{)";
  for (const auto& [tensor, file] : entries) {
    text += (text.back() == '{' ? "\"" : ",\"") + tensor + "\":\"" + file + "\"";
  }
  return text + "}}";
}

std::string error_of(const std::string& path) {
  const Result<Checkpoint> opened = Checkpoint::open(path);
  return opened.ok() ? "no error" : opened.error().message;
}

TEST(Checkpoint, OpensAFolderAndAnyFileOfIt) {
  const test::TemporaryFolder folder;
  folder.write("config.json", R"({"model_type":"x"})");
  folder.write("model.safetensors", weights({"a", "b"}));
  for (const std::string& path : {folder.path(), folder.path() + "/", folder.file("config.json"),
                                  folder.file("model.safetensors")}) {
    const Result<Checkpoint> opened = Checkpoint::open(path);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    EXPECT_EQ(opened->form(), CheckpointForm::hf);
    EXPECT_EQ(opened->path(), path);
    EXPECT_EQ(opened->tensors().size(), 2u);
    EXPECT_EQ(opened->find("b")->bytes.size(), 4u);
    EXPECT_EQ(opened->find("c"), nullptr);
    EXPECT_EQ(opened->metadata().find("model_type")->as_string(), "x");
    EXPECT_EQ(opened->file_bytes(), fs::file_size(folder.file("model.safetensors")));
  }
}

TEST(Checkpoint, PrefersHuggingFaceFormButTakesTheCompleteOne) {
  const test::TemporaryFolder folder;
  folder.write("config.json", "{}");
  folder.write("params.json", "{}");
  folder.write("consolidated.safetensors", weights({"c"}));
  EXPECT_EQ(Checkpoint::open(folder.path()).value().form(), CheckpointForm::consolidated);
  folder.write("model.safetensors.index.json",
               index_of({{"a", "model-00001-of-00001.safetensors"}}));
  EXPECT_EQ(Checkpoint::open(folder.path()).value().form(), CheckpointForm::consolidated);
  folder.write("model-00001-of-00001.safetensors", weights({"a"}));
  EXPECT_EQ(Checkpoint::open(folder.path()).value().form(), CheckpointForm::hf);
  EXPECT_EQ(Checkpoint::open(folder.file("params.json")).value().form(),
            CheckpointForm::consolidated);
  EXPECT_EQ(Checkpoint::open(folder.file("consolidated.safetensors")).value().form(),
            CheckpointForm::consolidated);
}

TEST(Checkpoint, HoldsShardsAgainstTheirIndex) {
  const test::TemporaryFolder folder;
  const std::string one = "model-00001-of-00002.safetensors",
                    two = "model-00002-of-00002.safetensors";
  folder.write("config.json", "{}");
  folder.write(one, weights({"a"}));
  const std::string index =
      folder.write("model.safetensors.index.json", index_of({{"a", one}, {"b", two}}));
  EXPECT_EQ(error_of(folder.path()), index + ": " + two + " is not in the folder; download it too");
  folder.write(two, weights({"c"}));
  EXPECT_EQ(error_of(folder.path()),
            index + ": tensor b should be in " + two + ", but is not; download both again");
  folder.write(two, weights({"b", "a"}));
  EXPECT_NE(error_of(folder.path()).find("tensor a is in"), std::string::npos);
  folder.write(two, weights({"b"}));
  EXPECT_EQ(Checkpoint::open(folder.path()).value().files().size(), 2u);
  // Without an index the names say how many there must be.
  fs::remove(index);
  EXPECT_EQ(Checkpoint::open(folder.path()).value().tensors().size(), 2u);
  fs::remove(folder.file(two));
  EXPECT_NE(error_of(folder.path()).find("1 of 00002 parts"), std::string::npos);
}

TEST(Checkpoint, CopiesTensorsThatBeginAtAnOddPlace) {
  const test::TemporaryFolder folder;
  folder.write("config.json", "{}");
  for (const std::size_t blanks : {0, 1, 2, 3}) {
    const std::string header =
        R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})" + std::string(blanks, ' ');
    std::string file(8, '\0');
    file[0] = static_cast<char>(header.size());
    const float value = 1.5f;
    file += header + std::string(reinterpret_cast<const char*>(&value), 4);
    folder.write("model.safetensors", file);
    const Result<Checkpoint> opened = Checkpoint::open(folder.path());
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    const FileTensor& tensor = *opened->find("a");
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor.bytes.data()) % 4, 0u);
    EXPECT_EQ(std::memcmp(tensor.bytes.data(), &value, 4), 0);
    EXPECT_EQ(opened->copied_bytes(), header.size() % 4 == 0 ? 0u : 4u);
  }
}

TEST(Checkpoint, SaysWhatAFolderLacks) {
  const test::TemporaryFolder folder;
  const auto says = [&](const char* words) {
    const std::string message = error_of(folder.path());
    EXPECT_NE(message.find(words), std::string::npos) << message;
    EXPECT_TRUE(message.starts_with(folder.path())) << message;
  };
  says("holds no model");
  folder.write("model.safetensors", weights({"a"}));
  says("neither config.json nor params.json");
  fs::remove(folder.file("model.safetensors"));
  folder.write("config.json", "{}");
  says("configuration but no safetensors weights");
  folder.write("pytorch_model.bin", "PK");
  says("PyTorch weights only");
  folder.write("adapter_config.json", "{}");
  says("adapter");
}

TEST(Checkpoint, SaysWhatIsWrongWithAConfiguration) {
  const test::TemporaryFolder folder;
  folder.write("model.safetensors", weights({"a"}));
  const std::string path = folder.file("config.json");
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string("{"), std::string("{\"a\":}"),
        std::string("\xff"), std::string(100'000, '['), std::string(2 << 20, ' ')}) {
    folder.write("config.json", text);
    const std::string message = error_of(folder.path());
    EXPECT_TRUE(message.starts_with(path + ": ")) << message;
  }
}

TEST(Checkpoint, RecognisesWhatIsNoModel) {
  const test::TemporaryFolder folder;
  struct Case {
    const char* name;
    std::string bytes;
    const char* words;
  };
  const Case cases[] = {
      {"a.gguf", "", "the file is empty"},
      {"b.gguf", "hello", "not a GGUF file in spite of its name"},
      {"c", "hello", "neither a GGUF file nor"},
      {"d.gguf", "version https://git-lfs.github.com/spec/v1\noid", "git lfs pull"},
      {"e.bin", std::string("PK\x03\x04zip"), "PyTorch"},
      {"f.gguf", "<!DOCTYPE html>", "web page"},
      {"g.safetensors", "tiny", "config.json is not beside it"},
  };
  for (const Case& one : cases) {
    const std::string message = error_of(folder.write(one.name, one.bytes));
    EXPECT_NE(message.find(one.words), std::string::npos) << message;
  }
  EXPECT_NE(error_of(folder.file("absent")).find("No such file"), std::string::npos);
  EXPECT_NE(error_of("/dev/null").find("not a regular file"), std::string::npos);
  folder.write("config.json", "{}");
  folder.write("model.safetensors", "version https://git-lfs.github.com/spec/v1\noid");
  EXPECT_NE(error_of(folder.path()).find("git lfs pull"), std::string::npos);
  folder.write("model.safetensors", "");
  EXPECT_NE(error_of(folder.path()).find("the file is empty"), std::string::npos);
}

TEST(Checkpoint, OpensTheOnlyGgufOfAFolder) {
  const std::string model = "tests/golden/gguf/v2.gguf";
  const test::TemporaryFolder folder;
  fs::copy(model, folder.file("one.gguf"));
  EXPECT_EQ(Checkpoint::open(folder.path()).value().files().front(), folder.file("one.gguf"));
  fs::copy(model, folder.file("two.gguf"));
  const std::string message = error_of(folder.path());
  EXPECT_NE(message.find("2 GGUF models (one.gguf, two.gguf)"), std::string::npos) << message;
  // A split model is one model, and the folder of its parts stands for it.
  const test::TemporaryFolder split;
  for (const char* name :
       {"split-00001-of-00003.gguf", "split-00002-of-00003.gguf", "split-00003-of-00003.gguf"}) {
    fs::copy(std::string("tests/golden/gguf/") + name, split.file(name));
  }
  EXPECT_EQ(Checkpoint::open(split.path()).value().files().size(), 3u);
}

TEST(Checkpoint, OpensEveryModelOfTheReference) {
  int count = 0;
  for (const auto& entry : fs::recursive_directory_iterator("tests/golden/text")) {
    const std::string name = entry.path().filename().string();
    if (name != "hf" && name != "consolidated") continue;
    const Result<Checkpoint> opened = Checkpoint::open(entry.path().string());
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    EXPECT_EQ(opened->form(), name == "hf" ? CheckpointForm::hf : CheckpointForm::consolidated);
    EXPECT_EQ(opened->copied_bytes(), 0u);
    ++count;
  }
  EXPECT_GT(count, 20);
}

TEST(FileTensor, TakesMissingOuterDimensionsAsOne) {
  const FileTensor vector{"v", ElementType::f32, {4}, {}};
  const FileTensor row{"r", ElementType::f32, {1, 4}, {}};
  const FileTensor scalar{"s", ElementType::f32, {}, {}};
  EXPECT_TRUE(vector.has_shape({4}));
  EXPECT_TRUE(vector.has_shape({1, 4}));
  EXPECT_TRUE(row.has_shape({4}));
  EXPECT_FALSE(row.has_shape({4, 1}));
  EXPECT_TRUE(scalar.has_shape({}));
  EXPECT_TRUE(scalar.has_shape({1}));
  EXPECT_FALSE(vector.has_shape({}));
}

}  // namespace
}  // namespace bise
