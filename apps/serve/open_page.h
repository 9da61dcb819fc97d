#pragma once

#include <string>

namespace bise {

// Opens the address in the person's browser, if there is a screen to show it on. Does not wait.
void open_page(const std::string& address);

}  // namespace bise
