#include "plugin/output/stop_signal.h"

#include <atomic>
#include <csignal>

namespace limpid {
namespace {

std::atomic<int> received{0};

void receive(int signal) {
  if (received.exchange(signal) == SIGINT && signal == SIGINT) {
    std::signal(SIGINT, SIG_DFL);
    std::raise(SIGINT);
  }
}

}  // namespace

void watch_stop_signals() {
  struct sigaction action {};
  action.sa_handler = receive;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

int stop_signal() {
  return received.load();
}

}  // namespace limpid
