#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "apps/tokenize.h"
#include "tokenizer/load.h"

namespace bise {

// What `bise tokenize` does with one line.
class LineTokenizer {
 public:
  static Result<LineTokenizer> open(const TokenizeOptions& options);
  static Result<LineTokenizer> of(LoadedTokenizer loaded, const TokenizeOptions& options);

  // The answer without a newline.
  std::string answer(std::string_view line) const;

 private:
  LineTokenizer(LoadedTokenizer loaded, const TokenizeOptions& options)
      : loaded_(std::move(loaded)), options_(options) {}

  Result<std::string> encode(const Json& line) const;
  Result<std::string> chat(const Json& line) const;
  Result<std::string> decode(const Json& line) const;
  Result<std::string> parse(const Json& line) const;
  Result<std::string> dispatch(std::string_view line) const;
  Result<std::vector<TokenId>> read_ids(const Json& line) const;

  LoadedTokenizer loaded_;
  TokenizeOptions options_;
  std::unique_ptr<const ChatLayout> layout_;  // where the task needs one
};

}  // namespace bise
