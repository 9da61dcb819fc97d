#include "tokenizer/golden_gguf.h"

#include <cstdio>
#include <cstring>

#include "base/check.h"

namespace bise::golden {
namespace {

// Enough for the metadata of every file used here.
constexpr std::size_t kHeadBytes = std::size_t{16} << 20;

struct Reader {
  const std::string& file;
  std::size_t at = 0;

  template <class T>
  T take() {
    CHECK(at + sizeof(T) <= file.size());
    T value;
    std::memcpy(&value, file.data() + at, sizeof value);
    at += sizeof value;
    return value;
  }
  std::string_view string() {
    const auto size = take<std::uint64_t>();
    CHECK(at + size <= file.size());
    at += size;
    return std::string_view(file).substr(at - size, size);
  }
  std::int64_t integer(std::int32_t type) {
    switch (type) {
      case 0:
        return take<std::uint8_t>();
      case 4:
        return take<std::uint32_t>();
      case 5:
        return take<std::int32_t>();
      case 7:
        return take<std::uint8_t>();
      case 10:
        return static_cast<std::int64_t>(take<std::uint64_t>());
      default:
        take<float>();
        return 0;
    }
  }
};

void read_array(Reader& in, const std::string& key, GgufKeys& keys) {
  const auto type = in.take<std::int32_t>();
  const auto count = in.take<std::uint64_t>();
  for (std::uint64_t i = 0; i < count; ++i) {
    if (type == 8) {
      keys.string_arrays[key].push_back(in.string());
    } else {
      keys.integer_arrays[key].push_back(static_cast<std::int32_t>(in.integer(type)));
    }
  }
}

template <class Map>
auto find(const Map& map, const std::string& key) {
  const auto it = map.find(key);
  return it == map.end() ? typename Map::mapped_type() : it->second;
}

template <class Array>
std::span<const typename Array::value_type> span_of(const std::map<std::string, Array>& map,
                                                    const std::string& key) {
  const auto it = map.find(key);
  if (it == map.end()) return {};
  return it->second;
}

}  // namespace

GgufTokenizerSource GgufKeys::tokenizer() const {
  GgufTokenizerSource source;
  source.model = find(strings, "tokenizer.ggml.model");
  source.pre = find(strings, "tokenizer.ggml.pre");
  source.tokens = span_of(string_arrays, "tokenizer.ggml.tokens");
  source.token_types = span_of(integer_arrays, "tokenizer.ggml.token_type");
  source.merges = span_of(string_arrays, "tokenizer.ggml.merges");
  source.bos_id = find(integers, "tokenizer.ggml.bos_token_id");
  source.eos_id = find(integers, "tokenizer.ggml.eos_token_id");
  source.add_bos = find(integers, "tokenizer.ggml.add_bos_token") != 0;
  source.chat_template = find(strings, "tokenizer.chat_template");
  return source;
}

GgufKeys read_gguf(const std::string& path) {
  GgufKeys keys;
  std::FILE* file = std::fopen(path.c_str(), "rb");
  CHECK(file != nullptr);
  keys.file.resize(kHeadBytes);
  keys.file.resize(std::fread(keys.file.data(), 1, kHeadBytes, file));
  std::fclose(file);

  Reader in{keys.file};
  CHECK(std::string_view(keys.file).starts_with("GGUF"));
  in.at = 16;
  const auto count = in.take<std::uint64_t>();
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string key(in.string());
    const auto type = in.take<std::int32_t>();
    if (type == 8) {
      keys.strings[key] = in.string();
    } else if (type == 9) {
      read_array(in, key, keys);
    } else {
      keys.integers[key] = in.integer(type);
    }
  }
  return keys;
}

}  // namespace bise::golden
