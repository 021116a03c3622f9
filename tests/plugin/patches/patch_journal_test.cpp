#include "plugin/patches/patch_journal.h"

#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

#include <string>

using namespace limpid;

namespace {

PatchJournalEntry entry(const std::string& name, std::int64_t first_patch) {
  PatchJournalEntry result;
  result.fingerprint = "f " + name;
  result.set = PatchSetKind::test;
  result.micrograph.name = name;
  result.micrograph.width_px = result.micrograph.height_px = 64;
  result.micrograph.first_patch = first_patch;
  result.micrograph.columns = result.micrograph.rows = 2;
  return result;
}

PatchJournalEntry failed() {
  PatchJournalEntry result;
  result.fingerprint = "f bad";
  result.problem = "reading 'bad.mrc\xff': truncated";
  return result;
}

}  // namespace

TEST_CASE("patch journal: entries come back in their order") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("journal");
  {
    PatchJournal journal(path);
    CHECK(journal.settings().empty());
    journal.restart("settings", 0);
    journal.append(entry("a", 0));
    journal.append(failed());
    journal.append(entry("b", 4));
  }
  PatchJournal journal(path);
  CHECK(journal.settings() == "settings");
  REQUIRE(journal.entries().size() == 3);
  CHECK(journal.entries()[0].set == PatchSetKind::test);
  CHECK(journal.entries()[1].problem.find("truncated") != std::string::npos);
  CHECK(journal.entries()[2].micrograph.first_patch == 4);
  journal.restart("settings", 1);
  CHECK(PatchJournal(path).entries().size() == 1);
}

TEST_CASE("patch journal: what follows a torn line is absent") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("journal");
  PatchJournal journal(path);
  journal.restart("settings", 0);
  journal.append(entry("a", 0));
  journal.append(entry("b", 4));
  const std::string whole = test::content_of(path);
  const std::size_t second = whole.rfind('{', whole.rfind("\"fingerprint\""));
  for (std::size_t size = second; size < whole.size(); ++size) {
    folder.write("journal", whole.substr(0, size));
    REQUIRE(PatchJournal(path).entries().size() == 1);
  }
  folder.write("journal", whole.substr(0, 5));
  CHECK(PatchJournal(path).settings().empty());
}
