#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/memory_need.h"
#include "base/result.h"
#include "formats/checkpoint.h"
#include "kv/kv_cache.h"
#include "models/model.h"
#include "tokenizer/chat/chat_layout.h"
#include "tokenizer/load.h"

namespace bise {

struct LoadOptions {
  std::string path;
  std::string layout;  // overrides the file's, unless empty
  std::optional<KvElement> kv;
  std::optional<std::int64_t> context_tokens;
  int threads = 0;
};

// A model ready to talk: everything a chat or a one-shot answer needs, in order of dependence.
struct LoadedModel {
  std::string name;
  Checkpoint checkpoint;
  LoadedTokenizer tokenizer;
  std::unique_ptr<const ChatLayout> layout;
  std::unique_ptr<Backend> backend;
  std::unique_ptr<Model> model;
  std::unique_ptr<KvCache> cache;
  KvElement kv;
  std::int64_t context_tokens;
  MemoryNeed need;
};

// Says before loading when memory will not do. Errors name the file.
Result<LoadedModel> load_model(const LoadOptions& options);

}  // namespace bise
