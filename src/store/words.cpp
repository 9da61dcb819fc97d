#include "store/words.h"

#include "base/text.h"

namespace bise::store {

Error missing(std::string_view what) {
  return {ErrorCode::not_found, concat("there is no such ", what)};
}

Error name_taken(std::string_view name) {
  return {ErrorCode::invalid_argument,
          concat("there is a user named ", quoted(name), " already: choose another name")};
}

Error owner_stays() {
  return {ErrorCode::invalid_argument, "the owner cannot be removed"};
}

}  // namespace bise::store
