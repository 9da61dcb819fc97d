#include "tokenizer/json_cursor.h"

#include <gtest/gtest.h>

namespace bise {
namespace {

TEST(JsonCursor, WalksThroughMembersAndItems) {
  JsonCursor cursor(R"( {"a" : [1, -2 ,30], "b":{"x":"}]\"\\"}, "c":"\u00e9\n", "d" : true} )");
  std::string_view key;
  std::string scratch;
  bool first = true;
  ASSERT_TRUE(cursor.next_member(first, key).value());
  EXPECT_EQ(key, "a");
  std::int64_t sum = 0;
  for (bool first_item = true; cursor.next_item(first_item).value();) {
    sum += cursor.integer().value();
  }
  EXPECT_EQ(sum, 29);
  ASSERT_TRUE(cursor.next_member(first, key).value());
  EXPECT_EQ(cursor.raw().value(), R"({"x":"}]\"\\"})");
  ASSERT_TRUE(cursor.next_member(first, key).value());
  EXPECT_EQ(cursor.string(scratch).value(), "\u00e9\n");
  ASSERT_TRUE(cursor.next_member(first, key).value());
  EXPECT_EQ(cursor.raw().value(), "true");
  EXPECT_FALSE(cursor.next_member(first, key).value());
  EXPECT_TRUE(cursor.expect_end().ok());
}

TEST(JsonCursor, RefusesWhatDoesNotEndOrFit) {
  using std::string_literals::operator""s;
  for (const std::string& text : {""s, "["s, "{\"a\":"s, "\"abc"s, "\"abc\\\""s, "[}"s, "]"s, ","s,
                                  "[\0\0"s, std::string(300, '[') + std::string(300, ']')}) {
    EXPECT_FALSE(JsonCursor(text).raw().ok()) << text;
  }
  for (const char* text : {"1.5", "1e3", "x", "99999999999999999999", ""}) {
    EXPECT_FALSE(JsonCursor(text).integer().ok()) << text;
  }
  std::string scratch;
  EXPECT_FALSE(JsonCursor("\"\\x\"").string(scratch).ok());
  EXPECT_FALSE(JsonCursor("1").string(scratch).ok());
}

}  // namespace
}  // namespace bise
