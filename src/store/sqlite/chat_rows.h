#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "store/chat_records.h"
#include "store/sqlite/connection.h"

namespace bise::store {

struct MessagePlace {
  std::int64_t row = 0;
  std::string id;
};
struct MessageTimes {
  TimeMs created_at;
  TimeMs updated_at;
};

// Within a transaction of the caller's, who knows that the chat is the user's.
Result<MessagePlace> insert_message(Connection& db, std::int64_t chat_row,
                                    std::optional<std::int64_t> parent_row,
                                    const MessageFields& fields, const MessageTimes& times);

}  // namespace bise::store
