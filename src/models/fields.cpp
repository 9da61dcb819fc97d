#include "models/fields.h"

#include "base/text.h"

namespace bise {

const Json* Fields::find(std::string_view key) const {
  const Json* value = object_->find(prefix_ + std::string(key));
  return value == nullptr || value->is_null() ? nullptr : value;
}

bool Fields::named(std::string_view key) const {
  return object_->find(prefix_ + std::string(key)) != nullptr;
}

bool Fields::has(std::string_view key) const {
  return find(key) != nullptr;
}

Error Fields::fail(std::string_view key, std::string_view what) const {
  return Error{ErrorCode::corrupt_file, concat(quoted(where_, 400), ": ", prefix_, key, " ", what)};
}

Error Fields::unsupported(std::string_view key, std::string_view what) const {
  return Error{ErrorCode::not_supported, fail(key, what).message};
}

Result<std::int64_t> Fields::integer(std::string_view key, std::int64_t low,
                                     std::int64_t high) const {
  const Json* value = find(key);
  if (value == nullptr) return fail(key, "is missing");
  if (!value->is_number()) return fail(key, concat("is ", value->kind_name(), ", not a number"));
  const std::optional<std::int64_t> whole = value->to_int64();
  if (!whole || *whole < low || *whole > high) {
    return fail(key, concat("is ", quoted(value->number().text, 40), ", not a whole number from ",
                            low, " to ", high));
  }
  return *whole;
}

Result<std::int64_t> Fields::integer_or(std::string_view key, std::int64_t low, std::int64_t high,
                                        std::int64_t otherwise) const {
  if (!has(key)) return otherwise;
  return integer(key, low, high);
}

Result<double> Fields::number(std::string_view key, double low, double high) const {
  const Json* value = find(key);
  if (value == nullptr) return fail(key, "is missing");
  if (!value->is_number()) return fail(key, concat("is ", value->kind_name(), ", not a number"));
  const double number = *value->to_double();
  // Written so that NaN fails.
  if (!(number >= low && number <= high)) {
    return fail(key,
                concat("is ", quoted(value->number().text, 40), ", outside ", low, " to ", high));
  }
  return number;
}

Result<double> Fields::number_or(std::string_view key, double low, double high,
                                 double otherwise) const {
  if (!has(key)) return otherwise;
  return number(key, low, high);
}

Result<bool> Fields::boolean_or(std::string_view key, bool otherwise) const {
  const Json* value = find(key);
  if (value == nullptr) return otherwise;
  if (!value->is_bool()) return fail(key, concat("is ", value->kind_name(), ", not true or false"));
  return value->as_bool();
}

Result<std::string> Fields::string(std::string_view key) const {
  const Json* value = find(key);
  if (value == nullptr) return fail(key, "is missing");
  if (!value->is_string()) return fail(key, concat("is ", value->kind_name(), ", not a string"));
  return value->as_string();
}

}  // namespace bise
