#include "api/mistral/chat_writer.h"

#include "base/text.h"
#include "http/sse.h"

namespace bise::api::mistral {
namespace {

using Kind = AnswerPiece::Kind;

std::string compact(const Json& json) {
  return write_json(json, {.spaces = false});
}

std::string_view finish_word(const ChoiceEnd& end) {
  switch (end.ending) {
    case Ending::stop:
    case Ending::stop_string:
      return end.has_calls ? "tool_calls" : "stop";
    case Ending::length:
      return "length";
    case Ending::context_full:
      return "model_length";
    case Ending::failed:
      break;
  }
  return "error";
}

Json usage_json(const Usage& usage) {
  return Json::object(
      {{"prompt_tokens", usage.prompt_tokens},
       {"completion_tokens", usage.completion_tokens},
       {"total_tokens", usage.prompt_tokens + usage.completion_tokens},
       {"prompt_tokens_details", Json::object({{"cached_tokens", usage.cached_tokens}})}});
}

Json text_chunk(const std::string& text) {
  return Json::object({{"type", "text"}, {"text", text}});
}

Json thinking_chunk(const std::string& text, bool closed) {
  Json pieces = Json::array();
  if (!text.empty()) pieces.push(text_chunk(text));
  return Json::object({{"type", "thinking"}, {"thinking", std::move(pieces)}, {"closed", closed}});
}

Json call_json(const AnswerBlock& call, int index) {
  return Json::object(
      {{"id", call.call_id},
       {"type", "function"},
       {"index", index},
       {"function", Json::object({{"name", call.text}, {"arguments", call.arguments}})}});
}

class ChatWriter final : public StreamWriter {
 public:
  ChatWriter(const AnswerHead& head, int choices)
      : head_(head), choices_(static_cast<std::size_t>(choices)) {
    begin_ = concat("data: {\"id\":\"", head.id, "\",\"object\":\"chat.completion.chunk\",",
                    "\"created\":", head.created, ",\"model\":");
    append_json_string(begin_, head.model);
  }

  void begin(const Usage&, std::string& out) override {
    for (std::size_t i = 0; i < choices_.size(); ++i) {
      chunk(static_cast<int>(i), R"({"role":"assistant","content":""})", "", "null", out);
      out += "}\n\n";
    }
  }

  void add(int choice, const std::vector<AnswerPiece>& pieces, const LogProbs* log_probs,
           std::string& out) override {
    std::string extra;
    if (log_probs != nullptr) {
      const Json entry = log_probs_json(*log_probs, *head_.served->tokenizer);
      extra = concat(",\"logprobs\":{\"content\":[", compact(entry), "]}");
    }
    for (const AnswerPiece& piece : pieces) add_piece(choice, piece, extra, out);
    if (!extra.empty()) plain(choice, R"({"content":""})", extra, out);
  }

  void end_choice(int choice, const ChoiceEnd& end, std::string& out) override {
    std::string none;
    end_call(choice, none, out);
    close_thought(choice, none, out);
    end_last(nullptr, out);
    last_choice_ = choice;
    last_finish_ = concat('"', finish_word(end), '"');
  }

  void end(const Usage& usage, std::string& out) override {
    end_last(&usage, out);
    out += "data: [DONE]\n\n";
  }

  std::string failure(const ApiError& error) const override {
    std::string out;
    chunk(0, R"({"content":""})", "", "\"error\"", out);
    return concat(out, ",\"error\":", compact(*error_json(error).find("error")), "}\n\n");
  }

 private:
  struct Choice {
    std::optional<AnswerBlock> call;  // being gathered
    int call_index = 0;
    bool closes_thought = false;  // told together with the text that follows
  };

  // `extra` goes with the first chunk and is empty afterwards.
  void add_piece(int choice, const AnswerPiece& piece, std::string& extra, std::string& out) {
    Choice& state = choices_[static_cast<std::size_t>(choice)];
    switch (piece.kind) {
      case Kind::call:
        end_call(choice, extra, out);
        close_thought(choice, extra, out);
        state.call = AnswerBlock{Kind::call, piece.text, false, piece.call_id, {}};
        state.call_index = piece.call;
        return;
      case Kind::arguments:
        if (state.call) state.call->arguments += piece.text;
        return;
      case Kind::thinking_closed:
        state.closes_thought = true;
        return;
      case Kind::thinking:
        end_call(choice, extra, out);
        close_thought(choice, extra, out);
        content(choice, Json(Json::Array{thinking_chunk(piece.text, false)}), extra, out);
        return;
      case Kind::text:
        break;
    }
    end_call(choice, extra, out);
    if (std::exchange(state.closes_thought, false)) {
      content(choice, Json(Json::Array{thinking_chunk("", true), text_chunk(piece.text)}), extra,
              out);
    } else {
      content(choice, Json(piece.text), extra, out);
    }
  }

  void content(int choice, const Json& json, std::string& extra, std::string& out) {
    plain(choice, concat("{\"content\":", compact(json), "}"), extra, out);
  }

  void close_thought(int choice, std::string& extra, std::string& out) {
    Choice& state = choices_[static_cast<std::size_t>(choice)];
    if (!std::exchange(state.closes_thought, false)) return;
    content(choice, Json(Json::Array{thinking_chunk("", true)}), extra, out);
  }

  void end_call(int choice, std::string& extra, std::string& out) {
    Choice& state = choices_[static_cast<std::size_t>(choice)];
    if (!state.call) return;
    const Json list(Json::Array{call_json(*state.call, state.call_index)});
    plain(choice, concat("{\"content\":\"\",\"tool_calls\":", compact(list), "}"), extra, out);
    state.call.reset();
  }

  void plain(int choice, std::string_view delta, std::string& extra, std::string& out) const {
    chunk(choice, delta, extra, "null", out);
    extra.clear();
    out += "}\n\n";
  }

  // The finish of a choice waits: the last one to come carries the usage.
  void end_last(const Usage* usage, std::string& out) {
    if (last_choice_ < 0) return;
    chunk(last_choice_, R"({"content":""})", "", last_finish_, out);
    if (usage != nullptr) {
      out += concat(",\"usage\":", compact(usage_json(*usage)), ",\"seed\":", head_.seed);
    }
    out += "}\n\n";
  }

  // Without the last bracket.
  void chunk(int choice, std::string_view delta, std::string_view extra, std::string_view finish,
             std::string& out) const {
    out += begin_;
    out += concat(",\"choices\":[{\"index\":", choice, ",\"delta\":", delta, extra,
                  ",\"finish_reason\":", finish, "}]");
  }

  const AnswerHead head_;
  std::vector<Choice> choices_;
  std::string begin_;
  int last_choice_ = -1;
  std::string last_finish_;
};

Json content_json(const ChoiceAnswer& choice) {
  bool has_thoughts = false;
  for (const AnswerBlock& block : choice.blocks) has_thoughts |= block.kind == Kind::thinking;
  if (!has_thoughts) return choice.text();
  Json chunks = Json::array();
  for (const AnswerBlock& block : choice.blocks) {
    if (block.kind == Kind::thinking) chunks.push(thinking_chunk(block.text, block.closed));
    if (block.kind == Kind::text) chunks.push(text_chunk(block.text));
  }
  return chunks;
}

Json message_json(const ChoiceAnswer& choice) {
  Json calls = Json::array();
  for (const AnswerBlock& block : choice.blocks) {
    if (block.kind != Kind::call) continue;
    calls.push(call_json(block, static_cast<int>(calls.items().size())));
  }
  return Json::object({{"role", "assistant"},
                       {"content", content_json(choice)},
                       {"tool_calls", calls.items().empty() ? Json() : std::move(calls)},
                       {"prefix", false}});
}

}  // namespace

std::unique_ptr<StreamWriter> make_chat_writer(const AnswerHead& head, int choices) {
  return std::make_unique<ChatWriter>(head, choices);
}

Json whole_chat(const AnswerHead& head, const std::vector<ChoiceAnswer>& choices,
                const Usage& usage) {
  Json list = Json::array();
  for (std::size_t i = 0; i < choices.size(); ++i) {
    Json choice = Json::object({{"index", static_cast<std::int64_t>(i)},
                                {"message", message_json(choices[i])},
                                {"finish_reason", finish_word(choices[i].end)}});
    if (!choices[i].log_probs.empty()) {
      Json entries = Json::array();
      for (const LogProbs& entry : choices[i].log_probs) {
        entries.push(log_probs_json(entry, *head.served->tokenizer));
      }
      choice.set("logprobs", Json::object({{"content", std::move(entries)}}));
    }
    list.push(std::move(choice));
  }
  return Json::object({{"id", head.id},
                       {"object", "chat.completion"},
                       {"created", head.created},
                       {"model", head.model},
                       {"choices", std::move(list)},
                       {"usage", usage_json(usage)},
                       {"seed", head.seed}});
}

}  // namespace bise::api::mistral
