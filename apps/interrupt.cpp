#include "apps/interrupt.h"

#include <signal.h>
#include <unistd.h>

namespace bise {
namespace {

std::atomic<bool> g_interrupted{false};

void on_interrupt(int) {
  if (g_interrupted.exchange(true)) ::_exit(130);
}

}  // namespace

InterruptFlag::InterruptFlag() {
  g_interrupted = false;
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
