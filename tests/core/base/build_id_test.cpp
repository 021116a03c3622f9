#include "core/base/build_id.h"

#include "tests/support/catch.h"

#include <memory>
#include <string>

using namespace limpid;

namespace {
const int here = 0;
}

TEST_CASE("build id: each program and library has its own") {
  const std::string program = build_id(&here);
  const std::string library = build_id(reinterpret_cast<const void*>(&build_id));
  CHECK(program.size() == 40);
  CHECK(library.size() == 40);
  CHECK(program.find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(library != program);
}

TEST_CASE("build id: memory that belongs to neither has none") {
  const auto elsewhere = std::make_unique<int>(0);
  CHECK(build_id(elsewhere.get()).empty());
}
