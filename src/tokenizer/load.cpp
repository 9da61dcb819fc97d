#include "tokenizer/load.h"

#include <sys/stat.h>

#include <utility>

#include "base/mapped_file.h"
#include "base/remedy.h"
#include "base/text.h"
#include "tokenizer/json_cursor.h"

namespace bise {
namespace {

// The family's take up to 20 MB, and what lies beside a tokenizer.json less than 1 MB.
constexpr std::size_t kFileBytesMax = std::size_t{48} << 20;
constexpr std::size_t kSideFileBytesMax = std::size_t{4} << 20;

bool exists(const std::string& path) {
  struct stat status = {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

bool is_folder(const std::string& path) {
  struct stat status = {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

std::string_view text_of(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

// A tekken.json has "config" and "vocab" at its top, a tokenizer.json "model".
Result<bool> is_tekken_json(std::string_view text) {
  JsonCursor cursor(text);
  std::string_view key;
  for (bool first = true; TRY(cursor.next_member(first, key));) {
    if (key == "config" || key == "vocab") return true;
    if (key == "model" || key == "added_tokens") return false;
    (void)TRY(cursor.raw());
  }
  return Error{ErrorCode::not_supported, "neither a tekken.json nor a tokenizer.json"};
}

Result<LoadedTokenizer> load_file(const std::string& path) {
  const MappedFile file = TRY(MappedFile::open(path));
  const std::string_view text = text_of(file);
  if (text.size() > kFileBytesMax) {
    return Error{ErrorCode::corrupt_file, concat(text.size(), " bytes, more than the ",
                                                 kFileBytesMax, " that a tokenizer may have")};
  }
  if (TRY(is_tekken_json(text))) return load_tekken(text);
  const std::string folder = path.substr(0, path.find_last_of('/') + 1);
  std::string config, chat_template;
  if (exists(folder + "tokenizer_config.json")) {
    config = TRY(read_text_file(folder + "tokenizer_config.json", kSideFileBytesMax));
  }
  if (exists(folder + "chat_template.jinja")) {
    chat_template = TRY(read_text_file(folder + "chat_template.jinja", kSideFileBytesMax));
  }
  return load_hf_tokenizer(
      {.tokenizer_json = text, .config_json = config, .chat_template = chat_template});
}

}  // namespace

Result<LoadedTokenizer> load_tokenizer(const std::string& path) {
  std::string file = path;
  if (is_folder(path)) {
    // tekken.json first: it is what the model's makers encode with.
    file = path + "/tekken.json";
    if (!exists(file)) file = path + "/tokenizer.json";
    if (!exists(file)) {
      const bool has_pieces =
          exists(path + "/tokenizer.model") || exists(path + "/tokenizer.model.v3");
      if (has_pieces) {
        return Error{ErrorCode::not_supported,
                     concat(quoted(path, 400),
                            ": its tokenizer is SentencePiece (tokenizer.model), which is not "
                            "supported; the weights still work with show, score and bench")};
      }
      return Error{ErrorCode::not_found,
                   concat(quoted(path, 400),
                          ": no tekken.json and no tokenizer.json in it; put the model's there")};
    }
  }
  auto loaded = load_file(file);
  if (loaded.ok()) return loaded;
  Error error = std::move(loaded).error();
  // What the system says names the file already.
  if (error.message.find(quoted(file, 400)) == std::string::npos) {
    error = std::move(error).in(quoted(file, 400));
  }
  return with_remedy(std::move(error), file,
                     "take a tekken.json, or a tokenizer.json of a tekken or smollm tokenizer");
}

}  // namespace bise
