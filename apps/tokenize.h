#pragma once

#include <string>

#include "tokenizer/chat/chat_layout.h"

namespace bise {

struct TokenizeOptions {
  std::string model =
      {};  // a tekken.json, a tokenizer.json, a GGUF file, a folder, or a stored name
  std::string layout = {};  // "v13"; empty: what the file says
  enum class Task { encode, chat, decode, parse } task = Task::encode;
  ChatMode mode = ChatMode::test;
  bool keep_special = false;  // decode: control tokens are written out
  std::string file = {};      // JSON lines; empty: stdin
};

// Answers each JSON line with one on stdout; a line that is refused gets {"error": ...}. Returns
// the exit code: 0 whatever the lines are, 2 with one sentence on stderr if the tokenizer or the
// file cannot be read.
int run_tokenize(const TokenizeOptions& options);

}  // namespace bise
