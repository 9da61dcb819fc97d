#include "api/openai/completion_writer.h"

#include "base/text.h"
#include "base/utf8.h"
#include "http/sse.h"

namespace bise::api::openai {
namespace {

// Characters, which is what text_offset counts.
std::int64_t character_count(std::string_view text) {
  std::int64_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  return count;
}

// {"tokens", "token_logprobs", "top_logprobs", "text_offset"} of tokens in a row.
class LogProbLists {
 public:
  explicit LogProbLists(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}

  // `offset` counts on, from the first token of the answer.
  void add(const LogProbs& entry, std::int64_t& offset) {
    const std::string token = words(entry.chosen.id);
    tokens_.push(token);
    values_.push(finite_log_prob(entry.chosen.log_probability));
    Json top = Json::object();
    for (const TokenLogProb& other : entry.top) {
      top.set(words(other.id), finite_log_prob(other.log_probability));
    }
    top_.push(std::move(top));
    offsets_.push(offset);
    offset += character_count(token);
  }

  Json json() const {
    return Json::object({{"tokens", tokens_},
                         {"token_logprobs", values_},
                         {"top_logprobs", top_},
                         {"text_offset", offsets_}});
  }

 private:
  std::string words(TokenId id) const { return replace_invalid_utf8(tokenizer_.bytes(id)); }

  const Tokenizer& tokenizer_;
  Json tokens_ = Json::array();
  Json values_ = Json::array();
  Json top_ = Json::array();
  Json offsets_ = Json::array();
};

class CompletionWriter final : public StreamWriter {
 public:
  CompletionWriter(const AnswerHead& head, const StreamSettings& settings)
      : head_(head), settings_(settings), offsets_(static_cast<std::size_t>(settings.choices)) {}

  void begin(const Usage&, std::string&) override {}

  void add(int choice, const std::vector<AnswerPiece>& pieces, const LogProbs* log_probs,
           std::string& out) override {
    std::string text;
    for (const AnswerPiece& piece : pieces) text += piece.text;
    Json lists;
    if (log_probs != nullptr) {
      LogProbLists all(*head_.served->tokenizer);
      all.add(*log_probs, offsets_[static_cast<std::size_t>(choice)]);
      lists = all.json();
    }
    if (!text.empty() || log_probs != nullptr) {
      chunk(choice, text, std::move(lists), nullptr, out);
    }
  }

  void end_choice(int choice, const ChoiceEnd& end, std::string& out) override {
    chunk(choice, "", nullptr, Json(finish_word(end)), out);
  }

  void end(const Usage& usage, std::string& out) override {
    if (settings_.includes_usage) send(Json::array(), usage_json(usage), out);
    out += "data: [DONE]\n\n";
  }

  std::string failure(const ApiError& error) const override { return error_frame(error); }

 private:
  void chunk(int choice, const std::string& text, Json log_probs, Json finish,
             std::string& out) const {
    send(Json(Json::Array{Json::object({{"index", choice},
                                        {"text", text},
                                        {"logprobs", std::move(log_probs)},
                                        {"finish_reason", std::move(finish)}})}),
         nullptr, out);
  }

  void send(Json choices, Json usage, std::string& out) const {
    Json json = Json::object({{"id", head_.id},
                              {"object", "text_completion"},
                              {"created", head_.created},
                              {"model", head_.model},
                              {"choices", std::move(choices)}});
    if (settings_.includes_usage) json.set("usage", std::move(usage));
    http::append_sse_event(out, {.data = write_json(json, {.spaces = false})});
  }

  const AnswerHead head_;
  const StreamSettings settings_;
  std::vector<std::int64_t> offsets_;
};

}  // namespace

std::unique_ptr<StreamWriter> make_completion_writer(const AnswerHead& head,
                                                     const StreamSettings& settings) {
  return std::make_unique<CompletionWriter>(head, settings);
}

Json whole_completion(const AnswerHead& head, const std::vector<ChoiceAnswer>& choices,
                      const Usage& usage) {
  Json list = Json::array();
  for (std::size_t i = 0; i < choices.size(); ++i) {
    Json log_probs;
    if (!choices[i].log_probs.empty()) {
      LogProbLists lists(*head.served->tokenizer);
      std::int64_t offset = 0;
      for (const LogProbs& entry : choices[i].log_probs) lists.add(entry, offset);
      log_probs = lists.json();
    }
    list.push(Json::object({{"index", static_cast<std::int64_t>(i)},
                            {"text", choices[i].text()},
                            {"logprobs", std::move(log_probs)},
                            {"finish_reason", finish_word(choices[i].end)}}));
  }
  return whole_answer(head, "text_completion", std::move(list), usage);
}

}  // namespace bise::api::openai
