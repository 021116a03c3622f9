#include "plugin/run/exit_code.h"

#include "tests/support/catch.h"

#include <csignal>

using namespace limpid;

TEST_CASE("exit code: the numbers that other programs rely on") {
  const struct {
    ErrorKind kind;
    int expected;
  } cases[] = {{ErrorKind::input, 1},
               {ErrorKind::internal, 1},
               {ErrorKind::usage, 2},
               {ErrorKind::model, 3},
               {ErrorKind::storage, 4},
               {ErrorKind::device, 5},
               {ErrorKind::busy, 75}};
  for (const auto& expectation : cases)
    CHECK(status(exit_code(expectation.kind, 0)) == expectation.expected);
  CHECK(status(exit_code(ErrorKind::interrupted, SIGINT)) == 130);
  CHECK(status(exit_code(ErrorKind::interrupted, SIGTERM)) == 143);
  CHECK(status(ExitCode::done) == 0);
}
