#include "apps/terminal/terminal.h"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>

namespace bise {
namespace {

constexpr std::string_view kPasteOn = "\033[?2004h";
constexpr std::string_view kPasteOff = "\033[?2004l";

// What the signal handlers need: a terminal left in raw mode would be useless to its owner.
termios g_found = {};
std::atomic<bool> g_is_changed{false};
std::atomic<bool> g_was_resized{false};

void write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno != EINTR) return;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
}

void give_back() {
  if (!g_is_changed.exchange(false)) return;
  write_all(kPasteOff);
  ::tcsetattr(STDIN_FILENO, TCSADRAIN, &g_found);
}

void on_deadly_signal(int signal) {
  give_back();
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

void on_resize(int) {
  g_was_resized = true;
}

void set_handler(int signal, void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  ::sigaction(signal, &action, nullptr);
}

void set_mode(bool signals) {
  termios mode = g_found;
  mode.c_iflag &= ~static_cast<tcflag_t>(BRKINT | ICRNL | INPCK | ISTRIP | IXON);
  mode.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | IEXTEN | ISIG);
  if (signals) mode.c_lflag |= ISIG;
  mode.c_cc[VMIN] = 1;
  mode.c_cc[VTIME] = 0;
  g_is_changed = true;
  ::tcsetattr(STDIN_FILENO, TCSADRAIN, &mode);
}

winsize size() {
  winsize size = {};
  ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
  return size;
}

}  // namespace

bool Terminal::is_usable() {
  const char* kind = std::getenv("TERM");
  const bool is_dumb = kind == nullptr || std::string_view(kind) == "dumb" || *kind == '\0';
  return !is_dumb && ::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0;
}

Terminal::Terminal() {
  ::tcgetattr(STDIN_FILENO, &g_found);
  for (const int signal : {SIGTERM, SIGHUP, SIGQUIT}) set_handler(signal, on_deadly_signal);
  set_handler(SIGWINCH, on_resize);
}

Terminal::~Terminal() {
  restore();
  for (const int signal : {SIGTERM, SIGHUP, SIGQUIT, SIGWINCH}) ::signal(signal, SIG_DFL);
}

void Terminal::begin_editing() {
  set_mode(false);
  write_all(kPasteOn);
}

void Terminal::begin_answering() {
  set_mode(true);
}

void Terminal::restore() {
  give_back();
}

int Terminal::width() const {
  const int columns = size().ws_col;
  return columns > 0 ? columns : 80;
}

int Terminal::height() const {
  const int rows = size().ws_row;
  return rows > 0 ? rows : 24;
}

bool Terminal::was_resized() {
  return g_was_resized.exchange(false);
}

std::optional<std::string> Terminal::read(int timeout_ms) {
  pollfd waiting = {STDIN_FILENO, POLLIN, 0};
  const int ready = ::poll(&waiting, 1, timeout_ms);
  if (ready <= 0) return std::string();
  char bytes[4096];
  const ssize_t got = ::read(STDIN_FILENO, bytes, sizeof bytes);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return std::string();
  if (got <= 0) return {};
  return std::string(bytes, static_cast<std::size_t>(got));
}

void Terminal::write(std::string_view text) {
  write_all(text);
}

}  // namespace bise
