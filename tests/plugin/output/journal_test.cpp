#include "plugin/output/journal.h"

#include "core/base/error.h"
#include "plugin/output/output_folder.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

#include <algorithm>
#include <filesystem>
#include <limits>

using namespace limpid;
using namespace limpid::test;

namespace {

struct Run {
  Run() { std::filesystem::create_directory(folder.path(private_folder)); }
  std::string journal_path() const { return folder.path(".limpid/journal.jsonl"); }
  void finish(const std::string& name, const std::string& fingerprint) const {
    folder.write(name, "12345");
    Journal(folder.path()).append({name, fingerprint, 5, {{"snr", 2.5}}});
  }
  bool has(const std::string& name, const std::string& fingerprint) const {
    return Journal(folder.path()).find_finished(name, fingerprint).has_value();
  }
  TemporaryFolder folder;
};

}  // namespace

TEST_CASE("journal: a finished result is found again with its numbers") {
  const Run run;
  run.finish("a.mrc", "input 1");
  const auto entry = Journal(run.folder.path()).find_finished("a.mrc", "input 1");
  REQUIRE(entry);
  CHECK(entry->numbers.at("snr") == 2.5);
  CHECK_FALSE(run.has("b.mrc", "input 1"));
}

TEST_CASE("journal: changed inputs and settings, and lost results are not finished") {
  const Run run;
  run.finish("a.mrc", "input 1");
  CHECK_FALSE(run.has("a.mrc", "input 2"));
  run.folder.write("a.mrc", "1234");
  CHECK_FALSE(run.has("a.mrc", "input 1"));
  std::filesystem::remove(run.folder.path("a.mrc"));
  CHECK_FALSE(run.has("a.mrc", "input 1"));
  std::filesystem::create_directory(run.folder.path("a.mrc"));
  CHECK_FALSE(run.has("a.mrc", "input 1"));
}

TEST_CASE("journal: the last entry of a result counts") {
  const Run run;
  run.finish("a.mrc", "input 1");
  run.finish("a.mrc", "input 2");
  CHECK_FALSE(run.has("a.mrc", "input 1"));
  CHECK(run.has("a.mrc", "input 2"));
}

TEST_CASE("journal: names of any bytes are told apart") {
  const Run run;
  for (const char* name :
       {"\xff.mrc", "\xfe.mrc", "ä.mrc", "100%.mrc", "%FF.mrc", "a\n.mrc", "\".mrc"})
    run.finish(name, std::string("input ") + name);
  for (const char* name :
       {"\xff.mrc", "\xfe.mrc", "ä.mrc", "100%.mrc", "%FF.mrc", "a\n.mrc", "\".mrc"})
    CHECK(run.has(name, std::string("input ") + name));
  CHECK_FALSE(run.has("\xff.mrc", "input \xfe.mrc"));
  const std::string lines = content_of(run.journal_path());
  CHECK(std::count(lines.begin(), lines.end(), '\n') == 7);
}

TEST_CASE("journal: a torn last line counts as absent, and the next begins on its own") {
  const Run run;
  run.finish("a.mrc", "input 1");
  run.finish("b.mrc", "input 1");
  const std::string whole = content_of(run.journal_path());
  const std::size_t second = whole.find('\n') + 1;
  for (std::size_t size = second + 1; size + 2 < whole.size(); ++size) {
    run.folder.write(".limpid/journal.jsonl", std::string_view(whole).substr(0, size));
    CHECK(run.has("a.mrc", "input 1"));
    CHECK_FALSE(run.has("b.mrc", "input 1"));
    run.finish("c.mrc", "input 1");
    CHECK(run.has("c.mrc", "input 1"));
    CHECK(run.has("a.mrc", "input 1"));
  }
}

TEST_CASE("journal: lines that are none of its own are passed over") {
  const Run run;
  run.finish("a.mrc", "input 1");
  run.folder.write(".limpid/journal.jsonl",
                   "\n{}\n[]\nnull\n{\"output\":1}\nx\n" + content_of(run.journal_path()));
  CHECK(run.has("a.mrc", "input 1"));
}

TEST_CASE("journal: infinite numbers do not spoil an entry") {
  const Run run;
  run.folder.write("a.mrc", "12345");
  Journal(run.folder.path())
      .append({"a.mrc", "i", 5, {{"snr", std::numeric_limits<double>::infinity()}}});
  CHECK(run.has("a.mrc", "i"));
}

TEST_CASE("journal: one that cannot be opened is an error") {
  const Run run;
  std::filesystem::create_directory(run.journal_path());
  CHECK_THROWS_WITH(Journal(run.folder.path()), ContainsSubstring("journal.jsonl"));
}

TEST_CASE("file fingerprint: follows name, size and time of change") {
  const TemporaryFolder folder;
  const std::string path = folder.write("a.mrc", "12345");
  const std::string first = file_fingerprint(path);
  CHECK(first == file_fingerprint(path));
  std::filesystem::last_write_time(
      path, std::filesystem::last_write_time(path) + std::chrono::milliseconds(1));
  const std::string later = file_fingerprint(path);
  CHECK(later != first);
  folder.write("b.mrc", "12345");
  CHECK(file_fingerprint(folder.path("b.mrc")) != later);
  CHECK(file_fingerprint(folder.path("none")).empty());
}
