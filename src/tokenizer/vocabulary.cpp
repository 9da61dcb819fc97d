#include "tokenizer/vocabulary.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace bise {
namespace {

inline std::uint64_t load64(const char* at) {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}
inline std::uint64_t load32(const char* at) {
  std::uint32_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}
inline std::uint64_t load8(const char* at) {
  return static_cast<unsigned char>(*at);
}

inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// Two overlapping loads cover up to 16 bytes; longer keys fold blocks of 16 in first. (The shape
// of wyhash; the constants are digits of the golden ratio and of pi.)
inline std::uint32_t hash_bytes(const char* key, std::size_t length) {
  constexpr std::uint64_t kOne = 0x9e3779b97f4a7c15, kTwo = 0x243f6a8885a308d3;
  std::uint64_t state = kTwo ^ length;
  while (length > 16) {
    state = mix(load64(key) ^ kOne, load64(key + 8) ^ state);
    key += 16;
    length -= 16;
  }
  std::uint64_t low = 0, high = 0;
  if (length >= 8) {
    low = load64(key);
    high = load64(key + length - 8);
  } else if (length >= 4) {
    low = load32(key);
    high = load32(key + length - 4);
  } else if (length > 0) {
    low = load8(key) << 16 | load8(key + length / 2) << 8 | load8(key + length - 1);
  }
  const std::uint64_t hash = mix(low ^ kOne, high ^ state);
  return static_cast<std::uint32_t>(hash ^ hash >> 32);
}

}  // namespace

// At most half full, so that a probe for what is not there ends soon.
ByteTable::ByteTable(std::size_t count)
    : slots_(std::bit_ceil(std::max<std::size_t>(2 * count, 2)), Slot{0, 0, 0, kNoToken}),
      mask_(slots_.size() - 1) {}

bool ByteTable::insert(const std::string& base, std::uint32_t begin, std::uint32_t length,
                       TokenId id) {
  const char* key = base.data() + begin;
  const std::uint32_t hash = hash_bytes(key, length);
  for (std::size_t i = hash & mask_;; i = (i + 1) & mask_) {
    Slot& slot = slots_[i];
    if (slot.id == kNoToken) {
      slot = {hash, begin, length, id};
      return true;
    }
    if (slot.hash == hash && slot.length == length &&
        std::memcmp(base.data() + slot.begin, key, length) == 0) {
      return false;
    }
  }
}

TokenId ByteTable::find(const std::string& base, const char* key, std::size_t length) const {
  const std::uint32_t hash = hash_bytes(key, length);
  for (std::size_t i = hash & mask_;; i = (i + 1) & mask_) {
    const Slot& slot = slots_[i];
    if (slot.id == kNoToken) return kNoToken;
    if (slot.hash == hash && slot.length == length &&
        std::memcmp(base.data() + slot.begin, key, length) == 0) {
      return slot.id;
    }
  }
}

void Vocabulary::reserve(std::size_t token_count, std::size_t byte_count) {
  bytes_.reserve(byte_count);
  begins_.reserve(token_count + 1);
  control_.reserve(token_count);
}

void Vocabulary::add(std::string_view bytes, bool is_control) {
  bytes_.append(bytes);
  begins_.push_back(static_cast<std::uint32_t>(bytes_.size()));
  control_.push_back(is_control ? 1 : 0);
  if (is_control) {
    ++control_count_;
  } else {
    longest_ = std::max(longest_, bytes.size());
  }
}

std::optional<Vocabulary::Repeated> Vocabulary::index() {
  normal_ = ByteTable(static_cast<std::size_t>(size() - control_count_));
  controls_ = ByteTable(static_cast<std::size_t>(control_count_));
  std::optional<Repeated> repeated;
  for (TokenId id = 0; id < size(); ++id) {
    const std::uint32_t begin = begins_[id], length = begins_[id + 1] - begins_[id];
    if (length == 0) continue;
    ByteTable& table = control_[id] != 0 ? controls_ : normal_;
    if (!table.insert(bytes_, begin, length, id) && !repeated) {
      repeated = Repeated{table.find(bytes_, bytes_.data() + begin, length), id};
    }
  }
  return repeated;
}

std::optional<TokenId> Vocabulary::control_id(std::string_view name) const {
  const TokenId id = controls_.find(bytes_, name.data(), name.size());
  if (id == kNoToken) return std::nullopt;
  return id;
}

}  // namespace bise
