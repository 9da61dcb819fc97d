#include "api/chat_plan.h"

#include "api/body.h"
#include "base/text.h"

namespace bise::api {
namespace {

// The field that an error of the layout begins with: "messages.2 (tool): ..." or
// "tools.0.function: ...".
std::string field_of(const std::string& message) {
  const std::size_t end = message.find_first_of(": ");
  if (end == std::string::npos) return {};
  for (const char* field : {"messages", "tools", "reasoning_effort"}) {
    if (message.starts_with(field)) return message.substr(0, end);
  }
  return {};
}

}  // namespace

ApiResult<ChatPrompt> lay_out_chat(const ServedModel& model, const ChatRequest& chat) {
  if (model.layout == nullptr) {
    return ApiError{
        .status = 400,
        .message = concat("model: ", quoted(model.id), " has no chat layout; use /v1/completions"),
        .param = "model"};
  }
  auto prompt = model.layout->lay_out(chat, {.mode = ChatMode::serving, .max_model_input_len = {}});
  if (prompt.ok()) return std::move(prompt).value();
  ApiError error = from_error(prompt.error());
  error.param = field_of(error.message);
  // Mistral's numbers for these two, which clients look at.
  if (error.param.starts_with("messages")) error.code = "invalid_request_message_order";
  if (error.message.find("tool_call_id") != std::string::npos) error.code = "invalid_function_call";
  return error;
}

void plan_reading(const Asked& asked, const ChatRequest& chat, const ChatPrompt& prompt,
                  bool may_call, GenerationRequest& generation, AnswerPlan& plan) {
  plan.marks = asked.model->layout->answer_marks();
  // With ignore_eos the end token is a control token like others, after which the answer goes on.
  if (generation.end_ids.empty()) plan.marks->end = -1;
  if (plan.marks->tool_calls && !(may_call && !chat.tools.empty())) {
    generation.sampling.logit_bias.emplace_back(*plan.marks->tool_calls, -100.0F);
  }
  plan.stops = read_stops(asked.body);
  plan.reader.stops = plan.stops;
  plan.reader.tokens_min = generation.tokens_min;
  plan.reader.inside_thought = prompt.inside_thought;
}

std::vector<AnswerPiece> lead_of(const ChatMessage& message) {
  std::vector<AnswerPiece> pieces;
  for (const ContentChunk& chunk : message.content) {
    if (const auto* text = std::get_if<TextChunk>(&chunk)) {
      pieces.push_back({AnswerPiece::Kind::text, text->text});
    } else if (const auto* thought = std::get_if<ThinkingChunk>(&chunk)) {
      pieces.push_back({AnswerPiece::Kind::thinking, thought->text});
      if (thought->closed) pieces.push_back({AnswerPiece::Kind::thinking_closed, {}});
    }
  }
  return pieces;
}

}  // namespace bise::api
