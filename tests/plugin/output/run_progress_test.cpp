#include "plugin/output/run_progress.h"

#include "core/base/error.h"
#include "core/base/log.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <sstream>

using namespace limpid;
using namespace limpid::test;

namespace {

ProgressOptions quiet_in(const TemporaryFolder& folder) {
  return {.folder = folder.path(), .verbose = false, .quiet = true, .stop_requested = {}};
}

}  // namespace

TEST_CASE("run progress: events are one JSON value a line, the log one line a message") {
  const TemporaryFolder folder;
  {
    RunProgress progress(quiet_in(folder));
    progress.begin("micrographs", 2);
    progress.item_finished({.name = "a\n\xff.mrc",
                            .state = ItemState::done,
                            .reason = {},
                            .seconds = 1,
                            .numbers = {}});
    log_message(LogLevel::info, "from the\nlibrary");
    progress.training_step(1, 10, 0.5);
    CHECK_FALSE(progress.stop_requested());
    CHECK(progress.items().size() == 1);
  }
  log_message(LogLevel::info, "after the run");
  std::istringstream events(content_of(folder.path("progress.jsonl")));
  std::vector<std::string> kinds;
  for (std::string line; std::getline(events, line);)
    kinds.push_back(nlohmann::json::parse(line).at("event"));
  CHECK(kinds == std::vector<std::string>{"begin", "item", "step"});
  const std::string log = content_of(folder.path("limpid.log"));
  CHECK(std::count(log.begin(), log.end(), '\n') == 3);
  CHECK_THAT(log, ContainsSubstring("from the?library"));
  CHECK(log.find("after the run") == std::string::npos);
}

TEST_CASE("run progress: a later run continues the files") {
  const TemporaryFolder folder;
  for (int run = 0; run < 2; ++run)
    RunProgress(quiet_in(folder)).begin("micrographs", 1);
  const std::string log = content_of(folder.path("limpid.log"));
  CHECK(std::count(log.begin(), log.end(), '\n') == 2);
}

TEST_CASE("run progress: the log is not written through a link") {
  const TemporaryFolder folder;
  const std::string elsewhere = folder.write("elsewhere", "");
  std::filesystem::create_symlink(elsewhere, folder.path("limpid.log"));
  CHECK_THROWS_AS(RunProgress(quiet_in(folder)), Error);
  CHECK(content_of(elsewhere).empty());
}
