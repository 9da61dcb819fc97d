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

}  // namespace

struct ByteTable::Key {
  std::uint64_t head;
  std::uint32_t hash;
  std::uint32_t check;

  // The shape of wyhash; the constants are digits of the golden ratio and of pi. Overlapping loads
  // cover any length up to eight.
  explicit Key(std::string_view key) {
    constexpr std::uint64_t kOne = 0x9e3779b97f4a7c15, kTwo = 0x243f6a8885a308d3;
    const char* at = key.data();
    const std::size_t length = key.size();
    std::uint64_t state = kTwo ^ length;
    if (length >= 8) {
      head = load64(at);
      std::size_t rest = length - 8;
      for (at += 8; rest > 8; rest -= 8, at += 8) state = mix(load64(at) ^ kOne, state);
      state ^= load64(key.data() + length - 8);
    } else if (length >= 4) {
      head = load32(at) | load32(at + length - 4) << 8 * (length - 4);
    } else {
      const std::size_t middle = length / 2, last = length - 1;
      head = load8(at) | load8(at + middle) << 8 * middle | load8(at + last) << 8 * last;
    }
    const std::uint64_t mixed = mix(head ^ kOne, state);
    hash = static_cast<std::uint32_t>(mixed ^ mixed >> 32);
    check = hash << 8 | static_cast<std::uint32_t>(std::min<std::size_t>(length, 255));
  }
};

// At most half full, so that a probe for what is not there ends soon.
ByteTable::ByteTable(std::size_t count)
    : slots_(std::bit_ceil(std::max<std::size_t>(2 * count, 16)), Slot{0, 0, kNoToken}),
      mask_(slots_.size() - 1),
      present_(slots_.size() * 4 / 64),
      present_shift_(32 - std::countr_zero(slots_.size() * 4)) {}

template <class Stored>
bool ByteTable::insert(TokenId id, const Stored& stored) {
  const std::string_view text = stored(id);
  const Key key(text);
  for (std::size_t i = key.hash & mask_;; i = (i + 1) & mask_) {
    Slot& slot = slots_[i];
    if (slot.id == kNoToken) {
      slot = {key.head, key.check, id};
      const std::uint32_t bit = key.hash >> present_shift_;
      present_[bit / 64] |= std::uint64_t{1} << bit % 64;
      return true;
    }
    if (slot.head == key.head && slot.check == key.check &&
        (text.size() <= 8 || stored(slot.id) == text)) {
      return false;
    }
  }
}

template <class Stored>
TokenId ByteTable::find(std::string_view text, const Stored& stored) const {
  const Key key(text);
  const std::uint32_t bit = key.hash >> present_shift_;
  if ((present_[bit / 64] >> bit % 64 & 1) == 0) return kNoToken;
  for (std::size_t i = key.hash & mask_;; i = (i + 1) & mask_) {
    const Slot& slot = slots_[i];
    if (slot.id == kNoToken) return kNoToken;
    if (slot.head == key.head && slot.check == key.check &&
        (text.size() <= 8 || stored(slot.id) == text)) {
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
  const auto stored = [this](TokenId id) { return bytes(id); };
  std::optional<Repeated> repeated;
  for (TokenId id = 0; id < size(); ++id) {
    if (bytes(id).empty()) continue;
    ByteTable& table = control_[id] != 0 ? controls_ : normal_;
    if (!table.insert(id, stored) && !repeated) {
      repeated = Repeated{table.find(bytes(id), stored), id};
    }
  }
  return repeated;
}

TokenId Vocabulary::find(std::string_view key) const {
  if (key.size() > longest_ || key.empty()) return kNoToken;
  return normal_.find(key, [this](TokenId id) { return bytes(id); });
}

std::optional<TokenId> Vocabulary::control_id(std::string_view name) const {
  if (name.empty()) return std::nullopt;
  const TokenId id = controls_.find(name, [this](TokenId at) { return bytes(at); });
  if (id == kNoToken) return std::nullopt;
  return id;
}

}  // namespace bise
