#include "core/base/error.h"
#include "core/base/random.h"
#include "core/io/star.h"
#include "tests/support/catch.h"

using namespace limpid;

namespace {

const std::string example =
    "# version 30001\r\n\r\ndata_optics\r\n_rlnVoltage   300.0 # kV\r\n\r\ndata_micrographs\r\n\r\n"
    "loop_\r\n_rlnMicrographName #1\r\n_rlnDefocusU #2\r\n"
    " a.mrc   1.0 # one\r\n 'b b'\t2.0\r\n c.mrc 3.0";

StarFile parsed(const std::string& text) {
  return StarFile::parse(text, "in.star");
}

}  // namespace

TEST_CASE("star_edit: a changed cell changes nothing else") {
  StarFile file = parsed(example);
  StarTable& table = file.table("micrographs");
  table.set_cell(1, 0, "Denoised/b.mrc");
  table.set_cell(2, 1, "4.0");
  file.table("optics").set_cell(0, 0, "200");
  CHECK(table.cell(1, 0) == "Denoised/b.mrc");
  CHECK(file.text() ==
        "# version 30001\r\n\r\ndata_optics\r\n_rlnVoltage   200 # kV\r\n\r\ndata_micrographs\r\n"
        "\r\nloop_\r\n_rlnMicrographName #1\r\n_rlnDefocusU #2\r\n"
        " a.mrc   1.0 # one\r\n Denoised/b.mrc\t2.0\r\n c.mrc 4.0");
}

TEST_CASE("star_edit: values are quoted only where they need it and read back the same") {
  const std::pair<std::string, std::string> cases[] = {{"plain.mrc", "plain.mrc"},
                                                       {"data_1.mrc", "data_1.mrc"},
                                                       {"it's#x", "it's#x"},
                                                       {"", "\"\""},
                                                       {"a b", "\"a b\""},
                                                       {"tab\there", "\"tab\there\""},
                                                       {"'a", "\"'a\""},
                                                       {"\"a", "\"\"a\""},
                                                       {"\"a b\" c", "'\"a b\" c'"},
                                                       {"#a", "\"#a\""},
                                                       {"_a", "\"_a\""},
                                                       {";a", "\";a\""},
                                                       {"ends with '", "\"ends with '\""},
                                                       {"\"", "\"\"\""}};
  for (const auto& [value, stored] : cases) {
    INFO(value);
    StarFile file = parsed("data_a\nloop_\n_x\n_y\n1 2\n");
    file.table("a").set_cell(0, 0, value);
    CHECK(file.text() == "data_a\nloop_\n_x\n_y\n" + stored + " 2\n");
    CHECK(parsed(file.text()).table("a").cell(0, 0) == value);
  }
}

TEST_CASE("star_edit: keywords are quoted where they would begin another table") {
  for (const std::string value : {"data_b", "DATA_", "loop_"}) {
    StarFile file = parsed("data_a\nloop_\n_x\n1\n2\n");
    file.table("a").set_cell(0, 0, value);
    CHECK(parsed(file.text()).table("a").cell(0, 0) == value);
    CHECK(parsed(file.text()).tables().size() == 1);
  }
}

TEST_CASE("star_edit: a value that no line can hold is refused") {
  StarFile file = parsed(example);
  StarTable& table = file.table("micrographs");
  for (const std::string& value :
       {std::string("a\nb"), std::string("a\r"), std::string("a\0b", 3), std::string("a' b\" c")})
    CHECK_THROWS_WITH(table.set_cell(0, 0, value), ContainsSubstring("cannot be held by a STAR"));
  CHECK(file.text() == example);
}

TEST_CASE("star_edit: columns are appended behind the last value of each row") {
  StarFile file = parsed(example);
  StarTable& table = file.table("micrographs");
  CHECK(table.append_column("limpidSource", {"x", "y y", "z"}) == 2);
  CHECK(table.append_column("limpidScore", {"1", "2", "3"}) == 3);
  table.set_cell(0, 1, "1.5");
  table.set_cell(0, 3, "9");
  CHECK(table.cell(1, 2) == "y y");
  CHECK(table.label(3) == "limpidScore");
  CHECK(file.text() ==
        "# version 30001\r\n\r\ndata_optics\r\n_rlnVoltage   300.0 # kV\r\n\r\ndata_micrographs\r\n"
        "\r\nloop_\r\n_rlnMicrographName #1\r\n_rlnDefocusU #2\r\n_limpidSource #3\r\n"
        "_limpidScore #4\r\n"
        " a.mrc   1.5 x 9 # one\r\n 'b b'\t2.0 \"y y\" 2\r\n c.mrc 3.0 z 3");
  CHECK_THROWS_WITH(table.append_column("rlnDefocusU", {"1", "2", "3"}),
                    ContainsSubstring("already has a column '_rlnDefocusU'"));
  CHECK_THROWS_AS(table.append_column("few", {"1"}), Error);
  CHECK_THROWS_AS(table.append_column("two words", {"1", "2", "3"}), Error);
}

TEST_CASE("star_edit: a label is appended to lists and to loops without rows") {
  StarFile list = parsed("data_a\n_x 1");
  list.table("a").append_column("y", {"two words"});
  CHECK(list.text() == "data_a\n_x 1\n_y \"two words\"\n");
  StarFile loop = parsed("data_a\nloop_\n_x #1\n\ndata_b\n_z 1\n");
  loop.table("a").append_column("y", {});
  CHECK(loop.text() == "data_a\nloop_\n_x #1\n_y #2\n\ndata_b\n_z 1\n");
}

TEST_CASE("star_edit: removed rows disappear with their line, later edits follow the new rows") {
  StarFile file = parsed(example);
  StarTable& table = file.table("micrographs");
  table.set_cell(0, 0, "gone.mrc");
  table.set_cell(2, 0, "kept.mrc");
  table.keep_rows({false, true, true});
  CHECK(table.row_count() == 2);
  CHECK(table.cell(1, 0) == "kept.mrc");
  table.append_column("reason", {"r1", "r2"});
  table.keep_rows({false, true});
  table.set_cell(0, 1, "5.0");
  CHECK(table.cell(0, 2) == "r2");
  CHECK(table.position(0) == "in.star:13");
  CHECK(file.text() ==
        "# version 30001\r\n\r\ndata_optics\r\n_rlnVoltage   300.0 # kV\r\n\r\ndata_micrographs\r\n"
        "\r\nloop_\r\n_rlnMicrographName #1\r\n_rlnDefocusU #2\r\n_reason #3\r\n"
        " kept.mrc 5.0 r2");
  table.keep_rows({false});
  CHECK(parsed(file.text()).table("micrographs").row_count() == 0);
}

TEST_CASE("star_edit: cells that do not exist are a programming error") {
  StarFile file = parsed(example);
  StarTable& table = file.table("micrographs");
  CHECK_THROWS_AS(table.cell(3, 0), Error);
  CHECK_THROWS_AS(table.cell(-1, 0), Error);
  CHECK_THROWS_AS(table.cell(0, 2), Error);
  CHECK_THROWS_AS(table.set_cell(0, 2, "x"), Error);
  CHECK_THROWS_AS(table.keep_rows({true}), Error);
  CHECK_THROWS_AS(file.table("optics").keep_rows({true}), Error);
}

TEST_CASE("star_edit: random edits read back as a table that was edited in memory") {
  RandomSequence random(23, 0);
  const std::vector<std::string> values = {
      "a", "b b", "", "'q", "_u", "#", "data_x", "1.5", "\"e\" '"};
  const auto any_value = [&] {
    return values[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(values.size())))];
  };
  for (int i = 0; i < 300; ++i) {
    const std::int64_t columns = 1 + random.below(4);
    std::string text = "data_t\n\nloop_\n";
    for (std::int64_t column = 0; column < columns; ++column)
      text += "_c" + std::to_string(column) + "\n";
    std::vector<std::vector<std::string>> expected;
    for (std::int64_t row = random.below(6); row > 0; --row) {
      expected.emplace_back();
      for (std::int64_t column = 0; column < columns; ++column) {
        expected.back().push_back(std::to_string(random.below(100)));
        text += expected.back().back() + "  ";
      }
      text += "# " + std::to_string(row) + "\n";
    }
    StarFile file = parsed(text + "\ndata_u\n_x 1\n");
    StarTable& table = file.table("t");
    for (int edit = 0; edit < 8; ++edit) {
      const std::int64_t row_count = table.row_count();
      if (const std::int64_t kind = random.below(5); kind == 0) {
        std::vector<std::string> column;
        for (auto& row : expected)
          row.push_back(column.emplace_back(any_value()));
        table.append_column("n" + std::to_string(edit), column);
      } else if (kind == 1) {
        std::vector<bool> is_kept;
        std::vector<std::vector<std::string>> kept;
        for (const auto& row : expected)
          if (is_kept.push_back(random.below(3) > 0); is_kept.back())
            kept.push_back(row);
        table.keep_rows(is_kept);
        expected = kept;
      } else if (row_count > 0) {
        const std::int64_t row = random.below(row_count);
        const auto column =
            static_cast<std::size_t>(random.below(static_cast<std::int64_t>(table.column_count())));
        table.set_cell(row, column, expected[static_cast<std::size_t>(row)][column] = any_value());
      }
    }
    const StarFile back = parsed(file.text());
    const StarTable& result = back.table("t");
    REQUIRE(back.table("u").cell(0, 0) == "1");
    REQUIRE(result.row_count() == static_cast<std::int64_t>(expected.size()));
    for (std::size_t row = 0; row < expected.size(); ++row)
      for (std::size_t column = 0; column < expected[row].size(); ++column)
        REQUIRE(result.cell(static_cast<std::int64_t>(row), column) == expected[row][column]);
  }
}
