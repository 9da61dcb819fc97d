#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "store/chat_records.h"

namespace bise::api {

struct ImportedFile {
  std::vector<store::ImportedChat> chats = {};
  struct Skipped {
    std::size_t index;
    std::string reason;
  };
  std::vector<Skipped> skipped = {};
};

// Our own export (one chat or a list), Open WebUI's and ChatGPT's: each entry is looked at for what
// it is. What has no messages is skipped. `now` is the time of what has none.
ImportedFile read_imported_chats(const Json& file, store::TimeMs now);

// Our own export of one chat.
Json export_chat(const store::Chat& chat, const std::vector<store::Message>& messages);
// The branch that is shown, without thoughts.
std::string export_markdown(const store::Chat& chat, const std::vector<store::Message>& messages);

}  // namespace bise::api
