#include "plugin/cli/unknown_option.h"

#include "tests/support/catch.h"

using namespace limpid;

namespace {

const std::vector<std::string> options = {"--o", "--model", "--memory", "--max_failed", "--seed"};

}  // namespace

TEST_CASE("nearest name: the one with the fewest letters to change") {
  CHECK(nearest_name("--modle", options) == "--model");
  CHECK(nearest_name("--max-failed", options) == "--max_failed");
  CHECK(nearest_name("--mem", {"--model", "--mems"}) == "--mems");
  CHECK(nearest_name("-o", options) == "--o");
  CHECK(nearest_name("--seed", options) == "--seed");
}

TEST_CASE("nearest name: nothing is suggested for what resembles nothing") {
  CHECK(nearest_name("--foo", options).empty());
  CHECK(nearest_name("--entirely_different", options).empty());
  CHECK(nearest_name("", options).empty());
  CHECK(nearest_name("--modle", {}).empty());
}
