#include "plugin/models/model_report.h"

#include "tests/support/catch.h"
#include "tests/support/small_model.h"
#include "tests/support/temporary_folder.h"

using namespace limpid;
using namespace limpid::test;

TEST_CASE("model report: the network of all comparisons has 7,759,521 parameters") {
  CHECK(parameter_count(preset_network("classic")) == 7759521);
}

TEST_CASE("model report: a description states size, reach, pixel sizes and origin") {
  Model model = small_model();
  model.hash = "0123456789abcdef";
  const std::string text = describe_model(model);
  for (const char* expected :
       {"small\n", "16-32 channels", "0.5 to 2.5 A", "not trained", "0123456789abcdef"})
    CHECK_THAT(text, ContainsSubstring(expected));
  model.description.smallest_pixel_size_angstrom = model.description.largest_pixel_size_angstrom;
  CHECK_THAT(describe_model(model), ContainsSubstring(" 2.5 A") && !ContainsSubstring(" to 2.5"));
  model.description.smallest_pixel_size_angstrom.reset();
  CHECK_THAT(describe_model(model), ContainsSubstring("not stated"));
}

TEST_CASE("model report: texts of a model cannot break the lines or control the terminal") {
  Model model = small_model();
  model.description.summary = "first\nsecond \x1b[2J";
  CHECK_THAT(describe_model(model), ContainsSubstring("first?second ?[2J"));
}

TEST_CASE("model report: a damaged file is a line of the table") {
  const TemporaryFolder folder;
  folder.write("broken.safetensors", "xx");
  save_model(folder.path("good.safetensors"), small_model());
  const std::string table = model_table(
      {{"broken", folder.path("broken.safetensors")}, {"good", folder.path("good.safetensors")}});
  CHECK_THAT(table, ContainsSubstring("broken  cannot be used: reading"));
  CHECK_THAT(table, ContainsSubstring("for a test\n"));
}
