#pragma once

#include <span>
#include <string_view>

namespace bise {

// A file of the built page that the program carries.
struct EmbeddedFile {
  std::string_view path;  // "/assets/index-abc.js"
  std::string_view bytes;
};

// In the order of their paths; none if the page was not built (cmake/embed_page.cmake).
std::span<const EmbeddedFile> embedded_files();

}  // namespace bise
