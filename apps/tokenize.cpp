#include "apps/tokenize.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "apps/tokenize_lines.h"
#include "base/text.h"

namespace bise {
namespace {

int fail(const Error& error) {
  std::fprintf(stderr, "bise: %s\n", error.message.c_str());
  return 2;
}

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
struct Free {
  void operator()(char* memory) const { std::free(memory); }
};

// False if stdout takes no more.
bool answer_all(const LineTokenizer& lines, std::FILE* in, bool at_once) {
  char* buffer = nullptr;
  std::size_t capacity = 0;
  std::unique_ptr<char, Free> owner;
  while (true) {
    const ssize_t length = ::getline(&buffer, &capacity, in);
    owner.release();
    owner.reset(buffer);
    if (length < 0) break;
    std::string_view line(buffer, static_cast<std::size_t>(length));
    if (line.ends_with('\n')) line.remove_suffix(1);
    const std::string answer = lines.answer(line) + "\n";
    if (std::fwrite(answer.data(), 1, answer.size(), stdout) != answer.size()) return false;
    // Whoever writes line by line to stdin may wait for each answer.
    if (at_once && std::fflush(stdout) != 0) return false;
  }
  return std::fflush(stdout) == 0;
}

}  // namespace

int run_tokenize(const TokenizeOptions& options) {
  const Result<LineTokenizer> lines = LineTokenizer::open(options);
  if (!lines.ok()) return fail(lines.error());
  std::unique_ptr<std::FILE, Close> file;
  if (!options.file.empty()) {
    file.reset(std::fopen(options.file.c_str(), "rb"));
    if (!file) {
      return fail({ErrorCode::io, concat(quoted(options.file, 400), ": ", std::strerror(errno))});
    }
  }
  std::FILE* in = file ? file.get() : stdin;
  const bool written = answer_all(*lines, in, !file);
  if (std::ferror(in) != 0) {
    return fail({ErrorCode::io, concat(file ? quoted(options.file, 400) : "stdin",
                                       ": could not be read to its end")});
  }
  return written ? 0 : fail({ErrorCode::io, "stdout takes no more"});
}

}  // namespace bise
