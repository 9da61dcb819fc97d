#include "tokenizer/bpe_tokenizer.h"

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "tokenizer/merge.h"

namespace bise {
namespace {

// Positions in a piece are 32 bits wide; a longer piece is cut here. It would need 40 GiB of
// scratch, so only the arithmetic is at stake.
constexpr std::size_t kPieceBytesMax = std::size_t{1} << 30;

class BpeTokenizer : public Tokenizer {
 public:
  explicit BpeTokenizer(BpeParts parts)
      : parts_(std::move(parts)), next_piece_(piece_scanner(parts_.pre_tokenizer)) {
    for (int byte = 0; byte < 256; ++byte) {
      const char key = static_cast<char>(byte);
      byte_ids_[byte] = parts_.vocabulary.find({&key, 1});
    }
  }

  void encode(std::string_view text, std::vector<TokenId>& ids) const override {
    if (is_valid_utf8(text)) return encode_valid(text, ids);
    encode_valid(replace_invalid_utf8(text), ids);
  }

  int vocab_size() const override { return parts_.vocabulary.size(); }
  std::optional<TokenId> control_id(std::string_view name) const override {
    return parts_.vocabulary.control_id(name);
  }
  bool is_control(TokenId id) const override { return parts_.vocabulary.is_control(id); }
  std::string_view bytes(TokenId id) const override { return parts_.vocabulary.bytes(id); }
  std::optional<TokenId> bos_id() const override { return parts_.bos_id; }
  std::optional<TokenId> eos_id() const override { return parts_.eos_id; }

 protected:
  virtual void encode_piece(std::string_view piece, std::vector<TokenId>& ids) const = 0;

  const Vocabulary& vocabulary() const { return parts_.vocabulary; }
  const std::array<TokenId, 256>& byte_ids() const { return byte_ids_; }

 private:
  void encode_valid(std::string_view text, std::vector<TokenId>& ids) const {
    while (!text.empty()) {
      std::size_t length = next_piece_(text);
      if (length > kPieceBytesMax) length = kPieceBytesMax;
      encode_piece(text.substr(0, length), ids);
      text.remove_prefix(length);
    }
  }

  BpeParts parts_;
  PieceScanner next_piece_;
  std::array<TokenId, 256> byte_ids_;  // kNoToken where a byte has none
};

// The piece's bytes as symbols; bytes without a token are left out.
std::size_t fill_symbols(std::string_view piece, const std::array<TokenId, 256>& byte_ids,
                         Symbol* symbols) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < piece.size(); ++i) {
    const TokenId id = byte_ids[static_cast<unsigned char>(piece[i])];
    if (id != kNoToken) symbols[count++] = {static_cast<std::uint32_t>(i), id};
  }
  return count;
}

template <class Pairs>
void merge_piece(const Pairs& pairs, std::string_view piece,
                 const std::array<TokenId, 256>& byte_ids, std::vector<TokenId>& ids) {
  const auto piece_end = static_cast<std::uint32_t>(piece.size());
  if (piece.size() <= kShortPieceSymbols) {
    Symbol symbols[kShortPieceSymbols];
    const std::size_t count = fill_symbols(piece, byte_ids, symbols);
    merge_short(pairs, symbols, count, piece_end, ids);
  } else {
    std::vector<Symbol> symbols(piece.size());
    symbols.resize(fill_symbols(piece, byte_ids, symbols.data()));
    merge_long(pairs, symbols, piece_end, ids);
  }
}

class RankTokenizer final : public BpeTokenizer {
 public:
  using BpeTokenizer::BpeTokenizer;

 private:
  struct Pairs {
    const Vocabulary& vocabulary;
    const char* piece;

    std::uint32_t rank(const Symbol& left, const Symbol&, std::uint32_t right_end) const {
      return static_cast<std::uint32_t>(
          vocabulary.find({piece + left.begin, right_end - left.begin}));
    }
    TokenId merged(std::uint32_t rank) const { return static_cast<TokenId>(rank); }
  };
  static_assert(static_cast<std::uint32_t>(kNoToken) == kNoRank);

  void encode_piece(std::string_view piece, std::vector<TokenId>& ids) const override {
    const TokenId whole = vocabulary().find(piece);
    if (whole != kNoToken) {
      ids.push_back(whole);
      return;
    }
    merge_piece(Pairs{vocabulary(), piece.data()}, piece, byte_ids(), ids);
  }
};

class MergeTokenizer final : public BpeTokenizer {
 public:
  MergeTokenizer(BpeParts parts, MergeList merges, WholePieces whole_pieces)
      : BpeTokenizer(std::move(parts)), merges_(std::move(merges)), whole_pieces_(whole_pieces) {}

 private:
  struct Pairs {
    const MergeList& merges;

    std::uint32_t rank(const Symbol& left, const Symbol& right, std::uint32_t) const {
      return merges.rank(left.id, right.id);
    }
    static_assert(MergeList::kNone == kNoRank);
    TokenId merged(std::uint32_t rank) const { return merges.merged(rank); }
  };

  void encode_piece(std::string_view piece, std::vector<TokenId>& ids) const override {
    if (whole_pieces_ == WholePieces::look_up_first) {
      const TokenId whole = vocabulary().find(piece);
      if (whole != kNoToken) {
        ids.push_back(whole);
        return;
      }
    }
    merge_piece(Pairs{merges_}, piece, byte_ids(), ids);
  }

  MergeList merges_;
  WholePieces whole_pieces_;
};

}  // namespace

std::unique_ptr<const Tokenizer> make_rank_tokenizer(BpeParts parts) {
  return std::make_unique<RankTokenizer>(std::move(parts));
}

std::unique_ptr<const Tokenizer> make_merge_tokenizer(BpeParts parts, MergeList merges,
                                                      WholePieces whole_pieces) {
  return std::make_unique<MergeTokenizer>(std::move(parts), std::move(merges), whole_pieces);
}

}  // namespace bise
