#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <type_traits>
#include <unordered_set>

#include "base/text.h"
#include "base/utf8.h"
#include "formats/gguf/gguf_content.h"

namespace bise::gguf {
namespace {

// Value types by their number in the file.
enum class ValueType : std::uint32_t {
  u8,
  i8,
  u16,
  i16,
  u32,
  i32,
  f32,
  boolean,
  string,
  array,
  u64,
  i64,
  f64,
};
constexpr std::uint32_t kValueTypeCount = 13;

struct ValueTypeFacts {
  const char* name;
  unsigned bytes;  // of one, the least it takes
};
constexpr std::array<ValueTypeFacts, kValueTypeCount> kValueTypes = {{
    {"u8", 1},
    {"i8", 1},
    {"u16", 2},
    {"i16", 2},
    {"u32", 4},
    {"i32", 4},
    {"f32", 4},
    {"bool", 1},
    {"string", 8},
    {"array", 12},
    {"u64", 8},
    {"i64", 8},
    {"f64", 8},
}};
const ValueTypeFacts& facts_of(ValueType type) {
  return kValueTypes[static_cast<std::uint32_t>(type)];
}

// Bounds far beyond any real file, so that no count and no length, true or not, asks for memory out
// of proportion: a byte of a huge file can become sixty as Json.
constexpr std::uint64_t kKeysMax = 65536;
constexpr std::size_t kKeyBytesMax = 1024;
constexpr std::uint64_t kArrayElementsMax = 65536;    // as Json, over all arrays; more are null
constexpr std::uint64_t kTextBytesMax = 32 << 20;     // as Json, over all strings
constexpr std::uint64_t kTokenElementsMax = 1 << 22;  // of one token array

// How much has been turned into Json so far.
struct Used {
  std::uint64_t array_elements = 0;
  std::uint64_t text_bytes = 0;
};

// What is at hand while one key is read.
struct KeyContext {
  ByteReader& in;
  std::string_view key;
  Used& used;

  Error corrupt(std::string_view what) const {
    return Error{ErrorCode::corrupt_file, concat("key ", quoted(key), " ", what)};
  }
  Error cut() const {
    return corrupt("has a value that reaches past the end of the file; download it again");
  }
};

template <class T>
std::optional<Json> number_of(ByteReader& in) {
  const auto value = in.number<T>();
  if (!value) return std::nullopt;
  if constexpr (std::is_floating_point_v<T>) {
    return Json(static_cast<double>(*value));
  } else if constexpr (std::is_same_v<T, std::uint64_t>) {
    return Json(*value);
  } else {
    return Json(static_cast<std::int64_t>(*value));
  }
}

// A number or boolean; nothing at the end of the file.
std::optional<Json> number_as_json(ByteReader& in, ValueType type) {
  switch (type) {
    case ValueType::u8:
      return number_of<std::uint8_t>(in);
    case ValueType::i8:
      return number_of<std::int8_t>(in);
    case ValueType::u16:
      return number_of<std::uint16_t>(in);
    case ValueType::i16:
      return number_of<std::int16_t>(in);
    case ValueType::u32:
      return number_of<std::uint32_t>(in);
    case ValueType::i32:
      return number_of<std::int32_t>(in);
    case ValueType::u64:
      return number_of<std::uint64_t>(in);
    case ValueType::i64:
      return number_of<std::int64_t>(in);
    case ValueType::f32:
      return number_of<float>(in);
    case ValueType::f64:
      return number_of<double>(in);
    case ValueType::boolean: {
      const auto value = in.number<std::uint8_t>();
      if (!value) return std::nullopt;
      return Json(*value != 0);
    }
    case ValueType::string:
    case ValueType::array:
      break;
  }
  return std::nullopt;
}

Result<ValueType> read_type(const KeyContext& context, const char* what) {
  const auto type = context.in.number<std::uint32_t>();
  if (!type) return context.cut();
  if (*type >= kValueTypeCount) {
    return context.corrupt(
        concat("has a value of unknown ", what, " ", *type,
               "; the file is damaged or newer than this program, take another one"));
  }
  return static_cast<ValueType>(*type);
}

// A value that is no array.
Result<Json> read_scalar(const KeyContext& context, ValueType type) {
  if (type != ValueType::string) {
    std::optional<Json> number = number_as_json(context.in, type);
    if (!number) return context.cut();
    return *std::move(number);
  }
  const auto text = context.in.string();
  if (!text) return context.cut();
  context.used.text_bytes += text->size();
  if (context.used.text_bytes > kTextBytesMax) {
    return context.corrupt(
        "holds more text than any model has; the file is damaged, download it "
        "again");
  }
  return Json(replace_invalid_utf8(*text));
}

struct ArrayHead {
  ValueType type;
  std::uint64_t count;  // at most what the rest of the file has room for
};

Result<ArrayHead> read_array_head(const KeyContext& context) {
  const ValueType type = TRY(read_type(context, "element type"));
  if (type == ValueType::array) return context.corrupt("is an array of arrays, which is not read");
  const auto count = context.in.number<std::uint64_t>();
  if (!count || *count > context.in.remaining() / facts_of(type).bytes) return context.cut();
  return ArrayHead{type, *count};
}

Result<Json> read_array(const KeyContext& context) {
  const ArrayHead head = TRY(read_array_head(context));
  const bool keep = head.count <= kArrayElementsMax - context.used.array_elements;
  if (keep) context.used.array_elements += head.count;
  if (!keep && head.type != ValueType::string) {
    context.in.take(head.count * facts_of(head.type).bytes);
    return Json();
  }
  Json::Array elements;
  if (keep) elements.reserve(static_cast<std::size_t>(head.count));
  for (std::uint64_t i = 0; i < head.count; ++i) {
    if (!keep) {
      if (!context.in.string()) return context.cut();
      continue;
    }
    elements.push_back(TRY(read_scalar(context, head.type)));
  }
  return keep ? Json(std::move(elements)) : Json();
}

Result<ArrayHead> read_token_array_head(const KeyContext& context) {
  const ArrayHead head = TRY(read_array_head(context));
  if (head.count <= kTokenElementsMax) return head;
  return context.corrupt(concat("announces ", head.count,
                                " elements, more than any vocabulary "
                                "has; the file is damaged, download it again"));
}

Result<void> read_token_strings(const KeyContext& context, std::vector<std::string_view>& out) {
  const ArrayHead head = TRY(read_token_array_head(context));
  if (head.type != ValueType::string && head.count > 0) {
    return context.corrupt(
        concat("holds ", facts_of(head.type).name, " values, not strings; convert the file again"));
  }
  out.reserve(static_cast<std::size_t>(head.count));
  for (std::uint64_t i = 0; i < head.count; ++i) {
    const auto text = context.in.string();
    if (!text) return context.cut();
    out.push_back(*text);
  }
  return {};
}

Result<void> read_token_types(const KeyContext& context, std::vector<std::int32_t>& out) {
  const ArrayHead head = TRY(read_token_array_head(context));
  const bool fits = head.type == ValueType::i32 || head.type == ValueType::u32;
  if (!fits && head.count > 0) {
    return context.corrupt(
        concat("holds ", facts_of(head.type).name, " values, not i32; convert the file again"));
  }
  const auto bytes = context.in.take(head.count * sizeof(std::int32_t));
  if (!bytes) return context.cut();
  out.resize(static_cast<std::size_t>(head.count));
  if (!out.empty()) std::memcpy(out.data(), bytes->data(), bytes->size());
  return {};
}

// The arrays with an element for each token, which are kept out of the Json. True if it was one.
Result<bool> read_token_array(const KeyContext& context, Checkpoint::GgufTokenizer& tokenizer) {
  if (context.key == "tokenizer.ggml.tokens") {
    TRY_VOID(read_token_strings(context, tokenizer.tokens));
  } else if (context.key == "tokenizer.ggml.merges") {
    TRY_VOID(read_token_strings(context, tokenizer.merges));
  } else if (context.key == "tokenizer.ggml.token_type") {
    TRY_VOID(read_token_types(context, tokenizer.token_types));
  } else {
    return false;
  }
  return true;
}

}  // namespace

Result<void> read_metadata(ByteReader& in, std::uint64_t key_count, GgufContent& content) {
  // Key, type and value take at least 8 + 1 + 4 + 1 bytes.
  if (key_count > std::min<std::uint64_t>(in.remaining() / 14, kKeysMax)) {
    return Error{ErrorCode::corrupt_file,
                 concat("the header announces ", key_count, " keys, more than ",
                        key_count > kKeysMax ? "any model has" : "the file has room for",
                        "; download it again")};
  }
  std::unordered_set<std::string_view> seen;
  Json::Object members;
  Used used;
  for (std::uint64_t i = 0; i < key_count; ++i) {
    const auto key = in.string();
    if (!key) {
      return Error{ErrorCode::corrupt_file, concat("the file ends inside key ", i + 1, " of ",
                                                   key_count, "; download it again")};
    }
    if (key->empty() || key->size() > kKeyBytesMax) {
      return Error{ErrorCode::corrupt_file,
                   concat("key ", i + 1, " of ", key_count,
                          key->empty() ? " has no name" : " has too long a name",
                          "; the file is damaged, download it again")};
    }
    const KeyContext context{in, *key, used};
    if (!seen.insert(*key).second) {
      return context.corrupt("occurs twice; convert the file again");
    }
    const ValueType type = TRY(read_type(context, "type"));
    if (type == ValueType::array) {
      if (TRY(read_token_array(context, content.tokenizer))) continue;
      members.emplace_back(replace_invalid_utf8(*key), TRY(read_array(context)));
      continue;
    }
    members.emplace_back(replace_invalid_utf8(*key), TRY(read_scalar(context, type)));
  }
  content.metadata = Json(std::move(members));
  return {};
}

}  // namespace bise::gguf
