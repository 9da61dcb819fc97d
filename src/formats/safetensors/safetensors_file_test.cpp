#include "formats/safetensors/safetensors_file.h"

#include <gtest/gtest.h>

#include <string>

#include "formats/safetensors/json_scanner.h"
#include "formats/safetensors/weight_index.h"

namespace bise::safetensors {
namespace {

std::string with_length(std::uint64_t length, const std::string& rest) {
  std::string bytes(8, '\0');
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(length >> (8 * i));
  return bytes + rest;
}

std::string file_of(const std::string& header, std::size_t data_bytes) {
  return with_length(header.size(), header + std::string(data_bytes, '\x01'));
}

Result<std::vector<FileTensor>> read(const std::string& file) {
  return read_safetensors({reinterpret_cast<const std::byte*>(file.data()), file.size()});
}

std::string error_of(const std::string& file) {
  const auto tensors = read(file);
  return tensors.ok() ? "no error" : tensors.error().message;
}

TEST(Safetensors, GivesTensorsInTheOrderOfTheirData) {
  const std::string file = file_of(
      R"({"b":{"dtype":"BF16","shape":[2,3],"data_offsets":[4,16]},"__metadata__":{"format":"pt"},)"
      R"("a":{"dtype":"F32","shape":[],"data_offsets":[0,4],"unknown":[1,{"x":null}]}}  )",
      16);
  const auto tensors = read(file);
  ASSERT_TRUE(tensors.ok()) << tensors.error().message;
  ASSERT_EQ(tensors->size(), 2u);
  EXPECT_EQ((*tensors)[0].name, "a");
  EXPECT_TRUE((*tensors)[0].shape.empty());
  EXPECT_EQ((*tensors)[1].name, "b");
  EXPECT_EQ((*tensors)[1].type, ElementType::bf16);
  EXPECT_EQ((*tensors)[1].shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ((*tensors)[1].bytes.size(), 12u);
  EXPECT_EQ(reinterpret_cast<const char*>((*tensors)[1].bytes.data() + 12),
            file.data() + file.size());
}

TEST(Safetensors, TakesTensorsWithoutElementsAndNamesWithEscapes) {
  const auto tensors = read(file_of(
      R"({"\u00e9\"":{"dtype":"U8","shape":[0,9223372036854775807,7],"data_offsets":[0,0]}})", 0));
  ASSERT_TRUE(tensors.ok()) << tensors.error().message;
  EXPECT_EQ((*tensors)[0].name, "é\"");
  EXPECT_TRUE((*tensors)[0].bytes.empty());
}

TEST(Safetensors, RefusesHeadersThatDoNotFitTheFile) {
  EXPECT_EQ(error_of(""), "the file is empty; download it again");
  EXPECT_EQ(error_of("1234567"), "the file ends inside its header; download it again");
  EXPECT_EQ(error_of(with_length(3, "{}")),
            "the file ends inside its header of 3 bytes; download it again");
  EXPECT_EQ(error_of(with_length(~0ull, "{}")).find("not a safetensors file"), 0u);
  EXPECT_EQ(error_of(with_length(12'000'001, "{}")).find("not a safetensors file"), 0u);
  EXPECT_NE(error_of(with_length(0, "")).find("expected an object at byte 0"), std::string::npos);
}

struct Damage {
  const char* entry;  // of the tensor "t"
  const char* message;
};

TEST(Safetensors, SaysWhatIsWrongWithATensor) {
  constexpr Damage kDamages[] = {
      {R"({"dtype":"F32","shape":[2],"data_offsets":[0,12]})", "has 12 bytes, but its type"},
      {R"({"dtype":"F32","shape":[2],"data_offsets":[12,20]})", "reaches past the end"},
      {R"({"dtype":"F32","shape":[2],"data_offsets":[8,0]})", "ends at 0, before it begins at 8"},
      {R"({"dtype":"F32","shape":[2]})", "no data_offsets"},
      {R"({"dtype":"F32","shape":[2],"data_offsets":[0]})", "no data_offsets of two"},
      {R"({"dtype":"F32","shape":[2],"data_offsets":[0,8,8]})", "more than 2"},
      {R"({"dtype":"F32","data_offsets":[0,8]})", "has no shape"},
      {R"({"shape":[2],"data_offsets":[0,8]})", "has no dtype"},
      {R"({"dtype":"F8_E5M2","shape":[2],"data_offsets":[0,2]})", "of type F8_E5M2, which is not"},
      {R"({"dtype":"F32","shape":[-2],"data_offsets":[0,8]})", "expected a count"},
      {R"({"dtype":"F32","shape":[2.0],"data_offsets":[0,8]})", "expected a count"},
      {R"({"dtype":"F32","shape":[02],"data_offsets":[0,8]})", "expected a count"},
      {R"({"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,8]})", "below 2^63"},
      {R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]})", "more than any"},
      {R"({"dtype":"F32","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]})", "more than 8"},
      {R"({"dtype":"F32","shape":[2,],"data_offsets":[0,8]})", "expected a value"},
      {R"({"dtype":7,"shape":[2],"data_offsets":[0,8]})", "expected a string"},
      {R"([])", "expected an object"},
  };
  for (const Damage& damage : kDamages) {
    const std::string message = error_of(file_of(std::string("{\"t\":") + damage.entry + "}", 16));
    EXPECT_NE(message.find(damage.message), std::string::npos) << damage.entry << "\n" << message;
    EXPECT_NE(message.find("tensor t"), std::string::npos) << message;
  }
}

TEST(Safetensors, RefusesTensorsThatShareBytesOrNames) {
  const std::string first = R"({"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},)";
  EXPECT_EQ(
      error_of(file_of(first + R"("b":{"dtype":"U8","shape":[8],"data_offsets":[7,15]}})", 16)),
      "tensors a and b share bytes; download or convert the file again");
  EXPECT_EQ(
      error_of(file_of(first + R"("a":{"dtype":"U8","shape":[8],"data_offsets":[8,16]}})", 16)),
      "tensor a is listed twice; download the file again");
  EXPECT_NE(error_of(file_of(R"({"":{"dtype":"U8","shape":[8],"data_offsets":[8,16]}})", 16))
                .find("no name"),
            std::string::npos);
}

// A count that any real file is far from, and that bounds time and memory of reading.
TEST(Safetensors, RefusesMoreTensorsThanAnyModelHas) {
  std::string header = "{", map = R"({"weight_map":{)";
  for (int i = 0; i <= 1 << 17; ++i) {
    header += (i == 0 ? "\"" : ",\"") + std::to_string(i) +
              R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
    map += (i == 0 ? "\"" : ",\"") + std::to_string(i) + R"(":"a")";
  }
  EXPECT_EQ(error_of(file_of(header + "}", 0)),
            "header: lists more than 131072 tensors, more than any model has; download the file "
            "again");
  EXPECT_EQ(read_weight_index(map + "}}").error().message,
            "weight_map names more than 131072 tensors, more than any model has");
  EXPECT_EQ(error_of(with_length(12'000'001, "{}")),
            "not a safetensors file: its header would take 12000001 bytes, at most 12000000 are "
            "read; download it again");
}

TEST(Safetensors, RefusesHeadersThatAreNoJson) {
  for (const char* header :
       {"", " ", "[]", "{", "{}}", "{} x", "{\"a\"}", "{\"a\":}", "{,}", "{\"__metadata__\":}",
        "{\"__metadata__\":{\"a\":nul}}", "{\"__metadata__\":[1 2]}", "{\"__metadata__\":{},}",
        "{\"\xff\":{}}", "{\"a\\x\":{}}", "{\"a", "{\"a\\"}) {
    EXPECT_NE(error_of(file_of(header, 0)), "no error") << header;
  }
  const std::string deep = "{\"__metadata__\":" + std::string(100000, '[');
  EXPECT_NE(error_of(file_of(deep, 0)).find("less deep nesting"), std::string::npos);
}

TEST(JsonScanner, SkipsWhatItIsToldTo) {
  JsonScanner in(R"( {"a":[1,-2.5e3,"x\"]",{"b":[[],{}]},true,null],"c":7} )");
  bool is_first = true;
  ASSERT_TRUE(in.open('{').ok());
  ASSERT_TRUE(*in.next('}', is_first));
  EXPECT_EQ(*in.key(), "a");
  ASSERT_TRUE(in.skip_value().ok());
  ASSERT_TRUE(*in.next('}', is_first));
  EXPECT_EQ(*in.key(), "c");
  EXPECT_EQ(*in.count(), 7);
  EXPECT_FALSE(*in.next('}', is_first));
  EXPECT_TRUE(in.end().ok());
}

TEST(WeightIndex, ListsEachFileOnce) {
  const auto index = read_weight_index(
      R"({"metadata":{"total_size":1e9},"weight_map":{"x":"b.safetensors","y":"a.safetensors",)"
      R"("z":"b.safetensors"}})");
  ASSERT_TRUE(index.ok()) << index.error().message;
  EXPECT_EQ(index->files, (std::vector<std::string>{"b.safetensors", "a.safetensors"}));
  ASSERT_EQ(index->entries.size(), 3u);
  EXPECT_EQ(index->entries[1].tensor, "y");
  EXPECT_EQ(index->entries[1].file, 1u);
  EXPECT_EQ(index->entries[2].file, 0u);
}

TEST(WeightIndex, NeverLeavesItsFolder) {
  for (const char* name : {"../a", "/etc/passwd", "a/b", "", ".", "..", "a\\u0000b", "a\\\\b"}) {
    const auto index = read_weight_index(std::string(R"({"weight_map":{"x":")") + name + "\"}}");
    ASSERT_FALSE(index.ok()) << name;
    EXPECT_NE(index.error().message.find("tensor x"), std::string::npos) << index.error().message;
  }
  for (const char* text :
       {"", "{}", "[]", R"({"weight_map":{}})", R"({"weight_map":[]})", R"({"weight_map":{"x":1}})",
        R"({"weight_map":{"x":"a"}},)", R"({"weight_map":{"x":"a"},"weight_map":{"x":"a"}})"}) {
    EXPECT_FALSE(read_weight_index(text).ok()) << text;
  }
}

}  // namespace
}  // namespace bise::safetensors
