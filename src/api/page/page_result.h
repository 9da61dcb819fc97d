#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "api/errors.h"
#include "base/result.h"

namespace bise::api {

// What the page is told; `needed` and `context` (in tokens) with the code context_full.
struct PageError {
  ApiError error;
  std::int64_t needed = 0;
  std::int64_t context = 0;
};

// Of a layer below: what is not there, and what is not the user's, has the code not_found.
PageError page_error(const Error& error);
PageError bad_field(std::string_view field, std::string_view what);
http::Response page_error_response(const PageError& error);

// A value or a PageError. An Error becomes one, so that TRY works with what the store says.
template <class T>
class [[nodiscard]] PageResult {
 public:
  PageResult(T value) : value_(std::move(value)) {}
  PageResult(PageError error) : error_(std::move(error)) {}
  PageResult(ApiError error) : error_(PageError{std::move(error)}) {}
  PageResult(const Error& error) : error_(page_error(error)) {}

  bool ok() const { return value_.has_value(); }
  T& operator*() { return *value_; }
  T* operator->() { return &*value_; }
  const PageError& error() const { return *error_; }

 private:
  std::optional<T> value_;
  std::optional<PageError> error_;
};

}  // namespace bise::api
