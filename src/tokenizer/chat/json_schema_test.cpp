#include "tokenizer/chat/json_schema.h"

#include <gtest/gtest.h>

namespace bise {
namespace {

Result<void> check(const char* schema) {
  return check_draft7_schema(read_json(schema).value(), "schema");
}

// As jsonschema's Draft7Validator.check_schema decides.
TEST(JsonSchema, TakesWellFormedSchemas) {
  for (const char* schema :
       {"{}", "true", R"({"type": "object", "properties": {"a": {"type": ["string", "null"]}}})",
        R"({"minLength": 2.0, "maxItems": 10000000000000000000000})", R"({"items": true})",
        R"({"items": [{"type": "integer"}], "additionalItems": false})",
        R"({"dependencies": {"a": ["b"], "c": {"type": "null"}}})", R"({"nullable": 3, "x": []})",
        R"({"enum": [], "const": null, "default": {"type": 3}})", R"({"multipleOf": 0.01})",
        R"({"required": []})", R"({"patternProperties": {"^a": {}}})"}) {
    const Result<void> checked = check(schema);
    EXPECT_TRUE(checked.ok()) << schema << ": " << checked.error().message;
  }
}

TEST(JsonSchema, RefusesMalformedOnesAndNamesThePlace) {
  for (const char* schema : {R"({"type": "strin"})",
                             R"({"type": []})",
                             R"({"type": ["null", "null"]})",
                             R"({"required": "x"})",
                             R"({"required": ["a", "a"]})",
                             R"({"properties": []})",
                             R"({"properties": {"a": 5}})",
                             R"({"items": []})",
                             R"({"anyOf": []})",
                             R"({"not": null})",
                             R"({"minLength": -1})",
                             R"({"minLength": 1.5})",
                             R"({"minimum": "0"})",
                             R"({"minimum": true})",
                             R"({"multipleOf": 0})",
                             R"({"pattern": "\\p{L}"})",
                             R"({"patternProperties": {"(": {}}})",
                             R"({"dependencies": {"a": [1]}})",
                             R"({"uniqueItems": 1})",
                             R"({"$ref": 3})",
                             R"({"enum": 3})",
                             R"({"if": {"type": 1}})"}) {
    EXPECT_FALSE(check(schema).ok()) << schema;
  }
  EXPECT_EQ(check(R"({"properties": {"a": {"items": {"type": "strin"}}}})").error().message,
            "schema.properties.a.items.type: 'strin' is no type; types are array, boolean, "
            "integer, null, number, object, string");
}

}  // namespace
}  // namespace bise
