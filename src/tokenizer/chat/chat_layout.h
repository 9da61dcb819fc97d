#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "tokenizer/chat/answer_parser.h"
#include "tokenizer/chat/chat_request.h"
#include "tokenizer/chat/image_size.h"
#include "tokenizer/layout.h"
#include "tokenizer/prompt_settings.h"
#include "tokenizer/tokenizer.h"

namespace bise {

// Which conversations are accepted (mistral-common's validation modes). `serving` is for servers,
// `test` the same without a model name and with unanswered calls at the end, `finetuning` wants a
// finished assistant message last, `agnostic` has no rule for the last message.
enum class ChatMode { test, serving, finetuning, agnostic };

std::optional<ChatMode> find_chat_mode(std::string_view name);

struct LayoutOptions {
  ChatMode mode = ChatMode::test;
  // Where requests say truncate_for_context_length: the most tokens before they are cut.
  std::optional<std::int64_t> max_model_input_len;
};

// An image that stands in the prompt, with the size it must be brought to.
struct PromptImage {
  ImageSize size;               // pixels, multiples of patch and merge size
  ImageGrid grid;               // its [IMG] tokens, row by row
  std::size_t first_token = 0;  // where they begin in the prompt
  std::shared_ptr<const std::string> file;
};

struct ChatPrompt {
  std::vector<TokenId> ids;
  std::vector<PromptImage> images;
  // The tokens of the last message, if it is to be continued: ids ends in them.
  std::optional<std::vector<TokenId>> prefix_ids;
  bool inside_thought = false;  // the prefix ends in an open thought, and so begins the answer
};

// How conversations become token ids and answers become segments. Words of a message never become
// control tokens. Immutable; the tokenizer must outlive it.
class ChatLayout {
 public:
  virtual ~ChatLayout() = default;

  virtual Layout layout() const = 0;
  virtual Result<ChatPrompt> lay_out(const ChatRequest& request,
                                     const LayoutOptions& options) const = 0;
  // What AnswerParser needs to read answers back.
  virtual const AnswerMarks& answer_marks() const = 0;
};

// Fails where the tokenizer lacks control tokens that the layout needs.
Result<std::unique_ptr<const ChatLayout>> make_chat_layout(Layout layout,
                                                           const Tokenizer& tokenizer,
                                                           const PromptSettings& settings);

// Tokens that end an answer: the layout's (if there is one) and the tokenizer's end of sequence.
std::vector<TokenId> end_ids(const ChatLayout* layout, const Tokenizer& tokenizer);

// [SUFFIX] and [PREFIX] of the Mistral family, the same in every version.
Result<ChatPrompt> lay_out_fim(const Tokenizer& tokenizer, const FimRequest& request);

}  // namespace bise
