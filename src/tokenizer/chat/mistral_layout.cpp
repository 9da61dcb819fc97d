#include "tokenizer/chat/mistral_layout.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/text.h"
#include "tokenizer/chat/mistral_marks.h"
#include "tokenizer/chat/mistral_normalize.h"
#include "tokenizer/chat/mistral_rules.h"
#include "tokenizer/chat/mistral_validate.h"
#include "tokenizer/chat/prompt_json.h"

namespace bise {
namespace {

// Far above the 3,025 of the family's images: a bound for files with other settings.
constexpr std::int64_t kImageTokensMax = 1'000'000;
// A patch of more pixels a side is nobody's; products with it stay within int.
constexpr int kImageTokenSizeMax = 4096;
constexpr int kImageSizeMax = 1'000'000;

// Of all released v15 models: for files that do not list their settings, as GGUF.
ModelSettingsSpec released_model_settings() {
  return {.reasoning_effort =
              ReasoningEffortSetting{.values = {"none", "high"}, .default_value = "none"},
          .json_schema = false};
}

// The tokens of one turn, which are dropped or kept together.
struct Piece {
  std::vector<TokenId> ids;
  std::vector<PromptImage> images;  // first_token counts from the piece's begin
};

// An image after texts comes before them.
void put_lone_image_first(std::vector<ContentChunk>& content) {
  if (content.size() < 2 || !std::holds_alternative<ImageChunk>(content.back())) return;
  for (std::size_t i = 0; i + 1 < content.size(); ++i) {
    if (!std::holds_alternative<TextChunk>(content[i])) return;
  }
  std::rotate(content.begin(), content.end() - 1, content.end());
}

bool ends_in_thought(const std::vector<ContentChunk>& content) {
  const auto* thought = content.empty() ? nullptr : std::get_if<ThinkingChunk>(&content.back());
  return thought != nullptr && !thought->closed;
}

class MistralLayout final : public ChatLayout {
 public:
  MistralLayout(const MistralRules& rules, const Tokenizer& tokenizer,
                const PromptSettings& settings, const MistralMarks& marks)
      : rules_(rules),
        tokenizer_(tokenizer),
        image_(settings.image),
        model_settings_(settings.model_settings.value_or(released_model_settings())),
        marks_(marks),
        answer_marks_(answer_marks_of(rules, marks)) {}

  Layout layout() const override { return rules_.layout; }
  const AnswerMarks& answer_marks() const override { return answer_marks_; }
  Result<ChatPrompt> lay_out(const ChatRequest& request,
                             const LayoutOptions& options) const override;

 private:
  void add_text(std::string_view text, Piece& piece) const { tokenizer_.encode(text, piece.ids); }
  Result<void> add_chunk(const ContentChunk& chunk, Piece& piece) const;
  Result<void> add_thinking(const ThinkingChunk& chunk, Piece& piece) const;
  Result<void> add_image(const ImageChunk& chunk, Piece& piece) const;
  Result<void> add_content(const std::vector<ContentChunk>& content, Piece& piece) const;

  Result<std::vector<TokenId>> tools_and_settings(const ChatRequest& request) const;
  Result<void> add_user_content(const std::vector<ContentChunk>& content,
                                const std::string& system_prompt, Piece& piece) const;
  Result<void> add_assistant_turn(const ChatMessage& message, Piece& piece) const;
  void add_calls(const std::vector<ToolCall>& calls, Piece& piece) const;
  Result<void> add_result_turn(const ChatMessage& message, Piece& piece) const;

  Result<std::vector<Piece>> encode_turns(const MistralConversation& conversation,
                                          const ChatRequest& request) const;

  const MistralRules& rules_;
  const Tokenizer& tokenizer_;
  std::optional<ImageSettings> image_;
  ModelSettingsSpec model_settings_;
  MistralMarks marks_;
  AnswerMarks answer_marks_;
};

Result<void> MistralLayout::add_thinking(const ThinkingChunk& chunk, Piece& piece) const {
  if (!marks_.begin_think || !marks_.end_think) {
    return Error{ErrorCode::not_supported,
                 "thinking: this tokenizer has no [THINK] tokens; leave the chunk out"};
  }
  piece.ids.push_back(*marks_.begin_think);
  add_text(chunk.text, piece);
  if (chunk.closed) piece.ids.push_back(*marks_.end_think);
  return {};
}

Result<void> MistralLayout::add_image(const ImageChunk& chunk, Piece& piece) const {
  if (!image_ || !marks_.image || !marks_.image_break || !marks_.image_end) {
    return Error{ErrorCode::not_supported,
                 "an image: this tokenizer's file says nothing about images; leave it out"};
  }
  const ImageGrid grid = image_grid(chunk.size, *image_);
  if (std::int64_t{grid.rows} * grid.cols > kImageTokensMax) {
    return Error{ErrorCode::not_supported,
                 concat("an image of ", grid.rows, " x ", grid.cols, " tokens; at most ",
                        kImageTokensMax, " tokens are laid out")};
  }
  const int token_size = image_->patch_size * image_->merge_size;
  piece.images.push_back({.size = {grid.cols * token_size, grid.rows * token_size},
                          .grid = grid,
                          .first_token = piece.ids.size(),
                          .file = chunk.file});
  for (int row = 0; row < grid.rows; ++row) {
    piece.ids.insert(piece.ids.end(), static_cast<std::size_t>(grid.cols), *marks_.image);
    piece.ids.push_back(row + 1 < grid.rows ? *marks_.image_break : *marks_.image_end);
  }
  return {};
}

Result<void> MistralLayout::add_chunk(const ContentChunk& chunk, Piece& piece) const {
  if (const auto* text = std::get_if<TextChunk>(&chunk)) {
    add_text(text->text, piece);
    return {};
  }
  if (const auto* thinking = std::get_if<ThinkingChunk>(&chunk)) {
    return add_thinking(*thinking, piece);
  }
  return add_image(std::get<ImageChunk>(chunk), piece);
}

Result<void> MistralLayout::add_content(const std::vector<ContentChunk>& content,
                                        Piece& piece) const {
  for (const ContentChunk& chunk : content) TRY_VOID(add_chunk(chunk, piece));
  return {};
}

Result<std::vector<TokenId>> MistralLayout::tools_and_settings(const ChatRequest& request) const {
  Piece piece;
  if (!request.tools.empty()) {
    piece.ids.push_back(marks_.begin_tools);
    add_text(tools_json(request.tools), piece);
    piece.ids.push_back(marks_.end_tools);
  }
  if (!rules_.model_settings) return std::move(piece.ids);
  const std::string settings = TRY(model_settings_json(model_settings_, request));
  if (!settings.empty()) {
    piece.ids.push_back(*marks_.begin_settings);
    add_text(settings, piece);
    piece.ids.push_back(*marks_.end_settings);
  }
  return std::move(piece.ids);
}

// `system_prompt` is empty except where the layout puts it into this turn.
Result<void> MistralLayout::add_user_content(const std::vector<ContentChunk>& content,
                                             const std::string& system_prompt, Piece& piece) const {
  const bool plain = content.empty() ||
                     (content.size() == 1 && std::holds_alternative<TextChunk>(content.front()));
  const std::string lead = system_prompt.empty() ? "" : system_prompt + "\n\n";
  if (plain) {
    // One text, so that tokens may span the seam; beside images the seam stays.
    add_text(lead + (content.empty() ? "" : std::get<TextChunk>(content.front()).text), piece);
    return {};
  }
  std::vector<ContentChunk> ordered = content;
  put_lone_image_first(ordered);
  add_text(lead, piece);
  return add_content(ordered, piece);
}

void MistralLayout::add_calls(const std::vector<ToolCall>& calls, Piece& piece) const {
  if (calls.empty()) return;
  if (rules_.call_form == MistralRules::CallForm::json_list) {
    piece.ids.push_back(marks_.tool_calls);
    add_text(calls_json(calls), piece);
    return;
  }
  for (const ToolCall& call : calls) {
    piece.ids.push_back(marks_.tool_calls);
    add_text(call.name, piece);
    const bool with_id = rules_.call_form == MistralRules::CallForm::name_id_arguments &&
                         !call.id.empty() && call.id != kNullToolCallId;
    if (with_id) {
      piece.ids.push_back(*marks_.call_id);
      add_text(call.id, piece);
    }
    piece.ids.push_back(*marks_.arguments);
    add_text(write_json(json_or_text(call.arguments)), piece);
  }
}

Result<void> MistralLayout::add_assistant_turn(const ChatMessage& message, Piece& piece) const {
  const std::vector<ContentChunk>& content = message.content;
  if (content.empty() && message.tool_calls.empty()) {
    return Error{ErrorCode::invalid_argument,
                 "it has neither content nor tool_calls; leave the message out"};
  }
  if (!rules_.content_beside_calls && !content.empty() && !message.tool_calls.empty()) {
    return Error{ErrorCode::invalid_argument,
                 "merged with its neighbours of the same role it has both content and tool_calls"};
  }
  if (content.size() == 1 && std::holds_alternative<TextChunk>(content.front())) {
    std::string_view text = std::get<TextChunk>(content.front()).text;
    while (text.ends_with(' ')) text.remove_suffix(1);
    add_text(text, piece);
  } else {
    TRY_VOID(add_content(content, piece));
  }
  add_calls(message.tool_calls, piece);
  if (!message.prefix) piece.ids.push_back(marks_.eos);
  return {};
}

Result<void> MistralLayout::add_result_turn(const ChatMessage& message, Piece& piece) const {
  piece.ids.push_back(marks_.begin_results);
  const std::string id = message.tool_call_id.value_or("");
  if (rules_.result_form == MistralRules::ResultForm::json_object) {
    const std::string text =
        message.content.empty() ? "" : std::get<TextChunk>(message.content.front()).text;
    add_text(write_json(Json::object({{"content", json_or_text(text)}, {"call_id", id}})), piece);
  } else {
    if (rules_.result_form == MistralRules::ResultForm::id_and_content) {
      if (!marks_.tool_content) {
        return Error{ErrorCode::not_supported,
                     concat("tool results need the control token [TOOL_CONTENT] in the layout ",
                            layout_name(rules_.layout), ", and this tokenizer has it not")};
      }
      add_text(id, piece);
      piece.ids.push_back(*marks_.tool_content);
    }
    TRY_VOID(add_content(message.content, piece));
  }
  piece.ids.push_back(marks_.end_results);
  return {};
}

Result<std::vector<Piece>> MistralLayout::encode_turns(const MistralConversation& conversation,
                                                       const ChatRequest& request) const {
  const std::vector<MistralTurn>& turns = conversation.turns;
  std::size_t first_user = turns.size(), last_user = turns.size();
  for (std::size_t i = 0; i < turns.size(); ++i) {
    if (turns[i].message.role != ChatRole::user) continue;
    if (first_user == turns.size()) first_user = i;
    last_user = i;
  }
  const std::size_t tools_turn =
      rules_.tools_place == MistralRules::ToolsPlace::before_first_user_turn ? first_user
                                                                             : last_user;
  std::vector<Piece> pieces(turns.size());
  for (std::size_t i = 0; i < turns.size(); ++i) {
    const ChatMessage& message = turns[i].message;
    Piece& piece = pieces[i];
    const auto encode = [&]() -> Result<void> {
      switch (message.role) {
        case ChatRole::system:
          piece.ids.push_back(*marks_.begin_system);
          TRY_VOID(add_content(message.content, piece));
          piece.ids.push_back(*marks_.end_system);
          return {};
        case ChatRole::user:
          if (i == tools_turn) piece.ids = TRY(tools_and_settings(request));
          piece.ids.push_back(marks_.begin_user);
          TRY_VOID(add_user_content(message.content,
                                    i == last_user ? conversation.system_prompt : "", piece));
          piece.ids.push_back(marks_.end_user);
          return {};
        case ChatRole::assistant:
          return add_assistant_turn(message, piece);
        case ChatRole::tool:
          return add_result_turn(message, piece);
      }
      return {};
    };
    Result<void> encoded = encode();
    if (!encoded.ok()) {
      return std::move(encoded).error().in(concat("messages.", turns[i].first_message));
    }
  }
  return pieces;
}

// Drops turns from the front until `tokens_max` are left (the first token, BOS, is not counted).
// System turns and the last user turn stay; with a user turn goes what follows up to the next one.
Result<void> truncate(const std::vector<MistralTurn>& turns, std::int64_t tokens_max,
                      std::vector<Piece>& pieces) {
  std::size_t last_user = turns.size();
  std::int64_t excess = -tokens_max;
  for (std::size_t i = 0; i < turns.size(); ++i) {
    if (turns[i].message.role == ChatRole::user) last_user = i;
    excess += static_cast<std::int64_t>(pieces[i].ids.size());
  }
  const auto drop = [&](std::size_t i) {
    if (turns[i].message.role == ChatRole::system || i == last_user) return;
    excess -= static_cast<std::int64_t>(pieces[i].ids.size());
    pieces[i] = Piece{};
  };
  bool within_user_turn = false;
  for (std::size_t i = 0; i < turns.size(); ++i) {
    const bool user = turns[i].message.role == ChatRole::user;
    if (excess <= 0 && (user || !within_user_turn)) break;
    drop(i);
    within_user_turn = within_user_turn || user;
  }
  if (excess <= 0) return {};
  return Error{
      ErrorCode::invalid_argument,
      concat("truncate_for_context_length: even without the messages that may be dropped ", excess,
             " tokens too many are left; shorten the last user message or the "
             "system prompt")};
}

Result<ChatPrompt> MistralLayout::lay_out(const ChatRequest& request,
                                          const LayoutOptions& options) const {
  TRY_VOID(validate_mistral_request(rules_, request, options.mode));
  if (rules_.model_settings) TRY(model_settings_json(model_settings_, request));
  if (request.truncate_for_context_length && !options.max_model_input_len) {
    return Error{ErrorCode::invalid_argument,
                 "truncate_for_context_length: no length is known; give max_model_input_len"};
  }
  const MistralConversation conversation = normalize_for_mistral(rules_, request.messages);
  std::vector<Piece> pieces = TRY(encode_turns(conversation, request));
  std::vector<TokenId> prefix_ids = pieces.back().ids;
  if (request.truncate_for_context_length && rules_.truncates) {
    TRY_VOID(truncate(conversation.turns, *options.max_model_input_len, pieces));
  }

  ChatPrompt prompt;
  const ChatMessage& last = conversation.turns.back().message;
  if (last.role == ChatRole::assistant && last.prefix) {
    prompt.prefix_ids = std::move(prefix_ids);
    prompt.inside_thought = last.tool_calls.empty() && ends_in_thought(last.content);
  }
  prompt.ids.push_back(marks_.bos);
  for (Piece& piece : pieces) {
    for (PromptImage& image : piece.images) {
      image.first_token += prompt.ids.size();
      prompt.images.push_back(std::move(image));
    }
    prompt.ids.insert(prompt.ids.end(), piece.ids.begin(), piece.ids.end());
  }
  return prompt;
}

}  // namespace

Result<std::unique_ptr<const ChatLayout>> make_mistral_layout(Layout layout,
                                                              const Tokenizer& tokenizer,
                                                              const PromptSettings& settings) {
  const MistralRules* rules = find_mistral_rules(layout);
  CHECK(rules != nullptr);
  const MistralMarks marks = TRY(find_mistral_marks(*rules, tokenizer));
  if (settings.image) {
    const ImageSettings& image = *settings.image;
    const bool plausible = image.patch_size >= 1 && image.merge_size >= 1 && image.size_max >= 1 &&
                           image.size_max <= kImageSizeMax &&
                           image.patch_size <= kImageTokenSizeMax / image.merge_size;
    if (!plausible) {
      return Error{ErrorCode::corrupt_file,
                   "the tokenizer's file has implausible sizes for images and their patches"};
    }
  }
  return std::unique_ptr<const ChatLayout>(
      std::make_unique<MistralLayout>(*rules, tokenizer, settings, marks));
}

}  // namespace bise
