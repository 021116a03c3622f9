#include "core/backend/cuda/plan_cache.h"

#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/with_variable.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

using namespace limpid;
using namespace limpid::cuda;
using namespace limpid::test;

namespace fs = std::filesystem;

namespace {

std::ptrdiff_t count_files(const fs::path& folder) {
  return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
}

}  // namespace

TEST_CASE("plan cache: choices are there in the next run, those of other processes with them") {
  const TemporaryFolder folder;
  const WithVariable variable("LIMPID_CACHE_DIR", folder.path());
  PlanCache one("GPU");
  PlanCache other("GPU");
  one.store("a", "own");
  other.store("b", "cudnn");
  one.save();
  other.save();
  const PlanCache next("GPU");
  CHECK(next.find("a") == "own");
  CHECK(next.find("b") == "cudnn");
  CHECK_FALSE(next.find("c"));
  CHECK_FALSE(PlanCache("other GPU").find("a"));
  CHECK(count_files(folder.path()) == 1);
}

TEST_CASE("plan cache: a damaged file counts as none") {
  const TemporaryFolder folder;
  const WithVariable variable("LIMPID_CACHE_DIR", folder.path());
  {
    PlanCache cache("GPU");
    cache.store("a", "own");
  }
  REQUIRE(count_files(folder.path()) == 1);
  std::ofstream(fs::directory_iterator(folder.path())->path()) << "{\"a\": \"ow";
  CHECK_FALSE(PlanCache("GPU").find("a"));
}

TEST_CASE("plan cache: variables that are set to nothing count as not set") {
  const TemporaryFolder folder;
  const WithVariable first("LIMPID_CACHE_DIR", "");
  const WithVariable second("XDG_CACHE_HOME", "");
  const WithVariable home("HOME", folder.path());
  {
    PlanCache cache("GPU");
    cache.store("a", "own");
  }
  CHECK(count_files(folder.path(".cache/limpid")) == 1);
  CHECK(PlanCache("GPU").find("a") == "own");
}

TEST_CASE("plan cache: without a place to write to, choices last as long as the cache") {
  const TemporaryFolder folder;
  folder.write("file", "no folder");
  const WithVariable variable("LIMPID_CACHE_DIR", folder.path("file"));
  PlanCache cache("GPU");
  cache.store("a", "own");
  cache.save();
  CHECK(cache.find("a") == "own");
}
