#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/check.h"

namespace bise {

enum class ErrorCode {
  invalid_argument,  // the caller's words are off: a flag, a field, a value
  not_found,         // a file, a tensor, a model that is not there
  not_supported,     // well formed, but of a kind we do not run
  corrupt_file,      // bytes that contradict themselves or their format
  io,                // the operating system said no; the message carries its words
  out_of_memory,     // would not fit, said before trying
  overloaded,        // no room now; later may do
  cancelled,         // ended on request
  internal,          // not finite numbers and the like: the message names the place
};

// What went wrong, in one sentence that names the file, tensor, key or field and, where there is
// one, the remedy. No trailing full stop, no newline.
struct Error {
  ErrorCode code;
  std::string message;

  // "context: message": for a caller that knows more.
  Error in(std::string_view context) && {
    message.insert(0, std::string(context) + ": ");
    return std::move(*this);
  }
};

// A value or an Error, for everything that depends on the outside.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & {
    CHECK(ok());
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    CHECK(ok());
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    CHECK(ok());
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& {
    CHECK(!ok());
    return *std::get_if<1>(&state_);
  }
  Error&& error() && {
    CHECK(!ok());
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  void value() const { CHECK(ok()); }

  const Error& error() const& {
    CHECK(!ok());
    return *error_;
  }
  Error&& error() && {
    CHECK(!ok());
    return std::move(*error_);
  }

 private:
  std::optional<Error> error_;
};

}  // namespace bise

#define BISE_JOIN_(a, b) a##b
#define BISE_JOIN(a, b) BISE_JOIN_(a, b)

// const auto header = TRY(read_header(in)): the value, or return the error from this function.
// A GNU statement expression (g++ and clang++), so that it can stand inside an expression; the
// counter keeps one TRY inside another from hiding the outer one's variable.
#define TRY(expression) BISE_TRY(expression, BISE_JOIN(try_result_, __COUNTER__))
#define BISE_TRY(expression, result)                                   \
  ({                                                                   \
    auto result = (expression);                                        \
    if (!result.ok()) return ::bise::Error(std::move(result).error()); \
    std::move(result).value();                                         \
  })

// The same for a Result<void>, as a statement.
#define TRY_VOID(expression) BISE_TRY_VOID(expression, BISE_JOIN(try_result_, __COUNTER__))
#define BISE_TRY_VOID(expression, result)                              \
  do {                                                                 \
    auto result = (expression);                                        \
    if (!result.ok()) return ::bise::Error(std::move(result).error()); \
  } while (false)
