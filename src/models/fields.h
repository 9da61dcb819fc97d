#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace bise {

// Reads numbers out of a model's metadata with checks and errors that name file and key.
class Fields {
 public:
  // `object` and `where` (the file's path) outlive the reader. `prefix` goes before keys, in
  // look-ups and messages ("mistral3.").
  Fields(const Json& object, std::string_view where, std::string prefix = "")
      : object_(&object), where_(where), prefix_(std::move(prefix)) {}

  bool has(std::string_view key) const;    // present and not null
  bool named(std::string_view key) const;  // present, if only as null
  const Json* find(std::string_view key) const;

  // An integer in [low, high].
  Result<std::int64_t> integer(std::string_view key, std::int64_t low, std::int64_t high) const;
  Result<std::int64_t> integer_or(std::string_view key, std::int64_t low, std::int64_t high,
                                  std::int64_t otherwise) const;
  // A finite number in [low, high].
  Result<double> number(std::string_view key, double low, double high) const;
  Result<double> number_or(std::string_view key, double low, double high, double otherwise) const;
  Result<bool> boolean_or(std::string_view key, bool otherwise) const;
  Result<std::string> string(std::string_view key) const;
  // An error about this key: "FILE: KEY ...". corrupt_file, or for what is well formed but not run
  // not_supported.
  Error fail(std::string_view key, std::string_view what) const;
  Error unsupported(std::string_view key, std::string_view what) const;

 private:
  const Json* object_;
  std::string_view where_;
  std::string prefix_;
};

}  // namespace bise
