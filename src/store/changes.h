#pragma once

#include "store/chat_records.h"

namespace bise::store {

void apply(Chat& chat, const ChatChange& change);

}  // namespace bise::store
