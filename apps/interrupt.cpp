#include "apps/interrupt.h"

#include <signal.h>
#include <unistd.h>

namespace bise {
namespace {

std::atomic<bool> g_interrupted{false};
std::atomic<bool> g_second_ends{false};

void on_interrupt(int) {
  if (g_interrupted.exchange(true) && g_second_ends) ::_exit(130);
}

}  // namespace

InterruptFlag::InterruptFlag(Second second) {
  g_interrupted = false;
  g_second_ends = second == Second::ends_process;
  struct sigaction action = {};
  action.sa_handler = on_interrupt;
  ::sigaction(SIGINT, &action, nullptr);
}

InterruptFlag::~InterruptFlag() {
  ::signal(SIGINT, SIG_DFL);
}

std::atomic<bool>& InterruptFlag::flag() {
  return g_interrupted;
}

}  // namespace bise
