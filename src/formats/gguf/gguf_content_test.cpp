#include "formats/gguf/gguf_content.h"

#include <gtest/gtest.h>

#include <string>

#include "formats/gguf/open_gguf.h"
#include "formats/gguf/test_gguf.h"
#include "formats/test_files.h"

namespace bise::gguf {
namespace {

using test::GgufBuilder;
constexpr std::uint32_t kF32 = 0, kQ4_0 = 2;

Result<GgufContent> read(const std::string& file) {
  return read_gguf({reinterpret_cast<const std::byte*>(file.data()), file.size()});
}

std::string error_of(const std::string& file) {
  const auto content = read(file);
  return content.ok() ? "no error" : content.error().message;
}

void expect_error(const std::string& file, const char* words) {
  EXPECT_NE(error_of(file).find(words), std::string::npos) << error_of(file);
}

TEST(Gguf, ReadsEveryTypeOfValue) {
  GgufBuilder builder;
  builder.key("u8", 0, GgufBuilder::raw<std::uint8_t>(200))
      .key("i8", 1, GgufBuilder::raw<std::int8_t>(-3))
      .key("u16", 2, GgufBuilder::raw<std::uint16_t>(65535))
      .key("i16", 3, GgufBuilder::raw<std::int16_t>(-300))
      .u32("u32", 4294967295u)
      .key("i32", 5, GgufBuilder::raw<std::int32_t>(-70000))
      .key("f32", 6, GgufBuilder::raw(1e-5f))
      .key("bool", 7, GgufBuilder::raw<std::uint8_t>(1))
      .string("string", "a\xff")
      .array("array", 6, 2, GgufBuilder::raw(0.5f) + GgufBuilder::raw(-2.0f))
      .array("strings", 8, 2, GgufBuilder::text("x") + GgufBuilder::text(""))
      .array("none", 4, 0, "")
      .key("u64", 10, GgufBuilder::raw(~std::uint64_t{0}))
      .key("i64", 11, GgufBuilder::raw(std::int64_t{-1} << 40))
      .key("f64", 12, GgufBuilder::raw(0.1));
  const std::string file = builder.file(0);
  const auto content = read(file);
  ASSERT_TRUE(content.ok()) << content.error().message;
  EXPECT_EQ(write_json(content->metadata),
            "{\"u8\": 200, \"i8\": -3, \"u16\": 65535, \"i16\": -300, \"u32\": 4294967295, "
            "\"i32\": -70000, \"f32\": 9.999999747378752e-06, \"bool\": true, "
            "\"string\": \"a\xef\xbf\xbd\", \"array\": [0.5, -2.0], \"strings\": [\"x\", \"\"], "
            "\"none\": [], \"u64\": 18446744073709551615, \"i64\": -1099511627776, \"f64\": 0.1}");
}

TEST(Gguf, KeepsTokenArraysApartAndUnchanged) {
  GgufBuilder builder;
  builder.array("tokenizer.ggml.tokens", 8, 2, GgufBuilder::text("\xff") + GgufBuilder::text("ab"))
      .array("tokenizer.ggml.token_type", 5, 2, GgufBuilder::raw(1) + GgufBuilder::raw(3))
      .array("tokenizer.ggml.merges", 8, 1, GgufBuilder::text("a b"));
  const std::string file = builder.file(0);
  const auto content = read(file);
  ASSERT_TRUE(content.ok()) << content.error().message;
  EXPECT_EQ(write_json(content->metadata), "{}");
  EXPECT_EQ(content->tokenizer.tokens, (std::vector<std::string_view>{"\xff", "ab"}));
  EXPECT_GE(content->tokenizer.tokens[0].data(), file.data());
  EXPECT_LT(content->tokenizer.tokens[0].data(), file.data() + file.size());
  EXPECT_EQ(content->tokenizer.token_types, (std::vector<std::int32_t>{1, 3}));
  EXPECT_EQ(content->tokenizer.merges, (std::vector<std::string_view>{"a b"}));
  expect_error(GgufBuilder().array("tokenizer.ggml.merges", 4, 1, GgufBuilder::raw(1)).file(0),
               "key tokenizer.ggml.merges holds u32 values, not strings");
  expect_error(GgufBuilder().array("tokenizer.ggml.token_type", 6, 1, GgufBuilder::raw(1)).file(0),
               "key tokenizer.ggml.token_type holds f32 values, not i32");
}

TEST(Gguf, LongArraysAreNullSoThatMemoryStaysInProportion) {
  GgufBuilder builder;
  builder.array("short", 0, 65536, std::string(65536, 'x'))
      .array("one more", 0, 1, "x")
      .array("strings", 8, 2, GgufBuilder::text("a") + GgufBuilder::text("b"))
      .u32("after", 7);
  const auto content = read(builder.file(0));
  ASSERT_TRUE(content.ok()) << content.error().message;
  EXPECT_EQ(content->metadata.find("short")->items().size(), 65536u);
  EXPECT_TRUE(content->metadata.find("one more")->is_null());
  EXPECT_TRUE(content->metadata.find("strings")->is_null());
  EXPECT_EQ(content->metadata.find("after")->to_int64(), 7);
}

// A large sparse file, so that false counts would find room in it.
TEST(Gguf, FalseCountsInHugeFilesReserveNothing) {
  const test::TemporaryFolder folder;
  const auto open_huge = [&](const std::string& beginning) {
    const std::string path = folder.write("huge.gguf", beginning);
    std::filesystem::resize_file(path, std::uintmax_t{64} << 30);
    const auto opened = open_gguf(*MappedFile::open(path));
    return opened.ok() ? std::string("no error") : opened.error().message;
  };
  const auto header = [](std::uint64_t tensors, std::uint64_t keys) {
    return "GGUF" + GgufBuilder::raw(3u) + GgufBuilder::raw(tensors) + GgufBuilder::raw(keys);
  };
  const auto key = [&](std::string_view name, std::uint32_t type) {
    return header(0, 1) + GgufBuilder::text(name) + GgufBuilder::raw(type);
  };
  const auto array = [&](std::string_view name, std::uint32_t type) {
    return key(name, 9) + GgufBuilder::raw(type) + GgufBuilder::raw(std::uint64_t{1} << 32);
  };
  for (const std::string& beginning :
       {header(1 << 30, 0), header(0, 1 << 30), array("tokenizer.ggml.tokens", 8),
        header(0, 1) + GgufBuilder::raw(std::uint64_t{1} << 35), array("tokenizer.ggml.merges", 8),
        array("tokenizer.ggml.token_type", 5),
        key("general.name", 8) + GgufBuilder::raw(std::uint64_t{1} << 35)}) {
    const std::string message = open_huge(beginning);
    EXPECT_NE(message.find("download it again"), std::string::npos) << message;
  }
  EXPECT_NE(open_huge(array("x", 4)).find("holds no tensors"), std::string::npos);
}

TEST(Gguf, TurnsDimensionsRoundAndFindsTheData) {
  GgufBuilder builder;
  builder.tensor("m", {64, 3}, kQ4_0, 0).tensor("v", {4}, kF32, 128);
  const std::string file = builder.file(144);
  const auto content = read(file);
  ASSERT_TRUE(content.ok()) << content.error().message;
  ASSERT_EQ(content->tensors.size(), 2u);
  EXPECT_EQ(content->tensors[0].shape, (std::vector<std::int64_t>{3, 64}));
  EXPECT_EQ(content->tensors[0].bytes.size(), 3u * 2 * 18);
  EXPECT_EQ(content->tensors[1].type, ElementType::f32);
  EXPECT_EQ(content->tensors[1].bytes.size(), 16u);
  EXPECT_EQ(content->tensors[1].bytes[0], std::byte{128});
}

TEST(Gguf, PlacesDataByItsAlignment) {
  for (const std::uint32_t alignment : {8u, 16u, 64u, 4096u}) {
    GgufBuilder builder;
    builder.alignment = alignment;
    builder.u32("general.alignment", alignment).tensor("v", {1}, kF32, alignment);
    const std::string file = builder.file(alignment + 4);
    ASSERT_TRUE(read(file).ok()) << error_of(file);
    EXPECT_EQ(read(file)->tensors[0].bytes[0], static_cast<std::byte>(alignment));
  }
  for (const std::uint32_t alignment : {0u, 1u, 4u, 12u, 24u}) {
    expect_error(GgufBuilder().u32("general.alignment", alignment).file(0), "general.alignment is");
  }
  expect_error(GgufBuilder().string("general.alignment", "32").file(0), "general.alignment is");
}

TEST(Gguf, RefusesTensorsThatDoNotFit) {
  const auto one = [](std::vector<std::uint64_t> dimensions, std::uint32_t type,
                      std::uint64_t offset) {
    return GgufBuilder().tensor("t", dimensions, type, offset).file(64);
  };
  EXPECT_EQ(error_of(one({16}, kF32, 0)), "no error");
  expect_error(one({17}, kF32, 0),
               "tensor t reaches past the end of the file (68 bytes at 0 of 64)");
  expect_error(one({1}, kF32, 64), "reaches past the end");
  expect_error(one({1}, kF32, ~std::uint64_t{31}), "reaches past the end");
  expect_error(one({1}, kF32, 8), "no multiple of 32");
  expect_error(one({31}, kQ4_0, 0), "rows of 31, no multiple of the 32 of q4_0");
  expect_error(one({0}, kF32, 0), "a dimension of 0");
  expect_error(one({~std::uint64_t{0}}, kF32, 0), "a dimension of -1");
  expect_error(one({std::uint64_t{1} << 62}, kF32, 0), "larger than any file");
  expect_error(one({1u << 31, 1u << 31, 2}, kF32, 0), "larger than any file");
  expect_error(one({}, kF32, 0), "has 0 dimensions");
  expect_error(one({1, 1, 1, 1, 1}, kF32, 0), "has 5 dimensions");
  expect_error(one({1}, 16, 0), "is of type iq2_xxs, which is not supported");
  expect_error(one({1}, 1000, 0), "is of unknown type 1000");
  expect_error(GgufBuilder().tensor(std::string(65, 'n'), {1}, kF32, 0).file(64),
               "too long a name");
  expect_error(GgufBuilder().tensor("", {1}, kF32, 0).file(64), "has no name");
  expect_error(GgufBuilder().tensor("t", {1}, kF32, 0).tensor("t", {1}, kF32, 32).file(64),
               "tensor t is listed twice");
  expect_error(GgufBuilder().tensor("t", {9}, kF32, 0).tensor("u", {1}, kF32, 32).file(64),
               "tensors t and u share bytes");
}

TEST(Gguf, EveryCutIsRefused) {
  GgufBuilder builder;
  builder.u32("a", 1)
      .string("b", "text")
      .array("c", 8, 2, GgufBuilder::text("x") + GgufBuilder::text("yz"))
      .array("d", 2, 3, "123456")
      .array("tokenizer.ggml.tokens", 8, 1, GgufBuilder::text("t"))
      .array("tokenizer.ggml.token_type", 5, 1, GgufBuilder::raw(1))
      .tensor("t", {8}, kF32, 0)
      .tensor("u", {32}, kQ4_0, 32);
  const std::string file = builder.file(50);
  ASSERT_TRUE(read(file).ok()) << error_of(file);
  for (std::size_t length = 0; length < file.size(); ++length) {
    ASSERT_FALSE(read(file.substr(0, length)).ok()) << length;
  }
}

TEST(Gguf, EveryChangedByteIsReadOrRefused) {
  GgufBuilder builder;
  builder.u32("general.alignment", 32)
      .array("c", 8, 2, GgufBuilder::text("x") + GgufBuilder::text("yz"))
      .tensor("t", {8}, kF32, 0)
      .tensor("u", {32}, kQ4_0, 32);
  const std::string file = builder.file(50);
  for (std::size_t i = 0; i < file.size() - 50; ++i) {
    for (const int value : {0, 1, 0x7f, 0x80, 0xff, file[i] ^ 1}) {
      std::string changed = file;
      changed[i] = static_cast<char>(value);
      const auto content = read(changed);
      if (!content.ok()) continue;
      for (const FileTensor& tensor : content->tensors) {
        const auto* begin = reinterpret_cast<const char*>(tensor.bytes.data());
        ASSERT_GE(begin, changed.data());
        ASSERT_LE(begin + tensor.bytes.size(), changed.data() + changed.size());
      }
    }
  }
}

TEST(PartName, IsReadFromTheEndOfAPath) {
  const auto name = part_name("/a/b-00002-of-00013.gguf");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->prefix, "/a/b");
  EXPECT_EQ(name->number, 2);
  EXPECT_EQ(name->count, 13);
  EXPECT_EQ(path_of_part(*name, 10), "/a/b-00010-of-00013.gguf");
  for (const char* other :
       {"a.gguf", "-00001-of-0001.gguf", "a-00000-of-00002.gguf", "a-00003-of-00002.gguf",
        "a-0000x-of-00002.gguf", "a-00001-of-00002", ""}) {
    EXPECT_FALSE(part_name(other)) << other;
  }
}

TEST(OpenGguf, AcceptsAFirstPartWithoutTensors) {
  const test::TemporaryFolder folder;
  const auto part = [](std::uint16_t number) {
    GgufBuilder builder;
    builder.key("split.no", 2, GgufBuilder::raw(number))
        .key("split.count", 2, GgufBuilder::raw<std::uint16_t>(2))
        .key("split.tensors.count", 5, GgufBuilder::raw<std::int32_t>(1));
    if (number == 1) builder.tensor("t", {8}, kF32, 0);
    return builder.file(32);
  };
  const std::string first = folder.write("m-00001-of-00002.gguf", part(0));
  folder.write("m-00002-of-00002.gguf", part(1));
  MappedFile map = *MappedFile::open(first);
  const std::span<const std::byte> bytes = map.bytes();
  const auto opened = open_gguf(std::move(map));
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  EXPECT_EQ(opened->maps[0].bytes().data(), bytes.data());  // not mapped once more
  EXPECT_EQ(opened->tensors.size(), 1u);
  EXPECT_EQ(opened->folder, folder.path());
  EXPECT_FALSE(open_gguf(*MappedFile::open(folder.write("renamed.gguf", part(0)))).ok());
}

}  // namespace
}  // namespace bise::gguf
