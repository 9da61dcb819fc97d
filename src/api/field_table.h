#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/errors.h"
#include "api/model_catalog.h"
#include "base/json.h"

namespace bise::api {

// Bodies that are read by the table.
enum class Body : std::uint8_t {
  chat,          // OpenAI's and Mistral's
  completions,   // OpenAI's
  fim,           // Mistral's
  messages,      // Anthropic's
  count_tokens,  // Anthropic's
  tokenize,
  detokenize,
};
inline constexpr int kBodyCount = 7;

enum class FieldClass : std::uint8_t {
  honoured,
  no_effect,  // on the text: accepted
  refused,    // would change the text and cannot be honoured: where `offends` says so
};

struct FieldRow {
  std::string_view name;
  unsigned bodies;  // bit i: it may stand in Body i
  FieldClass field_class;
  bool required;
  std::string_view schema;  // JSON Schema, as find_fault and the OpenAPI document read it
  std::string_view note;    // for the document; of refused ones also the reason given to clients
  bool (*offends)(const Json& value, const ServedModel& model);
};

// The one table of all fields, in field_rows.cpp: bodies are checked by it and the OpenAPI document
// is made of it.
std::span<const FieldRow> field_rows();
// Schemas that rows refer to: {"Message": {...}, ...}.
std::string_view field_components();

// The table, ready for use.
class FieldTable {
 public:
  FieldTable();

  // The shape of the whole body: 422, or 400 where only OpenAI or Anthropic has the route. With
  // `strict` unknown keys are 400.
  std::optional<ApiError> check_shape(Body body, const Json& json, bool strict) const;
  // Fields that cannot be honoured on this model: 400.
  std::optional<ApiError> check_refused(Body body, const Json& json,
                                        const ServedModel& model) const;
  // Names of those that have no effect, unknown ones included, for the record.
  std::vector<std::string> without_effect(Body body, const Json& json) const;

  Json schema(Body body) const;
  const Json& components() const { return components_; }

 private:
  struct Field {
    const FieldRow* row;
    Json schema;
  };
  const Field* find(Body body, std::string_view name) const;

  std::vector<Field> fields_;
  Json components_;
};

}  // namespace bise::api
