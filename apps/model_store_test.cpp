#include "apps/model_store.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace bise {
namespace {

namespace fs = std::filesystem;

class ModelStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = testing::TempDir() + "/bise-store-" +
            testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(root_);
    fs::create_directories(root_ + "/models");
    data_.path = root_;
  }
  void TearDown() override { fs::remove_all(root_); }

  void write(const std::string& name, const std::string& text) {
    fs::create_directories(fs::path(root_ + "/models/" + name).parent_path());
    std::ofstream(root_ + "/models/" + name) << text;
  }

  std::string root_;
  DataFolder data_;
};

TEST_F(ModelStoreTest, ListsFilesFoldersAndFirstParts) {
  write("b.gguf", "12345");
  write("folder/config.json", "{}");
  write("folder/model.safetensors", "123");
  write("a-00001-of-00002.gguf", "1234");
  write("a-00002-of-00002.gguf", "123456");
  write("notes.txt", "x");
  write("empty/readme", "x");
  const auto models = list_models(data_);
  ASSERT_EQ(models.size(), 3U);
  EXPECT_EQ(models[0].name, "a");
  EXPECT_EQ(models[0].bytes, 10U);
  EXPECT_EQ(models[1].name, "b");
  EXPECT_EQ(models[1].bytes, 5U);
  EXPECT_EQ(models[2].name, "folder");
  EXPECT_EQ(models[2].bytes, 5U);
}

TEST_F(ModelStoreTest, ResolvesPathsAndNames) {
  write("b.gguf", "1");
  const std::string path = root_ + "/models/b.gguf";
  EXPECT_EQ(resolve_model(path, data_).value(), path);
  EXPECT_EQ(resolve_model("b", data_).value(), path);
}

TEST_F(ModelStoreTest, SaysWhatToDoAboutAMissingModel) {
  write("b.gguf", "1");
  const auto unknown = resolve_model("c", data_);
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code, ErrorCode::not_found);
  EXPECT_NE(unknown.error().message.find("models/c.gguf"), std::string::npos);
  EXPECT_NE(unknown.error().message.find("(there are: b)"), std::string::npos);
  const auto starter = resolve_model("starter", data_);
  ASSERT_FALSE(starter.ok());
  EXPECT_NE(starter.error().message.find("./run run starter"), std::string::npos);
  EXPECT_NE(starter.error().message.find("models/starter.gguf"), std::string::npos);
  EXPECT_NE(resolve_model("x/y.gguf", data_).error().message.find("no such file"),
            std::string::npos);
  EXPECT_FALSE(resolve_model("", data_).ok());
}

TEST_F(ModelStoreTest, AStoreThatIsNotThereIsEmpty) {
  EXPECT_TRUE(list_models({root_ + "/nowhere"}).empty());
}

TEST(ModelNameOf, IsTheFilesOrFoldersName) {
  EXPECT_EQ(model_name_of("/a/b/Ministral-3B.Q4_K_M.gguf"), "Ministral-3B.Q4_K_M");
  EXPECT_EQ(model_name_of("big-00001-of-00003.gguf"), "big");
  EXPECT_EQ(model_name_of("/a/folder/"), "folder");
  EXPECT_EQ(model_name_of("folder"), "folder");
}

TEST(DataFolderTest, FollowsTheEnvironment) {
  ::setenv("BISE_HOME", "/one", 1);
  EXPECT_EQ(data_folder().path, "/one");
  EXPECT_EQ(data_folder().models(), "/one/models");
  ::unsetenv("BISE_HOME");
  ::setenv("XDG_DATA_HOME", "/two", 1);
  EXPECT_EQ(data_folder().path, "/two/bise");
  ::unsetenv("XDG_DATA_HOME");
  ::setenv("HOME", "/three", 1);
  EXPECT_EQ(data_folder().path, "/three/.local/share/bise");
}

}  // namespace
}  // namespace bise
