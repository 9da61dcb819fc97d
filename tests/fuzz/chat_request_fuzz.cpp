// The first byte chooses a layout, the rest is a chat request: what is accepted is well made, in
// every mode the same, and serving accepts nothing that testing refuses.

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/mapped_file.h"
#include "tokenizer/chat/chat_layout.h"
#include "tokenizer/chat/read_request.h"
#include "tokenizer/load.h"

namespace {

using namespace bise;

struct Loaded {
  LoadedTokenizer file;
  std::vector<std::unique_ptr<const ChatLayout>> layouts;
};

// The small vocabulary with the control tokens of v15, which has those of all versions.
const Loaded& loaded() {
  static const Loaded made = [] {
    const std::string folder = "tests/golden/tokenizer/";
    constexpr std::size_t kBytesMax = 1 << 20;
    Json json = read_json(read_text_file(folder + "small-tekken.json", kBytesMax).value()).value();
    const Json head =
        read_json(read_text_file(folder + "small-heads/v15-schema.json", kBytesMax).value())
            .value();
    for (const Json::Member& member : head.members()) json.set(member.first, member.second);
    Loaded all{.file = load_tekken(write_json(json)).value(), .layouts = {}};
    for (const Layout layout : {Layout::v3, Layout::v7, Layout::v11, Layout::v13, Layout::v15}) {
      all.layouts.push_back(
          make_chat_layout(layout, *all.file.tokenizer, all.file.settings).value());
    }
    return all;
  }();
  return made;
}

void check_prompt(const ChatPrompt& prompt) {
  const Tokenizer& tokenizer = *loaded().file.tokenizer;
  for (const TokenId id : prompt.ids) CHECK(id >= 0 && id < tokenizer.vocab_size());
  CHECK(prompt.ids.front() == *tokenizer.bos_id());
  for (const PromptImage& image : prompt.images) {
    CHECK(image.first_token < prompt.ids.size());
    CHECK(prompt.ids[image.first_token] == *tokenizer.control_id("[IMG]"));
    CHECK(image.grid.rows > 0 && image.grid.cols > 0);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Result<Json> json = read_json(text);
  if (!json.ok()) return 0;
  const Result<FimRequest> fim = read_fim_request(*json);
  if (fim.ok()) check_prompt(lay_out_fim(*loaded().file.tokenizer, *fim).value());
  const Result<ChatRequest> request = read_chat_request(*json);
  if (!request.ok()) {
    CHECK(!request.error().message.empty());
    return 0;
  }
  const ChatLayout& layout = *loaded().layouts[data[0] % loaded().layouts.size()];
  std::optional<std::vector<TokenId>> first;
  bool accepted_by_test = false;
  for (const ChatMode mode :
       {ChatMode::test, ChatMode::serving, ChatMode::finetuning, ChatMode::agnostic}) {
    const Result<ChatPrompt> prompt =
        layout.lay_out(*request, {.mode = mode, .max_model_input_len = data[0]});
    if (!prompt.ok()) {
      CHECK(!prompt.error().message.empty());
      continue;
    }
    check_prompt(*prompt);
    if (!first) first = prompt->ids;
    CHECK(*first == prompt->ids);
    if (mode == ChatMode::test) accepted_by_test = true;
    CHECK(mode != ChatMode::serving || accepted_by_test);
  }
  return 0;
}
