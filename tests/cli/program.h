#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "apps/terminal/fake_screen.h"

namespace bise {

// A random model with the small tokenizer: it babbles, and for 256 tokens at most.
inline constexpr const char* kBabbler = "tests/golden/gguf/tok.gguf";

struct Outcome {
  int code;  // 128 + the signal's number if it died from one
  std::string out;
  std::string err;
};

// Runs bise to its end. `input` goes to its stdin, which is then closed. `environment` holds
// NAME=VALUE words beside an almost empty one.
Outcome run_bise(const std::vector<std::string>& arguments, const std::string& input = "",
                 const std::vector<std::string>& environment = {});

// A bise that runs on a terminal of its own.
class TerminalProgram {
 public:
  TerminalProgram(const std::vector<std::string>& arguments, const std::string& home, int width,
                  int height);
  ~TerminalProgram();
  TerminalProgram(const TerminalProgram&) = delete;
  TerminalProgram& operator=(const TerminalProgram&) = delete;

  void type(const std::string& bytes);
  // Reads until the screen shows the text; false after ten seconds without it.
  bool wait_for(const std::string& text);
  void resize(int width, int height);
  // The exit code, after waiting for the end; -1 if it does not come within ten seconds.
  int wait_for_end();

  std::string screen() const;  // rows joined by line breaks
  const FakeScreen& fake_screen() const { return screen_; }
  const std::string& raw() const { return raw_; }
  pid_t pid() const { return pid_; }

 private:
  bool read_some(int timeout_ms);

  FakeScreen screen_;
  std::string raw_;
  std::string undecoded_;
  int file_ = -1;
  pid_t pid_ = -1;
};

// An empty folder, gone at the end of the test.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace bise
