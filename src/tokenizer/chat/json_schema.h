#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"

namespace bise {

// Whether `schema` is a well-formed JSON schema of draft 7, as Python's jsonschema decides by the
// draft's own meta-schema: keywords have the right kinds, patterns are regular expressions of
// Python's. Unknown keywords are allowed. `path` names the schema in errors.
Result<void> check_draft7_schema(const Json& schema, const std::string& path);

}  // namespace bise
