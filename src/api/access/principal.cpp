#include "api/access/principal.h"

#include <array>

#include "base/check.h"

namespace bise::api {
namespace {

constexpr std::array<std::string_view, kScopeCount> kNames = {"inference", "chats", "metrics",
                                                              "admin"};

}  // namespace

std::string_view scope_name(Scope scope) {
  return kNames[static_cast<std::size_t>(scope)];
}

std::optional<Scope> find_scope(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Scope>(i);
  }
  return std::nullopt;
}

const Principal& principal_of(const http::Request& request) {
  const auto* principal = std::any_cast<Principal>(&request.identity);
  CHECK(principal != nullptr);
  return *principal;
}

}  // namespace bise::api
