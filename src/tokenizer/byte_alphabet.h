#pragma once

#include <string>
#include <string_view>

namespace bise {

// The alphabet in which GPT-2 and its heirs write bytes as visible characters: 33-126, 161-172 and
// 174-255 stand for themselves, the other 68 bytes are U+0100, U+0101, ... in order.
//
// Appends the bytes that `written` stands for. False, with `bytes` unchanged, if it holds a
// character outside the alphabet.
bool append_alphabet_bytes(std::string& bytes, std::string_view written);

}  // namespace bise
