#include "api/page/token_log.h"

#include <bit>
#include <cstdint>

namespace bise::api {
namespace {

constexpr std::uint8_t kWithout = 0xFF;

void append_32(std::string& log, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) log.push_back(static_cast<char>(value >> shift));
}

void append_probability(std::string& log, const TokenLogProb& token) {
  append_32(log, static_cast<std::uint32_t>(token.id));
  append_32(log, std::bit_cast<std::uint32_t>(token.log_probability));
}

class Reader {
 public:
  explicit Reader(std::string_view log) : rest_(log) {}

  bool at_end() const { return rest_.empty(); }
  bool has(std::size_t bytes) const { return rest_.size() >= bytes; }
  std::uint8_t byte() {
    const auto value = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  std::uint32_t number() {
    std::uint32_t value = 0;
    for (int shift = 0; shift < 32; shift += 8) value |= std::uint32_t{byte()} << shift;
    return value;
  }
  TokenLogProb probability() {
    const auto id = static_cast<TokenId>(number());
    return {id, std::bit_cast<float>(number())};
  }

 private:
  std::string_view rest_;
};

}  // namespace

void append_token(std::string& log, const LoggedToken& token) {
  if (!token.log_probs) {
    log.push_back(static_cast<char>(kWithout));
    append_32(log, static_cast<std::uint32_t>(token.id));
    return;
  }
  log.push_back(static_cast<char>(token.log_probs->top.size()));
  append_probability(log, {token.id, token.log_probs->chosen.log_probability});
  for (const TokenLogProb& each : token.log_probs->top) append_probability(log, each);
}

Result<std::vector<LoggedToken>> read_token_log(std::string_view log) {
  const auto damaged = [] { return Error{ErrorCode::corrupt_file, "the tokens are damaged"}; };
  std::vector<LoggedToken> tokens;
  Reader reader(log);
  while (!reader.at_end()) {
    const std::uint8_t count = reader.byte();
    if (!reader.has(count == kWithout ? 4 : 8 + 8 * std::size_t{count})) return damaged();
    LoggedToken token;
    if (count == kWithout) {
      token.id = static_cast<TokenId>(reader.number());
    } else {
      LogProbs probabilities;
      probabilities.chosen = reader.probability();
      for (int i = 0; i < count; ++i) probabilities.top.push_back(reader.probability());
      token.id = probabilities.chosen.id;
      token.log_probs = std::move(probabilities);
    }
    tokens.push_back(std::move(token));
  }
  return tokens;
}

}  // namespace bise::api
