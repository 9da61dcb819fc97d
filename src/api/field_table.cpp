#include "api/field_table.h"

#include "api/schema_check.h"
#include "base/check.h"
#include "base/text.h"

namespace bise::api {
namespace {

bool stands_in(const FieldRow& row, Body body) {
  return (row.bodies >> static_cast<int>(body) & 1) != 0;
}

int shape_status(Body body) {
  const bool pydantic = body == Body::chat || body == Body::fim;
  return pydantic ? 422 : 400;
}

std::string_view class_words(FieldClass field_class) {
  switch (field_class) {
    case FieldClass::honoured:
      return "honoured";
    case FieldClass::no_effect:
      return "no_effect";
    case FieldClass::refused:
      break;
  }
  return "refused";
}

}  // namespace

FieldTable::FieldTable() {
  for (const FieldRow& row : field_rows()) {
    auto schema = read_json(row.schema);
    CHECK(schema.ok());
    fields_.push_back({&row, std::move(schema).value()});
  }
  auto components = read_json(field_components());
  CHECK(components.ok());
  components_ = std::move(components).value();
}

const FieldTable::Field* FieldTable::find(Body body, std::string_view name) const {
  for (const Field& field : fields_) {
    if (field.row->name == name && stands_in(*field.row, body)) return &field;
  }
  return nullptr;
}

std::optional<ApiError> FieldTable::check_shape(Body body, const Json& json, bool strict) const {
  const int status = shape_status(body);
  if (!json.is_object()) {
    return ApiError{.status = status,
                    .message = concat("expected an object, found ", json.kind_name()),
                    .fault = "dict_type"};
  }
  for (const Field& field : fields_) {
    if (!field.row->required || !stands_in(*field.row, body)) continue;
    if (json.find(field.row->name) != nullptr) continue;
    return ApiError{.status = status,
                    .message = concat(field.row->name, ": the field is missing"),
                    .param = std::string(field.row->name),
                    .fault = "missing"};
  }
  for (const Json::Member& member : json.members()) {
    const Field* field = find(body, member.first);
    if (field == nullptr) {
      if (!strict) continue;
      return ApiError{.status = 400,
                      .message = concat(quoted(member.first, 40), ": no such field"),
                      .param = quoted(member.first, 40),
                      .fault = "extra_forbidden"};
    }
    const auto fault = find_fault(field->schema, member.second, member.first, components_);
    if (!fault) continue;
    return ApiError{.status = status,
                    .message = concat(fault->path, ": ", fault->message),
                    .param = fault->path,
                    .fault = fault->kind};
  }
  return {};
}

std::optional<ApiError> FieldTable::check_refused(Body body, const Json& json,
                                                  const ServedModel& model) const {
  for (const Json::Member& member : json.members()) {
    const Field* field = find(body, member.first);
    if (field == nullptr || field->row->field_class != FieldClass::refused) continue;
    if (member.second.is_null() || !field->row->offends(member.second, model)) continue;
    return ApiError{.status = 400,
                    .message = concat(member.first, ": ", field->row->note),
                    .param = member.first,
                    .code = "unsupported_value"};
  }
  return {};
}

std::vector<std::string> FieldTable::without_effect(Body body, const Json& json) const {
  std::vector<std::string> names;
  for (const Json::Member& member : json.members()) {
    const Field* field = find(body, member.first);
    if (field == nullptr || field->row->field_class == FieldClass::no_effect) {
      names.push_back(quoted(member.first, 40));
    }
  }
  return names;
}

Json FieldTable::schema(Body body) const {
  Json properties = Json::object();
  Json required = Json::array();
  for (const Field& field : fields_) {
    const FieldRow& row = *field.row;
    if (!stands_in(row, body)) continue;
    Json schema = field.schema;
    if (!row.note.empty()) schema.set("description", row.note);
    if (row.field_class != FieldClass::honoured) {
      schema.set("x-bise-class", class_words(row.field_class));
    }
    properties.set(std::string(row.name), std::move(schema));
    if (row.required) required.push(row.name);
  }
  Json out = Json::object({{"type", "object"}, {"properties", std::move(properties)}});
  if (!required.items().empty()) out.set("required", std::move(required));
  return out;
}

}  // namespace bise::api
