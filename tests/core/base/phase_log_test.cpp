#include "core/base/phase_log.h"

#include "core/base/log.h"
#include "tests/support/catch.h"

#include <string>

using namespace limpid;

TEST_CASE("phase log: time runs from the start of the process") {
  const double before = seconds_since_start();
  CHECK(before > 0);
  CHECK(before < 3600);
  CHECK(seconds_since_start() >= before);
}

TEST_CASE("phase log: a phase is a line of level debug with the seconds") {
  std::string line;
  LogLevel level = LogLevel::error;
  set_log_sink([&](LogLevel given, std::string_view message) {
    level = given;
    line = message;
  });
  log_phase("the list is read");
  set_log_sink(nullptr);
  CHECK(level == LogLevel::debug);
  CHECK(line.starts_with("after "));
  CHECK(line.ends_with(" s: the list is read"));
}
