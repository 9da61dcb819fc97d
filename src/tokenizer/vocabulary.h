#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/tokenizer.h"

namespace bise {

inline constexpr TokenId kNoToken = -1;

// Byte strings to token ids: open addressing. Strings of up to eight bytes are compared within
// their slot of 16 bytes, longer ones where they are stored.
class ByteTable {
 public:
  // Room for `count` keys.
  explicit ByteTable(std::size_t count = 0);

  // The id's bytes are stored[id]. False if they are there already; the first id stays.
  template <class Stored>
  bool insert(TokenId id, const Stored& stored);
  // The id, or kNoToken.
  template <class Stored>
  TokenId find(std::string_view key, const Stored& stored) const;

 private:
  struct Slot {
    std::uint64_t head;   // the first eight bytes, zeros behind a shorter key
    std::uint32_t check;  // of the length and of the hash
    TokenId id;           // kNoToken: empty
  };
  struct Key;

  std::vector<Slot> slots_;
  std::size_t mask_ = 0;
  // A bit for each key, chosen by other bits of its hash, about one in eight set: most of what is
  // not there is known from here, without touching the slots (4 MB for 131,072 tokens).
  std::vector<std::uint64_t> present_;
  int present_shift_ = 0;
};

// The tokens in id order: their bytes in one string, and two ways back, one for the tokens that
// text can produce, one for the names of control tokens.
class Vocabulary {
 public:
  // The most tokens and bytes of tokens we take: eight times the largest vocabulary known.
  static constexpr std::size_t kTokensMax = std::size_t{1} << 20;
  static constexpr std::size_t kBytesMax = std::size_t{1} << 30;

  void reserve(std::size_t token_count, std::size_t byte_count);

  // Appends the token of the next id. `is_control`: no text produces it, `bytes` is its name.
  void add(std::string_view bytes, bool is_control);

  struct Repeated {
    TokenId first, second;  // two ids with the same bytes, or the same name
    bool operator==(const Repeated&) const = default;
  };
  // Makes find() and control_id() work, once all tokens are there. Of repeated tokens the first is
  // found; the pair met first is returned.
  std::optional<Repeated> index();

  int size() const { return static_cast<int>(begins_.size()) - 1; }
  std::size_t byte_count() const { return bytes_.size(); }
  bool contains(TokenId id) const { return id >= 0 && id < size(); }
  bool is_control(TokenId id) const { return !contains(id) || control_[id] != 0; }
  std::string_view bytes(TokenId id) const {
    if (!contains(id)) return {};
    return std::string_view(bytes_).substr(begins_[id], begins_[id + 1] - begins_[id]);
  }

  // The normal token of these bytes, or kNoToken.
  TokenId find(std::string_view key) const;
  std::optional<TokenId> control_id(std::string_view name) const;

  int control_count() const { return control_count_; }
  // The longest normal token in bytes.
  std::size_t longest() const { return longest_; }

 private:
  std::string bytes_;
  std::vector<std::uint32_t> begins_{0};  // [size + 1]
  std::vector<std::uint8_t> control_;     // [size]
  int control_count_ = 0;
  std::size_t longest_ = 0;
  ByteTable normal_, controls_;
};

}  // namespace bise
