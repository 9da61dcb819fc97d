// Requests and answers of mistral-common 1.13.1, and of the starter's own template, held against
// the layouts. Those with the small vocabulary lie in tests/golden/chat; the real vocabulary and
// what else there is comes from the shared folder.

#include <gtest/gtest.h>

#include <algorithm>

#include "tokenizer/chat/chat_layout.h"
#include "tokenizer/chat/read_request.h"
#include "tokenizer/golden_files.h"

namespace bise {
namespace {

constexpr std::string_view kModes[] = {"test", "serving", "finetuning", "agnostic"};

struct Loaded {
  LoadedTokenizer file;
  std::unique_ptr<const ChatLayout> layout;
};

Loaded load(const std::string& tekken) {
  Loaded loaded{.file = golden::must_load_tekken(tekken), .layout = nullptr};
  auto made =
      make_chat_layout(loaded.file.settings.layout, *loaded.file.tokenizer, loaded.file.settings);
  if (made.ok()) loaded.layout = std::move(made).value();
  return loaded;
}

std::vector<TokenId> ids_at(const Json& row, const char* key) {
  std::vector<TokenId> ids;
  for (const Json& id : row.find(key)->items()) {
    ids.push_back(static_cast<TokenId>(*id.to_int64()));
  }
  return ids;
}

Result<ChatPrompt> lay_out(const Loaded& loaded, const Json& row, std::string_view mode) {
  const Json& request = *row.find("request");
  if (request.find("prompt") != nullptr) {
    return lay_out_fim(*loaded.file.tokenizer, TRY(read_fim_request(request)));
  }
  LayoutOptions options{.mode = *find_chat_mode(mode), .max_model_input_len = {}};
  if (const Json* most = row.find("max_model_input_len")) {
    options.max_model_input_len = most->to_int64();
  }
  return loaded.layout->lay_out(TRY(read_chat_request(request)), options);
}

void expect_same(const ChatPrompt& prompt, const Json& row, const char* key) {
  // Long ones are given in one vocabulary only.
  if (row.find(key) != nullptr) {
    EXPECT_EQ(prompt.ids, ids_at(row, key));
  }
  if (key == std::string("small_ids")) return;
  const Json* images = row.find("images");
  ASSERT_EQ(prompt.images.size(), images == nullptr ? 0 : images->items().size());
  for (std::size_t i = 0; i < prompt.images.size(); ++i) {
    const Json::Array& shape = images->items()[i].items();
    EXPECT_EQ(prompt.images[i].size.height, shape[1].to_int64());
    EXPECT_EQ(prompt.images[i].size.width, shape[2].to_int64());
  }
  ASSERT_EQ(prompt.prefix_ids.has_value(), row.find("prefix_ids") != nullptr);
  if (prompt.prefix_ids) {
    EXPECT_EQ(*prompt.prefix_ids, ids_at(row, "prefix_ids"));
  }
}

void expect_like_golden(const Loaded& loaded, const Json& row, std::string_view mode,
                        const char* key) {
  SCOPED_TRACE(row.find("name")->as_string() + ", mode " + std::string(mode));
  const Json::Array& accepted = row.find("accepted")->items();
  const bool wanted = std::find(accepted.begin(), accepted.end(), Json(mode)) != accepted.end();
  const Result<ChatPrompt> prompt = lay_out(loaded, row, mode);
  ASSERT_EQ(prompt.ok(), wanted) << (prompt.ok() ? "" : prompt.error().message);
  if (prompt.ok()) expect_same(*prompt, row, key);
}

void expect_goldens(const Loaded& loaded, const std::vector<Json>& rows, const char* key) {
  ASSERT_NE(loaded.layout, nullptr);
  ASSERT_FALSE(rows.empty());
  for (const Json& row : rows) {
    if (row.find("kind") != nullptr) continue;  // transcriptions
    for (const std::string_view mode : kModes) expect_like_golden(loaded, row, mode, key);
  }
}

class EveryHead : public testing::TestWithParam<const char*> {};

TEST_P(EveryHead, LaysRequestsOutAsMistralCommonWithTheSmallVocabulary) {
  const std::string head = GetParam();
  expect_goldens(load(golden::small_tekken(head)),
                 golden::read_lines("tests/golden/chat/" + head + ".jsonl"), "small_ids");
}

TEST_P(EveryHead, LaysRequestsOutAsMistralCommonWithTheRealVocabulary) {
  const std::string head = GetParam();
  const auto tekken = golden::real_tekken(head);
  const auto rows = golden::shared_path("goldens/chat/" + head + ".jsonl.gz");
  if (!tekken || !rows) GTEST_SKIP() << "the shared folder is not there";
  expect_goldens(load(*tekken), golden::read_lines(*rows), "ids");
}

INSTANTIATE_TEST_SUITE_P(Chat, EveryHead,
                         testing::Values("v3", "v7", "v11", "v13", "v15", "v15-schema"),
                         [](const auto& head) {
                           std::string name = head.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(Chat, LaysOutFillInTheMiddleInEveryVersion) {
  const auto rows = golden::read_lines("tests/golden/chat/fim.jsonl");
  for (const char* head : {"v3", "v7", "v11", "v13", "v15"}) {
    const Loaded loaded = load(golden::small_tekken(head));
    for (const Json& row : rows) {
      SCOPED_TRACE(row.find("name")->as_string());
      const Result<ChatPrompt> prompt = lay_out(loaded, row, "test");
      ASSERT_TRUE(prompt.ok()) << prompt.error().message;
      EXPECT_EQ(prompt->ids, ids_at(row, "small_ids"));
    }
  }
}

AnswerSegment segment_of(const Json& json) {
  AnswerSegment segment;
  const std::string& type = json.find("type")->as_string();
  if (type == "call") segment.kind = AnswerSegment::Kind::call;
  if (type == "thinking") segment.kind = AnswerSegment::Kind::thinking;
  if (const Json* text = json.find("text")) segment.text = text->as_string();
  if (const Json* closed = json.find("closed")) segment.closed = closed->as_bool();
  const auto field = [&](const char* key) {
    const Json* value = json.find(key);
    return value == nullptr ? std::nullopt : std::optional<std::string>(value->as_string());
  };
  segment.name = field("name");
  segment.id = field("id");
  segment.arguments = field("args");
  segment.body = field("body");
  return segment;
}

TEST(Chat, ParsesAnswersIntoTheGoldenSegments) {
  for (const std::string head : {"v3", "v7", "v11", "v13", "v15"}) {
    const Loaded loaded = load(golden::small_tekken(head));
    ASSERT_NE(loaded.layout, nullptr);
    const auto rows = golden::read_lines("tests/golden/chat/parse-" + head + ".jsonl");
    ASSERT_FALSE(rows.empty());
    for (const Json& row : rows) {
      SCOPED_TRACE(head + " " + row.find("name")->as_string());
      std::vector<AnswerSegment> wanted;
      for (const Json& segment : row.find("segments")->items()) {
        wanted.push_back(segment_of(segment));
      }
      EXPECT_EQ(parse_answer(*loaded.file.tokenizer, loaded.layout->answer_marks(),
                             ids_at(row, "small_ids")),
                wanted);
    }
  }
}

}  // namespace
}  // namespace bise
