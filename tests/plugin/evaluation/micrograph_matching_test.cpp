#include "plugin/evaluation/micrograph_matching.h"

#include "tests/support/catch.h"

#include <string>
#include <vector>

using namespace limpid;

namespace {

MicrographList list(const std::vector<std::string>& paths, bool is_star) {
  MicrographList result{.entries = {}, .is_star = is_star, .source = "other.star"};
  for (const std::string& path : paths) {
    MicrographEntry entry;
    entry.name = entry.path = path;
    result.entries.push_back(entry);
  }
  return result;
}

std::vector<std::string> matched(const MicrographList& micrographs,
                                 const MicrographList& others,
                                 const std::vector<std::string>& suffixes = {}) {
  std::vector<std::string> paths;
  for (const MicrographMatch& match : match_micrographs(micrographs, others, suffixes))
    paths.push_back(match.entry ? match.entry->path : match.problem);
  return paths;
}

}  // namespace

TEST_CASE("matching: base names decide, whatever the order, folder and extension") {
  const MicrographList denoised = list({"out/a.mrc", "out/b.mrc"}, true);
  CHECK(matched(denoised, list({"raw/b.tif", "raw/a.mrc"}, true)) ==
        std::vector<std::string>{"raw/a.mrc", "raw/b.tif"});
}

TEST_CASE("matching: a name with the suffix goes before the bare name") {
  const MicrographList denoised = list({"a.mrc", "b.mrc"}, false);
  CHECK(matched(denoised, list({"s/a.mrc", "s/a_CLEAN.mrc", "s/b.mrc"}, false), {"_CLEAN"}) ==
        std::vector<std::string>{"s/a_CLEAN.mrc", "s/b.mrc"});
}

TEST_CASE("matching: lists of equal length without common names correspond row by row") {
  const MicrographList denoised = list({"out/a.mrc", "out/b.mrc"}, true);
  CHECK(matched(denoised, list({"truth/1.mrc", "truth/2.mrc"}, true)) ==
        std::vector<std::string>{"truth/1.mrc", "truth/2.mrc"});
  // Files have no order that means anything, nor have lists of other lengths.
  CHECK(matched(denoised, list({"truth/1.mrc", "truth/2.mrc"}, false))[0] ==
        "there is no 'a' in 'other.star'");
  CHECK(matched(denoised, list({"1.mrc", "2.mrc", "3.mrc"}, true), {"_CLEAN"})[1] ==
        "there is no 'b' or 'b_CLEAN' in 'other.star'");
}

TEST_CASE("matching: a missing name does not shift the others") {
  const MicrographList denoised = list({"out/a.mrc", "out/b.mrc"}, true);
  CHECK(matched(denoised, list({"raw/b.mrc", "raw/c.mrc"}, true)) ==
        std::vector<std::string>{"there is no 'a' in 'other.star'", "raw/b.mrc"});
}

TEST_CASE("matching: names that occur twice are matched by rows or refused") {
  const MicrographList denoised = list({"out/1/x.mrc", "out/2/x.mrc"}, true);
  const std::vector<std::string> raw = {"raw/1/x.mrc", "raw/2/x.mrc"};
  CHECK(matched(denoised, list(raw, true)) == raw);
  CHECK(matched(denoised, list(raw, false))[0] ==
        "'raw/1/x.mrc' and 'raw/2/x.mrc' in 'other.star' have the same name");
  // The same file listed twice is one micrograph.
  CHECK(matched(list({"x.mrc"}, true), list({"raw/x.mrc", "raw/x.mrc"}, true))[0] == "raw/x.mrc");
}
