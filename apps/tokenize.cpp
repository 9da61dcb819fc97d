#include "apps/tokenize.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>

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

// Lines of any length, one at a time.
class Lines {
 public:
  explicit Lines(std::FILE* in) : in_(in) {}
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;
  ~Lines() { std::free(buffer_); }

  // Without its newline, valid until the next call. Nothing at the end.
  std::optional<std::string_view> next() {
    const ssize_t length = ::getline(&buffer_, &capacity_, in_);
    if (length < 0) return std::nullopt;
    std::string_view line(buffer_, static_cast<std::size_t>(length));
    if (line.ends_with('\n')) line.remove_suffix(1);
    return line;
  }

 private:
  std::FILE* in_;
  char* buffer_ = nullptr;
  std::size_t capacity_ = 0;
};

// False if stdout takes no more.
bool answer_all(const LineTokenizer& tokenizer, std::FILE* in, bool at_once) {
  Lines lines(in);
  while (const std::optional<std::string_view> line = lines.next()) {
    const std::string answer = tokenizer.answer(*line) + "\n";
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
