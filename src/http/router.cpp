#include "http/router.h"

#include <algorithm>

#include "base/check.h"

namespace bise::http {
namespace {

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const auto end = std::min(path.find('/'), path.size());
    segments.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return segments;
}

bool is_name(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

bool is_served_by(std::string_view method, const Route& route) {
  return route.method == method || (method == "HEAD" && route.method == "GET");
}

}  // namespace

// A node is a place in the tree of segments; its routes differ in their methods.
struct Router::Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
  std::unique_ptr<Node> name;
  std::vector<const Route*> routes;

  // The nodes of all patterns that fit the path, literal segments before names.
  void collect(const std::vector<std::string_view>& path, std::size_t depth,
               std::vector<const Node*>& found) const {
    if (depth == path.size()) {
      if (!routes.empty()) found.push_back(this);
      return;
    }
    const auto literal = literals.find(path[depth]);
    if (literal != literals.end()) literal->second->collect(path, depth + 1, found);
    if (name && !path[depth].empty()) name->collect(path, depth + 1, found);
  }
};

Router::Router() : root_(std::make_unique<Node>()) {}
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

void Router::add(Route route) {
  CHECK(route.pattern.starts_with('/'));
  CHECK(route.handler != nullptr);
  Node* node = root_.get();
  const auto segments = segments_of(route.pattern);
  CHECK(segments.size() <= kSegmentsMax);
  for (const std::string_view segment : segments) {
    CHECK(is_name(segment) || segment.find_first_of("{}") == std::string_view::npos);
    std::unique_ptr<Node>& next =
        is_name(segment) ? node->name : node->literals[std::string(segment)];
    if (!next) next = std::make_unique<Node>();
    node = next.get();
  }
  for (const Route* other : node->routes) CHECK(other->method != route.method);
  routes_.push_back(std::make_unique<const Route>(std::move(route)));
  node->routes.push_back(routes_.back().get());
}

Router::Match Router::match(std::string_view method, std::string_view path) const {
  Match match;
  if (!path.starts_with('/')) return match;
  const auto segments = segments_of(path);
  if (segments.size() > kSegmentsMax) return match;
  std::vector<const Node*> nodes;
  root_->collect(segments, 0, nodes);
  for (const Node* node : nodes) {
    for (const Route* route : node->routes) {
      for (const std::string_view allowed : {route->method.c_str(), "HEAD"}) {
        if (allowed == "HEAD" && route->method != "GET") continue;
        const auto at = std::find(match.allowed.begin(), match.allowed.end(), allowed);
        if (at == match.allowed.end()) match.allowed.push_back(allowed);
      }
      if (!match.route && is_served_by(method, *route)) match.route = route;
    }
  }
  if (!match.route) {
    match.outcome = nodes.empty() ? Outcome::not_found : Outcome::wrong_method;
    return match;
  }
  match.outcome = Outcome::found;
  const auto pattern = segments_of(match.route->pattern);
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (!is_name(pattern[i])) continue;
    match.values.emplace_back(pattern[i].substr(1, pattern[i].size() - 2), segments[i]);
  }
  return match;
}

}  // namespace bise::http
