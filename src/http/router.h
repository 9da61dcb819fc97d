#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/exchange.h"

namespace bise::http {

// Who may use a route: a number whose meaning the layer above defines (an enum class over int).
enum class Access : int {};

struct Route {
  std::string method;   // "GET" also serves HEAD
  std::string pattern;  // "/v1/models/{id}": a name in braces stands for one whole segment
  Access access;        // no route without one
  Handler handler;
  std::size_t body_bytes_max = 0;  // 0: the server's own limit
};

// What is served, and nothing else is. Filled before the server starts, constant afterwards.
class Router {
 public:
  enum class Outcome { found, not_found, wrong_method };
  static constexpr std::size_t kSegmentsMax = 16;  // of a pattern; a longer path fits none

  struct Match {
    Outcome outcome = Outcome::not_found;
    const Route* route = nullptr;           // if found
    std::vector<NamedValue> values;         // of the pattern's names
    std::vector<std::string_view> allowed;  // methods of this path, unless not_found
  };

  Router();
  ~Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;

  // CHECKs the pattern's form, and that no route has the same method and shape.
  void add(Route route);

  // A literal segment goes before a name. A name matches no empty segment.
  Match match(std::string_view method, std::string_view path) const;

  // All routes, in the order they were added.
  const std::vector<std::unique_ptr<const Route>>& routes() const { return routes_; }

 private:
  struct Node;

  std::vector<std::unique_ptr<const Route>> routes_;
  std::unique_ptr<Node> root_;
};

}  // namespace bise::http
