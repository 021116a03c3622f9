#include "core/io/star_writer.h"

#include "core/base/error.h"
#include "core/io/star.h"
#include "tests/support/catch.h"

#include <cstdlib>

using namespace limpid;

TEST_CASE("star_writer: tables have the layout that line-based readers expect") {
  StarWriter writer;
  writer.add_list("general", {{"rlnVoltage", star_number(300.0)}, {"rlnName", "two words"}});
  writer.begin_loop("optics", {"rlnOpticsGroupName"});
  writer.add_row({"data_1"});
  writer.begin_loop("", {"rlnMicrographName", "rlnScore"});
  writer.add_row({"a.mrc", star_number(0.5)});
  writer.add_row({"a much longer name.mrc", star_number(std::int64_t{12})});
  CHECK(writer.text() ==
        "\n# version 30001\n\ndata_general\n\n"
        "_rlnVoltage                                 300.000000\n"
        "_rlnName                                   \"two words\"\n\n"
        "\n# version 30001\n\ndata_optics\n\nloop_\n_rlnOpticsGroupName #1\n"
        "    \"data_1\"\n\n"
        "\n# version 30001\n\ndata_\n\nloop_\n_rlnMicrographName #1\n_rlnScore #2\n"
        "       a.mrc     0.500000\n\"a much longer name.mrc\"           12\n\n");
}

TEST_CASE("star_writer: the parser reads it back") {
  StarWriter writer;
  const std::vector<std::string> row = {"", "a b", "'x", "loop_", "#", "x' y"};
  writer.begin_loop("t", {"a", "b", "c", "d", "e", "f"});
  writer.add_row(row);
  const StarFile file = StarFile::parse(writer.text(), "out.star");
  for (std::size_t column = 0; column < row.size(); ++column)
    CHECK(file.table("t").cell(0, column) == row[column]);
}

TEST_CASE("star_writer: numbers show six digits at any size") {
  CHECK(star_number(1.0) == "1.000000");
  CHECK(star_number(-0.123456789) == "-0.123457");
  CHECK(star_number(0.0) == "0.000000");
  CHECK(star_number(12345.678) == "12345.678000");
  CHECK(star_number(1e-5) == "1.00000e-05");
  CHECK(star_number(123456.0) == "1.23456e+05");
  CHECK(star_number(std::int64_t{-7}) == "-7");
  for (const double value : {3.14159265, 2.5e-9, -8.25e17, 99999.5})
    CHECK(std::strtod(star_number(value).c_str(), nullptr) == Approx(value).epsilon(1e-5));
}

TEST_CASE("star_writer: rows of the wrong length and impossible values are refused") {
  StarWriter writer;
  CHECK_THROWS_AS(writer.add_row({"1"}), Error);
  writer.begin_loop("t", {"a", "b"});
  CHECK_THROWS_AS(writer.add_row({"1"}), Error);
  CHECK_THROWS_AS(writer.add_row({"1", "line\nend"}), Error);
  CHECK_THROWS_AS(writer.begin_loop("two words", {"a"}), Error);
  CHECK_THROWS_AS(writer.begin_loop("u", {"#"}), Error);
}
