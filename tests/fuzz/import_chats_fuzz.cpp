// Files that a person brings: whatever they hold, the chats that are read can be stored.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "api/page/import_chats.h"
#include "base/check.h"
#include "store/open_store.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bise;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Result<Json> file = read_json(text, {.depth_max = 128, .replace_invalid_utf8 = true});
  if (!file.ok()) return 0;
  const api::ImportedFile read = api::read_imported_chats(*file, 1);
  const std::unique_ptr<store::Store> store = store::memory_store();
  const std::int64_t user_id = store->add_user("one").value().id;
  for (const store::ImportedChat& chat : read.chats) {
    const Result<store::Chat> kept = store->import_chat(user_id, chat);
    CHECK(kept.ok());
    const auto messages = store->messages(user_id, kept->id).value();
    CHECK(messages.size() == chat.messages.size());
    // What is written can be read again.
    const Json again = api::export_chat(*kept, messages);
    CHECK(api::read_imported_chats(again, 1).chats.size() == 1);
    CHECK(!api::export_markdown(*kept, messages).empty());
  }
  return 0;
}
