// GET /docs: the OpenAPI document as a plain page, made here, without scripts or resources.

#include "api/endpoints.h"
#include "api/server/openapi.h"
#include "base/text.h"

namespace bise::api {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string word(const Json& object, std::string_view name) {
  const Json* value = object.find(name);
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

std::string type_words(const Json& schema) {
  std::string out;
  if (const Json* reference = schema.find("$ref")) {
    const std::string& target = reference->as_string();
    return target.substr(target.rfind('/') + 1);
  }
  const Json* type = schema.find("type");
  if (type == nullptr) return "any";
  if (type->is_string()) {
    out = type->as_string();
  } else {
    for (const Json& one : type->items()) {
      out += concat(out.empty() ? "" : " or ", one.as_string());
    }
  }
  const Json* items = schema.find("items");
  if (items != nullptr) out += concat(" of ", type_words(*items));
  for (const char* bound : {"minimum", "maximum", "maxItems", "maxLength"}) {
    if (const Json* value = schema.find(bound)) {
      out += concat(", ", bound, " ", write_json(*value));
    }
  }
  return out;
}

bool lists(const Json* names, const std::string& name) {
  if (names == nullptr) return false;
  for (const Json& item : names->items()) {
    if (item == Json(name)) return true;
  }
  return false;
}

void append_fields(std::string& out, const Json& schema) {
  const Json* properties = schema.find("properties");
  if (properties == nullptr) return;
  out += "<table><thead><tr><th>field<th>type<th>class<th>note</thead><tbody>\n";
  for (const Json::Member& field : properties->members()) {
    const std::string marked = word(field.second, "x-bise-class");
    const bool required = lists(schema.find("required"), field.first);
    out += concat("<tr><td><code>", escaped(field.first), "</code>", required ? " (required)" : "",
                  "<td>", escaped(type_words(field.second)), "<td>",
                  marked.empty() ? std::string("honoured") : marked, "<td>",
                  escaped(word(field.second, "description")), "\n");
  }
  out += "</tbody></table>\n";
}

void append_operation(std::string& out, const std::string& path, const Json::Member& method,
                      const Json& schemas) {
  const Json& operation = method.second;
  std::string name = method.first;
  for (char& c : name) c = static_cast<char>(c - 'a' + 'A');
  out += concat("<h2 id=\"", word(operation, "operationId"), "\"><code>", name, ' ', escaped(path),
                "</code></h2>\n<p>", escaped(word(operation, "summary")), ".</p>\n");
  if (const Json* body = operation.find("requestBody")) {
    const Json& content = *body->find("content")->find("application/json");
    const std::string schema = type_words(*content.find("schema"));
    append_fields(out, *schemas.find(schema));
  }
  out += "<p>Answers:";
  for (const Json::Member& response : operation.find("responses")->members()) {
    out += concat(" ", response.first);
  }
  out += "</p>\n";
}

}  // namespace

void serve_docs(const ServicesPtr& services, const http::ExchangePtr& exchange) {
  const Json document = openapi_document(services->table, services->context.version);
  const Json& schemas = *document.find("components")->find("schemas");
  std::string out = concat(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width\"><title>bise: the API</title></head>"
      "<body>\n<h1>bise ",
      escaped(services->context.version), ": the API</h1>\n<p>",
      escaped(word(*document.find("info"), "description")),
      "</p>\n<p>The same for programs: <a href=\"openapi.json\">openapi.json</a></p>\n");
  for (const Json::Member& path : document.find("paths")->members()) {
    for (const Json::Member& method : path.second.members()) {
      append_operation(out, path.first, method, schemas);
    }
  }
  for (const Json::Member& component : services->table.components().members()) {
    out += concat("<h2>", escaped(component.first), "</h2>\n");
    append_fields(out, component.second);
  }
  out += "</body></html>\n";
  exchange->respond({.status = 200,
                     .headers = {{"Content-Type", "text/html; charset=utf-8"},
                                 {"Content-Security-Policy", "default-src 'none'"},
                                 {"X-Content-Type-Options", "nosniff"}},
                     .body = std::move(out)});
}

}  // namespace bise::api
