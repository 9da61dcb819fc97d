#include "api/answer_reader.h"

#include <utility>

#include "api/ids.h"
#include "base/json.h"

namespace bise::api {
namespace {

constexpr std::string_view kCallMark = "[TOOL_CALLS]";
constexpr std::string_view kArgumentsMark = "[ARGS]";

std::string trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\n\r";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(kSpace) - first + 1));
}

}  // namespace

AnswerReader::AnswerReader(const Tokenizer& tokenizer, const AnswerMarks& marks,
                           ReaderOptions options)
    : parser_(tokenizer, marks), stops_(options.stops), options_(std::move(options)) {
  if (options_.inside_thought) {
    parser_.begin_inside_thought();
    in_thought_ = true;
  }
}

std::vector<AnswerPiece> AnswerReader::push(TokenId id) {
  Pieces pieces;
  ++tokens_;
  for (AnswerEvent& event : parser_.push(id)) take(event, pieces);
  if (in_thought_) ++thinking_tokens_;
  return pieces;
}

std::vector<AnswerPiece> AnswerReader::finish() {
  Pieces pieces;
  for (AnswerEvent& event : parser_.finish()) take(event, pieces);
  if (stopped()) return pieces;
  end_text(pieces);
  end_call(pieces);
  return pieces;
}

void AnswerReader::take(AnswerEvent& event, Pieces& pieces) {
  if (stopped()) return;
  if (event.kind == Kind::text) {
    end_call(pieces);
    in_thought_ = false;
    take_text(event, pieces);
    return;
  }
  end_text(pieces);
  if (event.kind == Kind::ended || event.kind == Kind::thinking ||
      event.kind == Kind::thinking_closed) {
    end_call(pieces);
    in_thought_ = event.kind == Kind::thinking;
    if (event.kind == Kind::thinking && !event.text.empty()) {
      pieces.push_back({AnswerPiece::Kind::thinking, std::move(event.text)});
    }
    if (event.kind == Kind::thinking_closed) {
      pieces.push_back({AnswerPiece::Kind::thinking_closed, {}});
    }
    return;
  }
  in_thought_ = false;
  if (event.segment != call_segment_) {
    end_call(pieces);
    second_call_ = options_.one_call && calls_ > 0;
    if (second_call_) return;
    call_segment_ = event.segment;
    is_body_ = event.kind == Kind::call_body;
  }
  if (event.kind == Kind::call_name) name_ += event.text;
  if (event.kind == Kind::call_id) id_ += event.text;
  if (event.kind == Kind::call_body) body_ += event.text;
  if (event.kind != Kind::call_arguments) return;
  if (!has_arguments_) begin_call(pieces);
  has_arguments_ = true;
  if (event.text.empty()) return;
  wrote_arguments_ = true;
  pieces.push_back(
      is_text_ ? AnswerPiece{AnswerPiece::Kind::text, std::move(event.text)}
               : AnswerPiece{AnswerPiece::Kind::arguments, std::move(event.text), calls_ - 1});
}

void AnswerReader::take_text(AnswerEvent& event, Pieces& pieces) {
  in_text_ = true;
  if (tokens_ >= options_.tokens_min) event.text = stops_.push(event.text);
  if (!event.text.empty()) {
    pieces.push_back({AnswerPiece::Kind::text, std::move(event.text)});
  }
}

// A stop string does not reach across a thought or a call.
void AnswerReader::end_text(Pieces& pieces) {
  if (!std::exchange(in_text_, false)) return;
  std::string rest = stops_.flush();
  if (!rest.empty()) pieces.push_back({AnswerPiece::Kind::text, std::move(rest)});
}

// Its name is whole, because the arguments begin.
void AnswerReader::begin_call(Pieces& pieces) {
  std::string name = trimmed(name_);
  if (name.empty()) {
    is_text_ = true;
    pieces.push_back(
        {AnswerPiece::Kind::text, std::string(kCallMark) + name_ + std::string(kArgumentsMark)});
    return;
  }
  tell_call(std::move(name), id_, pieces);
  is_told_ = true;
}

void AnswerReader::tell_call(std::string name, std::string_view id, Pieces& pieces) {
  const std::string own = trimmed(id);
  pieces.push_back({AnswerPiece::Kind::call, std::move(name), calls_++,
                    is_short_call_id(own) ? own : random_letters(kCallIdLength)});
}

void AnswerReader::end_call(Pieces& pieces) {
  if (call_segment_ < 0) return;
  if (is_body_) {
    end_body(pieces);
  } else if (!is_told_ && !is_text_) {
    std::string name = trimmed(name_);
    if (name.empty()) {
      pieces.push_back({AnswerPiece::Kind::text, std::string(kCallMark) + name_});
    } else {
      tell_call(std::move(name), id_, pieces);
      is_told_ = true;
    }
  }
  // Clients read the arguments as JSON.
  if (is_told_ && !wrote_arguments_) {
    pieces.push_back({AnswerPiece::Kind::arguments, "{}", calls_ - 1});
  }
  call_segment_ = -1;
  is_body_ = is_told_ = is_text_ = has_arguments_ = wrote_arguments_ = false;
  name_.clear();
  id_.clear();
  body_.clear();
}

// [{"name", "arguments", "id"}, ...], the oldest layouts' way.
void AnswerReader::end_body(Pieces& pieces) {
  const auto list = read_json(body_);
  bool is_list = list.ok() && list->is_array() && !list->items().empty();
  for (std::size_t i = 0; is_list && i < list->items().size(); ++i) {
    const Json* name = list->items()[i].find("name");
    is_list = name != nullptr && name->is_string() && !name->as_string().empty();
  }
  if (!is_list) {
    pieces.push_back({AnswerPiece::Kind::text, std::string(kCallMark) + body_});
    return;
  }
  for (const Json& call : list->items()) {
    if (options_.one_call && calls_ > 0) {
      second_call_ = true;
      return;
    }
    const Json* id = call.find("id");
    const Json* arguments = call.find("arguments");
    tell_call(call.find("name")->as_string(),
              id != nullptr && id->is_string() ? std::string_view(id->as_string()) : "", pieces);
    std::string words = "{}";
    if (arguments != nullptr) {
      words = arguments->is_string() ? arguments->as_string() : write_json(*arguments);
    }
    pieces.push_back({AnswerPiece::Kind::arguments, std::move(words), calls_ - 1});
  }
}

}  // namespace bise::api
