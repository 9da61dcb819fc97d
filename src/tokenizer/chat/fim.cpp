#include "base/text.h"
#include "tokenizer/chat/chat_layout.h"

namespace bise {

Result<ChatPrompt> lay_out_fim(const Tokenizer& tokenizer, const FimRequest& request) {
  const auto need = [&](std::string_view name) -> Result<TokenId> {
    const std::optional<TokenId> id = tokenizer.control_id(name);
    if (id) return *id;
    return Error{ErrorCode::not_supported, concat("fill-in-the-middle needs the control token ",
                                                  name, ", which this tokenizer has not")};
  };
  ChatPrompt prompt;
  prompt.ids = {TRY(need("<s>")), TRY(need("[SUFFIX]"))};
  if (!request.suffix.empty()) {
    // mistral-common puts this character in front and drops two tokens, which SentencePiece needed.
    // In a vocabulary where it takes three, the third stays: so were the models trained.
    const std::vector<TokenId> suffix = tokenizer.encode("\u263a" + request.suffix);
    if (suffix.size() > 2) prompt.ids.insert(prompt.ids.end(), suffix.begin() + 2, suffix.end());
  }
  prompt.ids.push_back(TRY(need("[PREFIX]")));
  tokenizer.encode(request.prompt, prompt.ids);
  return prompt;
}

}  // namespace bise
