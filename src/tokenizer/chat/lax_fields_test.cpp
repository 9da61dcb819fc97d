#include "tokenizer/chat/lax_fields.h"

#include <gtest/gtest.h>

namespace bise {
namespace {

// The lists as pydantic 2.14 decides.
TEST(LaxFields, ReadTruthAsPydanticDoes) {
  for (const char* yes : {"true", "1", "1.0", "\"true\"", "\"YES\"", "\"t\"", "\"on\"", "\"1\""}) {
    EXPECT_TRUE(read_bool_field(read_json(yes).value(), "x").value()) << yes;
  }
  for (const char* no : {"false", "0", "-0.0", "\"off\"", "\"N\"", "\"0\""}) {
    EXPECT_FALSE(read_bool_field(read_json(no).value(), "x").value()) << no;
  }
  for (const char* other : {"2", "0.5", "\" true\"", "\"\"", "\"1.0\"", "null", "[]", "NaN"}) {
    EXPECT_FALSE(read_bool_field(read_json(other).value(), "x").ok()) << other;
  }
}

TEST(LaxFields, ReadNumbersAsPydanticDoes) {
  for (const char* half : {"0.5", "\"0.5\"", "\" .5 \"", "\"+5e-1\"", "\"0_0.5\""}) {
    EXPECT_EQ(read_number_field(read_json(half).value(), "x").value(), 0.5) << half;
  }
  EXPECT_EQ(read_number_field(Json(true), "x").value(), 1.0);
  EXPECT_EQ(read_number_field(Json("1e-400"), "x").value(), 0.0);
  for (const char* other : {"\"\"", "\"0x1\"", "\"1e\"", "\"_1\"", "\"1__0\"", "\"+-1\"", "null"}) {
    EXPECT_FALSE(read_number_field(read_json(other).value(), "x").ok()) << other;
  }
}

TEST(LaxFields, ReadIntegersAsPydanticDoes) {
  for (const char* fine : {"0", "1.0", "true", "\"1\"", "\" 1 \"", "\"+1\"", "\"1.00\"",
                           "\"1_000\"", "\"-0\"", "100000000000000000000000", "-0"}) {
    const auto sign = read_integer_field(read_json(fine).value(), "x");
    ASSERT_TRUE(sign.ok()) << fine;
    EXPECT_EQ(*sign, IntegerSign::zero_or_positive) << fine;
  }
  EXPECT_EQ(read_integer_field(Json("-3"), "x").value(), IntegerSign::negative);
  EXPECT_EQ(read_integer_field(Json(-3), "x").value(), IntegerSign::negative);
  for (const char* other : {"1.5", "1e30", "NaN", "\"1.\"", "\"1.5\"", "\".0\"", "\"1e3\"",
                            "\"1 0\"", "\"--1\"", "\"\"", "[]"}) {
    EXPECT_FALSE(read_integer_field(read_json(other).value(), "x").ok()) << other;
  }
}

TEST(LaxFields, NameUnknownFieldsAndListTheKnownOnes) {
  const Result<void> checked =
      expect_object(Json::object({{"a", 1}, {"foo", 2}}), "messages.3", {"a", "b"});
  ASSERT_FALSE(checked.ok());
  EXPECT_EQ(checked.error().message, "messages.3: unknown field 'foo'; the fields here are a, b");
}

}  // namespace
}  // namespace bise
