// Any ids as an answer, structure tokens among them: the texts of all events are the decoded
// answer, segments come in order, and the whole parse says the same.

#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/utf8.h"
#include "tokenizer/chat/chat_layout.h"
#include "tokenizer/load.h"

namespace {

using namespace bise;

constexpr std::uint8_t kMarks[] = {2, 9, 32, 33, 34, 35, 3, 40};  // </s> [TOOL_CALLS] [ARGS] ...

void check_segments(const std::vector<AnswerSegment>& segments) {
  for (const AnswerSegment& segment : segments) {
    const bool call = segment.kind == AnswerSegment::Kind::call;
    CHECK(call == (segment.name.has_value() || segment.body.has_value()));
    CHECK(!segment.closed || segment.kind == AnswerSegment::Kind::thinking);
    CHECK(segment.kind != AnswerSegment::Kind::text || !segment.text.empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto loaded = load_tokenizer("tests/golden/tokenizer/small-tekken.json");
  const Tokenizer& tokenizer = *loaded->tokenizer;
  if (size == 0) return 0;
  const auto layout =
      make_chat_layout(data[0] % 2 == 0 ? Layout::v7 : Layout::v13, tokenizer, loaded->settings)
          .value();

  // Bytes below 8 are marks, 8 to 15 whole words, the rest single bytes.
  std::vector<TokenId> ids;
  for (std::size_t i = 1; i < size; ++i) {
    const std::uint8_t byte = data[i];
    ids.push_back(byte < 8 ? kMarks[byte] : byte < 16 ? 400 + byte : 64 + byte);
  }

  AnswerParser parser(tokenizer, layout->answer_marks());
  std::vector<AnswerEvent> events;
  std::size_t seen = 0;
  for (; seen < ids.size() && !parser.ended(); ++seen) {
    for (AnswerEvent& event : parser.push(ids[seen])) events.push_back(std::move(event));
  }
  for (AnswerEvent& event : parser.finish()) events.push_back(std::move(event));

  std::string text;
  int segment = -1;
  for (const AnswerEvent& event : events) {
    CHECK(is_valid_utf8(event.text));
    CHECK(event.segment == segment || event.segment == segment + 1);
    segment = event.segment;
    text += event.text;
  }
  CHECK(text == decode(tokenizer, std::span(ids).first(seen)));
  const std::vector<AnswerSegment> segments = collect_segments(events);
  check_segments(segments);
  CHECK(segments == parse_answer(tokenizer, layout->answer_marks(), ids));
  return 0;
}
