#include "tokenizer/golden_files.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "base/check.h"
#include "base/mapped_file.h"
#include "tokenizer/json_cursor.h"

namespace bise::golden {
namespace {

// The top level's "vocab" as text: far too long for a tree.
std::string vocab_of(const std::string& json) {
  JsonCursor cursor(json);
  std::string_view key;
  for (bool first = true; cursor.next_member(first, key).value();) {
    const std::string_view value = cursor.raw().value();
    if (key == "vocab") return std::string(value);
  }
  CHECK(false);
  return {};
}

std::string join(const std::string& head, const std::string& vocabulary) {
  const std::size_t close = head.rfind('}');
  return head.substr(0, close) + ", \"vocab\": " + vocab_of(vocabulary) + "}";
}

}  // namespace

std::optional<std::string> shared_path(const std::string& rest) {
  const char* named = std::getenv("BISE_SHARED");
  const std::string path = std::string(named != nullptr ? named : "../shared") + "/" + rest;
  if (!std::filesystem::exists(path)) return std::nullopt;
  return path;
}

std::string read(const std::string& path) {
  if (!path.ends_with(".gz")) return read_text_file(path, std::size_t{1} << 28).value();
  std::FILE* pipe = ::popen(("zcat '" + path + "'").c_str(), "r");
  CHECK(pipe != nullptr);
  std::string text;
  char chunk[1 << 16];
  while (const std::size_t got = std::fread(chunk, 1, sizeof chunk, pipe)) text.append(chunk, got);
  CHECK(::pclose(pipe) == 0);
  return text;
}

std::vector<Json> read_lines(const std::string& path) {
  const std::string text = read(path);
  std::vector<Json> rows;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = text.find('\n', begin);
    if (end == std::string::npos) end = text.size();
    if (end > begin) {
      rows.push_back(read_json(std::string_view(text).substr(begin, end - begin)).value());
    }
    begin = end + 1;
  }
  CHECK(!rows.empty());
  return rows;
}

std::string small_tekken(const std::string& head) {
  const std::string folder = "tests/golden/tokenizer/";
  return join(read(folder + "small-heads/" + head + ".json"), read(folder + "small-tekken.json"));
}

std::optional<std::string> real_tekken(const std::string& head) {
  const auto vocabulary = shared_path("data/tekken/tekken_240911.json.gz");
  const auto head_path = shared_path("data/tekken/heads/" + head + ".json");
  if (!vocabulary || !head_path) return std::nullopt;
  return join(read(*head_path), read(*vocabulary));
}

LoadedTokenizer must_load_tekken(const std::string& json) {
  auto loaded = load_tekken(json);
  if (!loaded.ok()) std::fprintf(stderr, "%s\n", loaded.error().message.c_str());
  CHECK(loaded.ok());
  return std::move(loaded).value();
}

std::string text_of(const Json& row) {
  if (const Json* text = row.find("text")) return text->as_string();
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned group = 0, bits = 0;
  for (const char c : row.find("bytes_b64")->as_string()) {
    if (c == '=') break;
    group = group << 6 | static_cast<unsigned>(kDigits.find(c));
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push_back(static_cast<char>(group >> bits));
    group &= (1u << bits) - 1;
  }
  return bytes;
}

std::vector<TokenId> ids_of(const Json& row) {
  std::vector<TokenId> ids;
  for (const Json& id : row.find("ids")->items()) {
    ids.push_back(static_cast<TokenId>(id.to_int64().value()));
  }
  return ids;
}

}  // namespace bise::golden
