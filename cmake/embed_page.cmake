# The built page (web/dist, made by npm before this) as data of the program. embed_page(TARGET DIST)
# adds two generated sources: the files' bytes and the table apps/serve/embedded_files.h speaks of.
# Without DIST the table is empty.
function(embed_page target dist)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE ${dist} ${dist}/*)
  list(SORT files)
  set(bytes "")
  set(names "")
  set(rows "")
  set(inputs "")
  set(index 0)
  foreach(file IN LISTS files)
    string(APPEND bytes "BYTES(bise_page_${index}, \"${dist}/${file}\")\n")
    string(APPEND names "extern const char bise_page_${index}[], bise_page_${index}_end[];\n")
    string(APPEND rows "    {\"/${file}\", bytes(bise_page_${index}, bise_page_${index}_end)},\n")
    list(APPEND inputs ${dist}/${file})
    math(EXPR index "${index} + 1")
  endforeach()
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/page)
  file(CONFIGURE OUTPUT ${folder}/page_bytes.c CONTENT [==[
#define BYTES(name, path) \
  __asm__(".section .rodata\n.global " #name "\n" #name ":\n.incbin \"" path "\"\n" \
          ".global " #name "_end\n" #name "_end:\n.byte 0\n.text\n");
@bytes@
int bise_page_bytes_are_here;
]==] @ONLY)
  file(CONFIGURE OUTPUT ${folder}/page_table.cpp CONTENT [==[
#include <vector>

#include "apps/serve/embedded_files.h"

extern "C" {
@names@}

namespace bise {
namespace {
[[maybe_unused]] std::string_view bytes(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}
}  // namespace

std::span<const EmbeddedFile> embedded_files() {
  static const std::vector<EmbeddedFile> files = {
@rows@  };
  return files;
}

}  // namespace bise
]==] @ONLY)
  # Not cached: a compiler cache does not see what .incbin reads.
  set_source_files_properties(${folder}/page_bytes.c PROPERTIES OBJECT_DEPENDS "${inputs}")
  target_sources(${target} PRIVATE ${folder}/page_bytes.c ${folder}/page_table.cpp)
endfunction()
