#include "plugin/micrographs/output_name.h"

#include "tests/support/catch.h"

#include <string>

using namespace limpid;

TEST_CASE("output name: what follows the last job folder") {
  CHECK(output_name_for("MotionCorr/job002/Micrographs/a.mrc") == "Micrographs/a.mrc");
  CHECK(output_name_for("Import/job001/X/job0123/s/a.tif") == "s/a.mrc");
  CHECK(output_name_for("job002/a.mrc") == "a.mrc");
  // No job folders: too few digits, other characters, or the file itself.
  CHECK(output_name_for("job02/a.mrc") == "job02/a.mrc");
  CHECK(output_name_for("job002x/a.mrc") == "job002x/a.mrc");
  CHECK(output_name_for("myjob002/a.mrc") == "myjob002/a.mrc");
  CHECK(output_name_for("A/job002") == "A/job002.mrc");
}

TEST_CASE("output name: without a job folder, the whole path below the output folder") {
  CHECK(output_name_for("a.mrc") == "a.mrc");
  CHECK(output_name_for("Micrographs/s1/a.tiff") == "Micrographs/s1/a.mrc");
  CHECK(output_name_for("/data/s1/a.mrc") == "data/s1/a.mrc");
  CHECK(output_name_for("//data///a.mrc") == "data/a.mrc");
  CHECK(output_name_for("./a/./b.mrc") == "a/b.mrc");
}

TEST_CASE("output name: the extension alone is replaced") {
  CHECK(output_name_for("a.b.c.mrc") == "a.b.c.mrc");
  CHECK(output_name_for("a") == "a.mrc");
  CHECK(output_name_for(".mrc") == ".mrc.mrc");
  CHECK(output_name_for("a.") == "a.mrc");
  CHECK(output_name_for("s/a.b.mrc.gz") == "s/a.b.mrc");
  CHECK(output_name_for("a.MRC.BZ2") == "a.mrc");
  CHECK(output_name_for(".gz") == ".gz.mrc");
}

TEST_CASE("output name: nothing leads out of the output folder") {
  CHECK(output_name_for("../a.mrc") == "up/a.mrc");
  CHECK(output_name_for("../../a.mrc") == "up/up/a.mrc");
  CHECK(output_name_for("s/../a.mrc") == "a.mrc");
  CHECK(output_name_for("s/../../../a.mrc") == "up/up/a.mrc");
  CHECK(output_name_for("/../../etc/passwd") == "up/up/etc/passwd.mrc");
  CHECK(output_name_for("a/job001/../../b.mrc") == "up/up/b.mrc");
  for (const char* name : {"", ".", "..", "/", "//", "../", "s/..", "job001/", "s/."}) {
    const std::string output = output_name_for(name);
    INFO(name << " -> " << output);
    CHECK(output.ends_with(".mrc"));
    CHECK(("/" + output + "/").find("/../") == std::string::npos);
    CHECK(output.front() != '/');
  }
}

TEST_CASE("output name: characters of a shell, of options and of UTF-8 are kept") {
  for (const char* name : {"$(touch x).mrc",
                           "`x`; rm -rf.mrc",
                           "-rf.mrc",
                           "--o.mrc",
                           "two  words.mrc",
                           "größe 測試.mrc",
                           "a'b.mrc",
                           "a\"b.mrc",
                           "*?[1].mrc",
                           "\\.mrc",
                           "\xff\xfe.mrc"})
    CHECK(output_name_for(name) == name);
}

TEST_CASE("output name: what no list can hold is replaced") {
  CHECK(output_name_for("a\nb\x1b.mrc") == "a_b_.mrc");
  CHECK(output_name_for("a' b\" c.mrc") == "a' b_ c.mrc");
}

TEST_CASE("output name: long parts are cut and stay distinct") {
  const std::string long_name(250, 'x');
  const std::string a = output_name_for(long_name + "a/" + long_name + "b.mrc");
  const std::string b = output_name_for(long_name + "a/" + long_name + "c.mrc");
  CHECK(a != b);
  CHECK(a.size() == 200 + 1 + 204);
  // Characters of UTF-8 stay whole: 2 bytes each, at an odd place.
  std::string two_bytes = "x";
  for (int i = 0; i < 120; ++i)
    two_bytes += "ä";
  const std::string cut = output_name_for(two_bytes + ".mrc");
  CHECK(cut.size() < 205);
  CHECK(cut.substr(0, cut.rfind('_')).ends_with("ä"));
}

TEST_CASE("output name: folders of results cannot take the place of files of the job") {
  CHECK(output_name_for("failed.star/a.mrc") == "failed.star_/a.mrc");
  CHECK(output_name_for("JOB.json/a.mrc") == "JOB.json_/a.mrc");
  CHECK(output_name_for(".limpid/lock") == ".limpid_/lock.mrc");
  CHECK(output_name_for("s/failed.star/a.mrc") == "s/failed.star/a.mrc");
  CHECK(output_name_for("failed.star") == "failed.mrc");
}

TEST_CASE("output name: distinct names differ by the micrograph") {
  const std::string a = distinct_output_name("s/a.mrc", "one/s/a.mrc");
  CHECK(a != distinct_output_name("s/a.mrc", "two/s/a.mrc"));
  CHECK(a.starts_with("s/a_"));
  CHECK(a.ends_with(".mrc"));
  CHECK(a == distinct_output_name("s/a.mrc", "one/s/a.mrc"));
}
