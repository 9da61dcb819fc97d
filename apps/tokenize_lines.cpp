#include "apps/tokenize_lines.h"

#include <charconv>
#include <cstdio>
#include <utility>

#include "apps/model_store.h"
#include "apps/model_tokenizer.h"
#include "base/base64.h"
#include "base/mapped_file.h"
#include "base/text.h"
#include "formats/checkpoint.h"
#include "formats/gguf/gguf_content.h"
#include "tokenizer/chat/read_request.h"
#include "tokenizer/detokenizer.h"

namespace bise {
namespace {

// As deep as a request can be before Python's recursion limit would refuse it.
constexpr int kLineDepthMax = 960;

bool is_gguf(const std::string& path) {
  const Result<MappedFile> file = MappedFile::open(path);
  return file.ok() && gguf::has_gguf_magic(file->bytes());
}

Result<LoadedTokenizer> load_any(const std::string& path, const std::string& layout) {
  if (is_gguf(path)) return load_model_tokenizer(TRY(Checkpoint::open(path)), layout);
  LoadedTokenizer loaded = TRY(load_tokenizer(path));
  TRY_VOID(override_layout(loaded.settings, layout));
  return loaded;
}

void append_ids(std::string& out, std::span<const TokenId> ids) {
  char digits[16];
  out += '[';
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i > 0) out += ',';
    out.append(digits, std::to_chars(digits, digits + sizeof digits, ids[i]).ptr);
  }
  out += ']';
}

void append_segment(std::string& out, const AnswerSegment& segment) {
  const auto field = [&](std::string_view key, const std::string& text) {
    out += concat(",\"", key, "\":");
    append_json_string(out, text);
  };
  switch (segment.kind) {
    case AnswerSegment::Kind::text:
      out += R"({"type":"text")";
      field("text", segment.text);
      break;
    case AnswerSegment::Kind::thinking:
      out += R"({"type":"thinking")";
      field("text", segment.text);
      out += segment.closed ? ",\"closed\":true" : ",\"closed\":false";
      break;
    case AnswerSegment::Kind::call:
      out += R"({"type":"call")";
      if (segment.name) field("name", *segment.name);
      if (segment.id) field("id", *segment.id);
      if (segment.arguments) field("args", *segment.arguments);
      if (segment.body) field("body", *segment.body);
      break;
  }
  out += '}';
}

Error missing(std::string_view what) {
  return Error{ErrorCode::invalid_argument, concat("the line has no ", what)};
}

}  // namespace

Result<LineTokenizer> LineTokenizer::open(const TokenizeOptions& options) {
  const std::string path = TRY(resolve_model(options.model, data_folder()));
  return of(TRY(load_any(path, options.layout)), options);
}

Result<LineTokenizer> LineTokenizer::of(LoadedTokenizer loaded, const TokenizeOptions& options) {
  LineTokenizer lines(std::move(loaded), options);
  if (options.task == TokenizeOptions::Task::chat || options.task == TokenizeOptions::Task::parse) {
    lines.layout_ = TRY(make_chat_layout(lines.loaded_.settings.layout, *lines.loaded_.tokenizer,
                                         lines.loaded_.settings));
  }
  return lines;
}

std::string LineTokenizer::answer(std::string_view line) const {
  Result<std::string> answer = dispatch(line);
  if (answer.ok()) return std::move(answer).value();
  std::string out = "{\"error\":";
  append_json_string(out, answer.error().message);
  return out + "}";
}

Result<std::string> LineTokenizer::dispatch(std::string_view line) const {
  const Json json = TRY(read_json(line, {.depth_max = kLineDepthMax}));
  if (!json.is_object()) return Error{ErrorCode::invalid_argument, "the line is no JSON object"};
  switch (options_.task) {
    case TokenizeOptions::Task::encode:
      return encode(json);
    case TokenizeOptions::Task::chat:
      return chat(json);
    case TokenizeOptions::Task::decode:
      return decode(json);
    case TokenizeOptions::Task::parse:
      return parse(json);
  }
  return Error{ErrorCode::internal, "an unknown task"};
}

Result<std::string> LineTokenizer::encode(const Json& line) const {
  std::vector<TokenId> ids;
  const Json* text = line.find("text");
  const Json* bytes = line.find("bytes_b64");
  if (text != nullptr && bytes != nullptr) {
    return Error{ErrorCode::invalid_argument, "both \"text\" and \"bytes_b64\": give one"};
  }
  if (text != nullptr && text->is_string()) {
    loaded_.tokenizer->encode(text->as_string(), ids);
  } else if (bytes != nullptr && bytes->is_string()) {
    std::string decoded;
    if (!decode_base64(bytes->as_string(), decoded)) {
      return Error{ErrorCode::invalid_argument,
                   "bytes_b64 is no base64 (RFC 4648: A-Z a-z 0-9 + / in fours, = at the end)"};
    }
    loaded_.tokenizer->encode(decoded, ids);
  } else {
    return missing("string \"text\" or \"bytes_b64\"");
  }
  std::string out = "{\"ids\":";
  append_ids(out, ids);
  return out + "}";
}

Result<std::string> LineTokenizer::chat(const Json& line) const {
  const Json* request = line.find("request");
  if (request == nullptr) return missing("\"request\"");
  LayoutOptions options{.mode = options_.mode, .max_model_input_len = {}};
  const Json* tokens_max = line.find("max_model_input_len");
  if (tokens_max != nullptr && !tokens_max->is_null()) {
    options.max_model_input_len = tokens_max->to_int64();
    if (!options.max_model_input_len) {
      return Error{ErrorCode::invalid_argument, "max_model_input_len: expected an integer"};
    }
  }
  const ChatPrompt prompt =
      request->find("prompt") != nullptr
          ? TRY(lay_out_fim(*loaded_.tokenizer, TRY(read_fim_request(*request))))
          : TRY(layout_->lay_out(TRY(read_chat_request(*request)), options));
  std::string out = "{\"ids\":";
  append_ids(out, prompt.ids);
  out += ",\"text\":";
  append_json_string(out, bise::decode(*loaded_.tokenizer, prompt.ids, ControlTokens::write_out));
  if (!prompt.images.empty()) {
    out += ",\"images\":[";
    for (std::size_t i = 0; i < prompt.images.size(); ++i) {
      const ImageSize& size = prompt.images[i].size;
      out += concat(i > 0 ? "," : "", "[3,", size.height, ",", size.width, "]");
    }
    out += ']';
  }
  if (prompt.prefix_ids) {
    out += ",\"prefix_ids\":";
    append_ids(out, *prompt.prefix_ids);
  }
  return out + "}";
}

Result<std::vector<TokenId>> LineTokenizer::read_ids(const Json& line) const {
  const Json* values = line.find("ids");
  if (values == nullptr || !values->is_array()) return missing("array \"ids\"");
  std::vector<TokenId> ids;
  for (const Json& value : values->items()) {
    const std::optional<std::int64_t> id = value.to_int64();
    if (!id || *id < 0 || *id >= loaded_.tokenizer->vocab_size()) {
      return Error{ErrorCode::invalid_argument, concat("ids: ", quoted(write_json(value), 40),
                                                       " is no token id; they go from 0 ", "to ",
                                                       loaded_.tokenizer->vocab_size() - 1)};
    }
    ids.push_back(static_cast<TokenId>(*id));
  }
  return ids;
}

Result<std::string> LineTokenizer::decode(const Json& line) const {
  Detokenizer detokenizer(*loaded_.tokenizer,
                          options_.keep_special ? ControlTokens::write_out : ControlTokens::drop);
  std::string text, emit;
  const auto add = [&](const std::string& piece) {
    text += piece;
    append_json_string(emit, piece);
  };
  for (const TokenId id : TRY(read_ids(line))) {
    if (!emit.empty()) emit += ',';
    add(detokenizer.push(id));
  }
  const std::string flush = detokenizer.flush();
  std::string out = "{\"text\":";
  append_json_string(out, text + flush);
  out += concat(",\"emit\":[", emit, "],\"flush\":");
  append_json_string(out, flush);
  return out + "}";
}

Result<std::string> LineTokenizer::parse(const Json& line) const {
  const std::vector<TokenId> ids = TRY(read_ids(line));
  std::string out = "{\"segments\":[";
  bool first = true;
  for (const AnswerSegment& segment :
       parse_answer(*loaded_.tokenizer, layout_->answer_marks(), ids)) {
    if (!first) out += ',';
    first = false;
    append_segment(out, segment);
  }
  return out + "]}";
}

}  // namespace bise
