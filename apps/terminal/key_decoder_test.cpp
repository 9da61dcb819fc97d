#include "apps/terminal/key_decoder.h"

#include <gtest/gtest.h>

namespace bise {
namespace {

using Kind = Key::Kind;
using Keys = std::vector<Key>;

Keys decode(const std::vector<std::string>& pieces) {
  KeyDecoder decoder;
  Keys keys;
  for (const std::string& piece : pieces) {
    for (const Key& key : decoder.push(piece)) keys.push_back(key);
  }
  for (const Key& key : decoder.idle()) keys.push_back(key);
  return keys;
}

TEST(KeyDecoder, GivesCharactersAndWaitsForTheirRest) {
  EXPECT_EQ(decode({"ab"}), (Keys{{Kind::text, "ab"}}));
  EXPECT_EQ(decode({"\xED\x95", "\x9C"}), (Keys{{Kind::text, "한"}}));
  EXPECT_EQ(decode({"\xED\x95"}), (Keys{{Kind::text, "\uFFFD"}}));
  EXPECT_EQ(decode({"\xFFq"}), (Keys{{Kind::text, "\uFFFDq"}}));
}

TEST(KeyDecoder, KnowsTheKeysOfCommonTerminals) {
  const std::pair<const char*, Kind> keys[] = {{"\033[A", Kind::up},
                                               {"\033OA", Kind::up},
                                               {"\033[D", Kind::left},
                                               {"\033[H", Kind::home},
                                               {"\033[4~", Kind::end},
                                               {"\033[3~", Kind::del},
                                               {"\033[1;5C", Kind::word_right},
                                               {"\033b", Kind::word_left},
                                               {"\r", Kind::enter},
                                               {"\n", Kind::newline},
                                               {"\033\r", Kind::newline},
                                               {"\033[13;2u", Kind::newline},
                                               {"\x7f", Kind::backspace},
                                               {"\b", Kind::backspace},
                                               {"\t", Kind::tab},
                                               {"\033[99;99X", Kind::unknown}};
  for (const auto& [bytes, kind] : keys) {
    EXPECT_EQ(decode({bytes}), (Keys{{kind, ""}})) << bytes + 1;
    // However the bytes arrive.
    std::vector<std::string> single;
    for (const char* byte = bytes; *byte != '\0'; ++byte) single.emplace_back(1, *byte);
    EXPECT_EQ(decode(single), (Keys{{kind, ""}})) << bytes + 1;
  }
  EXPECT_EQ(decode({"\x03"}), (Keys{{Kind::control, "c"}}));
  EXPECT_EQ(decode({"a\x01z"}), (Keys{{Kind::text, "a"}, {Kind::control, "a"}, {Kind::text, "z"}}));
}

TEST(KeyDecoder, AnEscapeAloneIsAKeyAfterAWhile) {
  KeyDecoder decoder;
  EXPECT_TRUE(decoder.push("\033").empty());
  EXPECT_TRUE(decoder.is_waiting());
  EXPECT_EQ(decoder.idle(), (Keys{{Kind::escape, ""}}));
  EXPECT_FALSE(decoder.is_waiting());
  EXPECT_EQ(decode({"\033\033[A"}), (Keys{{Kind::escape, ""}, {Kind::up, ""}}));
}

TEST(KeyDecoder, TakesAPasteAsOneWhateverIsInIt) {
  EXPECT_EQ(decode({"\033[200~one\r\ntwo\rthree\x01\033[Ax\033[201~y"}),
            (Keys{{Kind::paste, "one\ntwo\nthree[Ax"}, {Kind::text, "y"}}));
  EXPECT_EQ(decode({"\033[200~ab", "c\033[20", "1~"}), (Keys{{Kind::paste, "abc"}}));
}

TEST(KeyDecoder, DoesNotWaitInAPasteForever) {
  KeyDecoder decoder;
  EXPECT_TRUE(decoder.push("\033[200~unfinished").empty());
  EXPECT_FALSE(decoder.is_waiting());
  EXPECT_EQ(decoder.push("\033[201~"), (Keys{{Kind::paste, "unfinished"}}));
}

TEST(KeyDecoder, DropsSequencesWithoutEnd) {
  const Keys keys = decode({"\033[" + std::string(100, '1') + "m"});
  ASSERT_FALSE(keys.empty());
  EXPECT_EQ(keys[0].kind, Kind::unknown);
}

}  // namespace
}  // namespace bise
