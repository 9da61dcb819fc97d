#include "program.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "base/utf8.h"

namespace bise {
namespace {

constexpr int kPatienceMs = 10'000;

[[noreturn]] void become_bise(const std::vector<std::string>& arguments,
                              const std::vector<std::string>& environment) {
  std::vector<std::string> words = {BISE_PROGRAM};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::vector<std::string> settings = environment;
  settings.insert(settings.begin(), "PATH=/usr/bin:/bin");
  std::vector<char*> envp;
  for (std::string& setting : settings) envp.push_back(setting.data());
  envp.push_back(nullptr);
  ::execve(argv[0], argv.data(), envp.data());
  ::_exit(127);
}

int code_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

// Reads both to their ends.
void drain(int out, int err, Outcome& outcome) {
  pollfd files[2] = {{out, POLLIN, 0}, {err, POLLIN, 0}};
  while (files[0].fd >= 0 || files[1].fd >= 0) {
    if (::poll(files, 2, -1) < 0) continue;
    for (pollfd& file : files) {
      if (file.fd < 0 || file.revents == 0) continue;
      char bytes[4096];
      const ssize_t got = ::read(file.fd, bytes, sizeof bytes);
      if (got <= 0) {
        file.fd = -1;
      } else {
        (&file == &files[0] ? outcome.out : outcome.err)
            .append(bytes, static_cast<std::size_t>(got));
      }
    }
  }
}

}  // namespace

Outcome run_bise(const std::vector<std::string>& arguments, const std::string& input,
                 const std::vector<std::string>& environment) {
  ::signal(SIGPIPE, SIG_IGN);
  int in[2], out[2], err[2];
  if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0 || ::pipe2(err, O_CLOEXEC) != 0) {
    std::abort();
  }
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::dup2(in[0], STDIN_FILENO);
    ::dup2(out[1], STDOUT_FILENO);
    ::dup2(err[1], STDERR_FILENO);
    ::signal(SIGPIPE, SIG_DFL);
    become_bise(arguments, environment);
  }
  ::close(in[0]);
  ::close(out[1]);
  ::close(err[1]);
  write_all(in[1], input);
  ::close(in[1]);
  Outcome outcome = {0, "", ""};
  drain(out[0], err[0], outcome);
  ::close(out[0]);
  ::close(err[0]);
  int status = 0;
  ::waitpid(pid, &status, 0);
  outcome.code = code_of(status);
  return outcome;
}

TerminalProgram::TerminalProgram(const std::vector<std::string>& arguments, const std::string& home,
                                 int width, int height)
    : screen_(width) {
  winsize size = {};
  size.ws_col = static_cast<unsigned short>(width);
  size.ws_row = static_cast<unsigned short>(height);
  pid_ = ::forkpty(&file_, nullptr, nullptr, &size);
  if (pid_ == 0) become_bise(arguments, {"BISE_HOME=" + home, "TERM=xterm", "NO_COLOR=1"});
}

TerminalProgram::~TerminalProgram() {
  ::close(file_);
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void TerminalProgram::type(const std::string& bytes) {
  write_all(file_, bytes);
}

void TerminalProgram::resize(int width, int height) {
  winsize size = {};
  size.ws_col = static_cast<unsigned short>(width);
  size.ws_row = static_cast<unsigned short>(height);
  ::ioctl(file_, TIOCSWINSZ, &size);
}

bool TerminalProgram::read_some(int timeout_ms) {
  pollfd waiting = {file_, POLLIN, 0};
  if (::poll(&waiting, 1, timeout_ms) <= 0) return false;
  char bytes[4096];
  const ssize_t got = ::read(file_, bytes, sizeof bytes);
  if (got <= 0) return false;
  raw_.append(bytes, static_cast<std::size_t>(got));
  undecoded_.append(bytes, static_cast<std::size_t>(got));
  // A sequence or a character may be cut: what follows the last whole row waits for more.
  std::size_t whole = undecoded_.find_last_of("\033");
  const std::string_view tail =
      whole == std::string::npos ? "" : std::string_view(undecoded_).substr(whole);
  const bool is_cut =
      !tail.empty() && tail.find_first_of("ABCDHJKmhl", 2) == std::string_view::npos;
  whole = is_cut ? whole : undecoded_.size();
  while (whole > 0 && (static_cast<unsigned char>(undecoded_[whole - 1]) & 0x80) != 0 &&
         !is_valid_utf8(std::string_view(undecoded_).substr(0, whole))) {
    --whole;
  }
  screen_.write(std::string_view(undecoded_).substr(0, whole));
  undecoded_.erase(0, whole);
  return true;
}

bool TerminalProgram::wait_for(const std::string& text) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatienceMs);
  while (screen().find(text) == std::string::npos) {
    if (std::chrono::steady_clock::now() > end) return false;
    read_some(100);
  }
  return true;
}

int TerminalProgram::wait_for_end() {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatienceMs);
  while (std::chrono::steady_clock::now() < end) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      while (read_some(0)) {
      }
      return code_of(status);
    }
    read_some(20);
  }
  return -1;
}

std::string TerminalProgram::screen() const {
  std::string text;
  for (const std::string& row : screen_.rows()) text += row + "\n";
  return text;
}

TemporaryFolder::TemporaryFolder() {
  std::string pattern = std::filesystem::temp_directory_path().string() + "/bise-cli-XXXXXX";
  path_ = ::mkdtemp(pattern.data());
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

}  // namespace bise
