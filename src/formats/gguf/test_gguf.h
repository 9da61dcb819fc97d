#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

// Builds GGUF files byte by byte, right or wrong. Only for tests.

namespace bise::test {

class GgufBuilder {
 public:
  std::uint32_t version = 3;
  std::uint64_t alignment = 32;

  template <class T>
  static std::string raw(T value) {
    std::string bytes(sizeof value, '\0');
    std::memcpy(bytes.data(), &value, sizeof value);
    return bytes;
  }
  static std::string text(std::string_view value) {
    return raw<std::uint64_t>(value.size()).append(value);
  }

  // A key whose value is the bytes given.
  GgufBuilder& key(std::string_view name, std::uint32_t type, const std::string& value) {
    keys_ += text(name) + raw(type) + value;
    ++key_count_;
    return *this;
  }
  GgufBuilder& u32(std::string_view name, std::uint32_t value) { return key(name, 4, raw(value)); }
  GgufBuilder& string(std::string_view name, std::string_view value) {
    return key(name, 8, text(value));
  }
  GgufBuilder& array(std::string_view name, std::uint32_t type, std::uint64_t count,
                     const std::string& elements) {
    return key(name, 9, raw(type) + raw(count) + elements);
  }

  // A tensor at that offset; dimensions innermost first, as in the file.
  GgufBuilder& tensor(std::string_view name, const std::vector<std::uint64_t>& dimensions,
                      std::uint32_t type, std::uint64_t offset) {
    tensors_ += text(name) + raw(static_cast<std::uint32_t>(dimensions.size()));
    for (const std::uint64_t length : dimensions) tensors_ += raw(length);
    tensors_ += raw(type) + raw(offset);
    ++tensor_count_;
    return *this;
  }

  // The file, with that many bytes of data: 0, 1, 2, ...
  std::string file(std::size_t data_bytes) const {
    std::string bytes =
        "GGUF" + raw(version) + raw(tensor_count_) + raw(key_count_) + keys_ + tensors_;
    while (bytes.size() % alignment != 0) bytes += '\0';
    for (std::size_t i = 0; i < data_bytes; ++i) bytes += static_cast<char>(i);
    return bytes;
  }

 private:
  std::string keys_, tensors_;
  std::uint64_t key_count_ = 0, tensor_count_ = 0;
};

}  // namespace bise::test
