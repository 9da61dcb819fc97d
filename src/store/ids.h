#pragma once

#include <string>
#include <string_view>

namespace bise::store {

// "chat_" and 32 hexadecimal digits from the system's random numbers.
std::string random_id(std::string_view prefix);

inline constexpr std::string_view kUserPrefix = "user_";
inline constexpr std::string_view kSessionPrefix = "ses_";
inline constexpr std::string_view kKeyPrefix = "key_";
inline constexpr std::string_view kChatPrefix = "chat_";
inline constexpr std::string_view kMessagePrefix = "msg_";
inline constexpr std::string_view kSavedPromptPrefix = "prompt_";

}  // namespace bise::store
