#include "api/anthropic/message_writer.h"

#include "base/text.h"
#include "http/sse.h"

namespace bise::api::anthropic {
namespace {

using Kind = AnswerPiece::Kind;

// Clients send it back with the thought and expect some text; nothing is hidden in it.
constexpr std::string_view kSignature = "bise";

void append_event(std::string& out, std::string_view type, const Json& data) {
  http::append_sse_event(out, {.data = write_json(data, {.spaces = false}), .event = type});
}

// What a model wrote in place of an object is kept under one name.
Json input_json(const std::string& arguments) {
  auto json = read_json(arguments);
  if (json.ok() && json->is_object()) return std::move(json).value();
  return Json::object({{"arguments", arguments}});
}

Json call_json(const AnswerBlock& call, Json input) {
  return Json::object({{"type", "tool_use"},
                       {"id", "toolu_" + call.call_id},
                       {"name", call.text},
                       {"input", std::move(input)}});
}

Json usage_json(const Usage& usage) {
  return Json::object({{"input_tokens", usage.prompt_tokens - usage.cached_tokens},
                       {"cache_creation_input_tokens", 0},
                       {"cache_read_input_tokens", usage.cached_tokens},
                       {"output_tokens", usage.completion_tokens}});
}

std::string_view stop_reason(const ChoiceEnd& end) {
  switch (end.ending) {
    case Ending::stop:
      return end.has_calls ? "tool_use" : "end_turn";
    case Ending::stop_string:
      return "stop_sequence";
    case Ending::length:
      return "max_tokens";
    case Ending::context_full:
    case Ending::failed:
      break;
  }
  return "model_context_window_exceeded";
}

Json stop_sequence(const ChoiceEnd& end) {
  return end.ending == Ending::stop_string ? Json(end.stop_string) : Json();
}

Json message_json(const AnswerHead& head, Json content, const Usage& usage) {
  return Json::object({{"id", head.id},
                       {"type", "message"},
                       {"role", "assistant"},
                       {"model", head.model},
                       {"content", std::move(content)},
                       {"stop_reason", nullptr},
                       {"stop_sequence", nullptr},
                       {"usage", usage_json(usage)}});
}

class MessageWriter final : public StreamWriter {
 public:
  explicit MessageWriter(const AnswerHead& head) : head_(head) {}

  void begin(const Usage& so_far, std::string& out) override {
    append_event(out, "message_start",
                 Json::object({{"type", "message_start"},
                               {"message", message_json(head_, Json::array(), so_far)}}));
    append_event(out, "ping", Json::object({{"type", "ping"}}));
  }

  void add(int, const std::vector<AnswerPiece>& pieces, const LogProbs*,
           std::string& out) override {
    for (const AnswerPiece& piece : pieces) add_piece(piece, out);
  }

  void end_choice(int, const ChoiceEnd& end, std::string& out) override {
    end_block(out);
    end_ = end;
  }

  void end(const Usage& usage, std::string& out) override {
    append_event(out, "message_delta",
                 Json::object({{"type", "message_delta"},
                               {"delta", Json::object({{"stop_reason", stop_reason(end_)},
                                                       {"stop_sequence", stop_sequence(end_)}})},
                               {"usage", usage_json(usage)}}));
    append_event(out, "message_stop", Json::object({{"type", "message_stop"}}));
  }

  std::string failure(const ApiError& error) const override {
    std::string out;
    Json body = anthropic_error_json(error, "");
    append_event(out, "error", Json::object({{"type", "error"}, {"error", *body.find("error")}}));
    return out;
  }

 private:
  void add_piece(const AnswerPiece& piece, std::string& out) {
    switch (piece.kind) {
      case Kind::text:
        begin_block(Kind::text, Json::object({{"type", "text"}, {"text", ""}}), out);
        return delta(Json::object({{"type", "text_delta"}, {"text", piece.text}}), out);
      case Kind::thinking:
        begin_block(Kind::thinking,
                    Json::object({{"type", "thinking"}, {"thinking", ""}, {"signature", ""}}), out);
        return delta(Json::object({{"type", "thinking_delta"}, {"thinking", piece.text}}), out);
      case Kind::thinking_closed:
        return end_block(out);
      case Kind::call:
        end_block(out);
        call_ = {Kind::call, piece.text, false, piece.call_id, {}};
        return begin_block(Kind::call, call_json(call_, Json::object()), out);
      case Kind::arguments:
        call_.arguments += piece.text;
        return;
    }
  }

  void begin_block(Kind kind, Json block, std::string& out) {
    if (open_ == kind && kind != Kind::call) return;
    end_block(out);
    open_ = kind;
    append_event(out, "content_block_start",
                 Json::object({{"type", "content_block_start"},
                               {"index", index_},
                               {"content_block", std::move(block)}}));
  }

  void delta(Json json, std::string& out) const {
    append_event(
        out, "content_block_delta",
        Json::object(
            {{"type", "content_block_delta"}, {"index", index_}, {"delta", std::move(json)}}));
  }

  void end_block(std::string& out) {
    if (!open_) return;
    if (open_ == Kind::thinking) {
      delta(Json::object({{"type", "signature_delta"}, {"signature", kSignature}}), out);
    }
    if (open_ == Kind::call) {
      const std::string input = write_json(input_json(call_.arguments), {.spaces = false});
      delta(Json::object({{"type", "input_json_delta"}, {"partial_json", input}}), out);
    }
    append_event(out, "content_block_stop",
                 Json::object({{"type", "content_block_stop"}, {"index", index_}}));
    ++index_;
    open_.reset();
  }

  const AnswerHead head_;
  std::optional<Kind> open_;  // the block that is being written
  AnswerBlock call_ = {Kind::call, {}, false, {}, {}};
  int index_ = 0;
  ChoiceEnd end_;
};

}  // namespace

std::unique_ptr<StreamWriter> make_message_writer(const AnswerHead& head) {
  return std::make_unique<MessageWriter>(head);
}

Json whole_message(const AnswerHead& head, const std::vector<ChoiceAnswer>& choices,
                   const Usage& usage) {
  const ChoiceAnswer& choice = choices.front();
  Json content = Json::array();
  for (const AnswerBlock& block : choice.blocks) {
    if (block.kind == Kind::text) {
      content.push(Json::object({{"type", "text"}, {"text", block.text}}));
    } else if (block.kind == Kind::thinking) {
      content.push(Json::object(
          {{"type", "thinking"}, {"thinking", block.text}, {"signature", kSignature}}));
    } else {
      content.push(call_json(block, input_json(block.arguments)));
    }
  }
  Json message = message_json(head, std::move(content), usage);
  message.set("stop_reason", stop_reason(choice.end));
  message.set("stop_sequence", stop_sequence(choice.end));
  return message;
}

}  // namespace bise::api::anthropic
