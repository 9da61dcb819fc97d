#pragma once

#include <memory>
#include <optional>

#include "tokenizer/merge_list.h"
#include "tokenizer/pre_tokenizer.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/vocabulary.h"

namespace bise {

// What both kinds of byte-pair tokenizers are made of. `vocabulary` is indexed.
struct BpeParts {
  Vocabulary vocabulary;
  PreTokenizer pre_tokenizer;
  std::optional<TokenId> bos_id, eos_id;
};

// tiktoken's way: any two neighbours whose bytes together are a token merge into it, and the rank
// is the token's own id. A piece that is a token as a whole is that token. All 256 single bytes
// must be in the vocabulary.
std::unique_ptr<const Tokenizer> make_rank_tokenizer(BpeParts parts);

// Hugging Face's way: a list of pairs that merge. Bytes without a token of their own vanish after
// the cut into pieces and before merging: in the starter 04 06 13 14 16 1D C0 C1 F1 F2 F5-FF, so
// that "!", 04, "!" is the token "!!" there.
enum class WholePieces {
  merge,          // like any other
  look_up_first,  // "ignore_merges": a piece that is a token as a whole is that token
};
std::unique_ptr<const Tokenizer> make_merge_tokenizer(BpeParts parts, MergeList merges,
                                                      WholePieces whole_pieces);

}  // namespace bise
