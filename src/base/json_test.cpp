#include "base/json.h"

#include <gtest/gtest.h>

namespace bise {
namespace {

std::string rewritten(std::string_view text) {
  const Result<Json> value = read_json(text);
  return value.ok() ? write_json(*value) : "error: " + value.error().message;
}

TEST(Json, WritesNumbersAsPythonDoes) {
  EXPECT_EQ(rewritten("[1e5, 1e-7, 1E400, 1.10, -0, -0.0, 1e16, 123456789.0, 1e22, 0.0001]"),
            "[100000.0, 1e-07, Infinity, 1.1, 0, -0.0, 1e+16, 123456789.0, 1e+22, 0.0001]");
  EXPECT_EQ(rewritten("100000000000000000000000001"), "100000000000000000000000001");
  EXPECT_EQ(rewritten("[NaN,Infinity,-Infinity]"), "[NaN, Infinity, -Infinity]");
}

TEST(Json, KeepsTheFirstPlaceAndTheLastValueOfARepeatedKey) {
  EXPECT_EQ(rewritten(R"({"a":1,"b":2,"a":3,"c":4,"a":5})"), R"({"a": 5, "b": 2, "c": 4})");
}

TEST(Json, EscapesOnlyWhatPythonEscapes) {
  EXPECT_EQ(rewritten(R"("\u00e9\ud83d\ude00\u0007\n\/\u007f")"), "\"é😀\\u0007\\n/\x7f\"");
  EXPECT_EQ(rewritten(R"("\ud800x")"), "\"\xef\xbf\xbdx\"");
  EXPECT_EQ(write_json(Json("é😀"), {.ascii = true}), R"("\u00e9\ud83d\ude00")");
}

TEST(Json, RefusesWhatIsNotJson) {
  for (const char* text : {"", "{", "[1,]", "{\"a\"}", "01", "1.", "-", "\"\x01\"", "nul", "[1] 2",
                           "\"\xff\"", "{\"a\":1,}", "'a'", "+1", ".5", "\"\\x\"", "\"\\u12\""}) {
    EXPECT_FALSE(read_json(text).ok()) << text;
  }
  EXPECT_FALSE(read_json(std::string(100000, '[')).ok());
  EXPECT_FALSE(read_json(std::string(5000, '9')).ok());
}

TEST(Json, ReadsIntegersThatFitAndNoOthers) {
  EXPECT_EQ(Json(Json::Number{"3.0"}).to_int64(), 3);
  EXPECT_EQ(Json(Json::Number{"9223372036854775807"}).to_int64(), INT64_MAX);
  EXPECT_EQ(Json(Json::Number{"9223372036854775808"}).to_int64(), std::nullopt);
  EXPECT_EQ(Json(Json::Number{"2.5"}).to_int64(), std::nullopt);
  EXPECT_EQ(Json(Json::Number{"NaN"}).to_int64(), std::nullopt);
}

TEST(Json, ComparesByValue) {
  EXPECT_EQ(*read_json(R"({"a":1,"b":[true]})"), *read_json(R"({"b":[true],"a":1.0})"));
  EXPECT_FALSE(*read_json("{\"a\":1}") == *read_json("{\"a\":2}"));
}

}  // namespace
}  // namespace bise
