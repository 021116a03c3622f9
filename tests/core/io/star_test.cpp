#include "core/io/star.h"

#include "core/base/error.h"
#include "core/base/random.h"
#include "tests/support/captured_log.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

using namespace limpid;
using limpid::test::CapturedLog;
using limpid::test::TemporaryFolder;

namespace {

const std::string example =
    "\n# version 30001\n\ndata_general\n\n_rlnImageSizeX      3838 # pixels\n"
    "_rlnMovieName 'Movies/a b.tiff'\n \n\n# version 30001\n\ndata_micrographs\n\nloop_ \n"
    "_rlnMicrographName #1 \n_rlnDefocusU #2 \n\nmics/a.mrc  12000.000000 \n"
    "\"mics/b c.mrc\"\t1.1e4 # fine\n \n";

std::string parse_error(const std::string& text, const StarOptions& options = {}) {
  try {
    StarFile::parse(text, "in.star", options);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::usage);
    CHECK(std::string(error.what()).find('\n') == std::string::npos);
    return error.what();
  }
  return "accepted";
}

std::string warnings_of(const std::string& text) {
  const CapturedLog log;
  StarFile::parse(text, "in.star");
  return log.warnings();
}

}  // namespace

TEST_CASE("star: lists and loops are found, values lose their quotes") {
  const StarFile file = StarFile::parse(example, "in.star");
  REQUIRE(file.tables().size() == 2);
  const StarTable& general = file.table("general");
  CHECK_FALSE(general.is_loop());
  CHECK(general.row_count() == 1);
  CHECK(general.cell(0, general.column("rlnImageSizeX")) == "3838");
  CHECK(general.cell(0, general.column("rlnMovieName")) == "Movies/a b.tiff");
  CHECK(general.position(0) == "in.star:6");
  const StarTable& micrographs = file.table("micrographs");
  CHECK(micrographs.is_loop());
  CHECK(micrographs.row_count() == 2);
  CHECK(micrographs.column_count() == 2);
  CHECK(micrographs.label(1) == "rlnDefocusU");
  CHECK(micrographs.cell(0, 0) == "mics/a.mrc");
  CHECK(micrographs.cell(1, 0) == "mics/b c.mrc");
  CHECK(micrographs.cell(1, 1) == "1.1e4");
  CHECK(micrographs.position(1) == "in.star:19");
  CHECK(micrographs.find_column("rlnDefocusV") == std::nullopt);
  CHECK(file.find_table("optics") == nullptr);
}

TEST_CASE("star: what is missing is named together with what there is") {
  const StarFile file = StarFile::parse(example, "in.star");
  CHECK_THROWS_WITH(file.table("optics"),
                    "reading 'in.star': there is no table 'data_optics', only data_general, "
                    "data_micrographs");
  CHECK_THROWS_WITH(file.table("general").column("rlnX"),
                    "reading 'in.star': table 'data_general' has no column '_rlnX'");
}

TEST_CASE("star: a file is read from disk, and one that cannot be is a usage error") {
  const TemporaryFolder folder;
  CHECK(StarFile::read(folder.write("a.star", example)).text() == example);
  try {
    StarFile::read(folder.path("none.star"));
    FAIL("read");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::usage);
  }
}

TEST_CASE("star: odd but valid files are understood and come back unchanged") {
  struct Case {
    const char* what;
    std::string text;
    std::vector<std::string> cells;  // of the first table, row after row
  };
  const Case cases[] = {
      {"no end of line at the end", "data_a\nloop_\n_x\n1\n2", {"1", "2"}},
      {"CRLF", "data_a\r\n\r\nloop_\r\n_x #1\r\n_y #2\r\n1 2\r\n", {"1", "2"}},
      {"mixed line ends", "data_a\nloop_\r\n_x\n_y\r\n1 2\n3 4\r\n", {"1", "2", "3", "4"}},
      {"byte order mark",
       "\xef\xbb\xbf"
       "data_a\n_x 1\n",
       {"1"}},
      {"tabs", "data_a\n\tloop_\n\t_x\t#1\n_y\n\t1\t\t2\t\n", {"1", "2"}},
      {"keywords in capitals", "DATA_a\nLoop_\n_x\n1\n", {"1"}},
      {"table without a name", "data_\n_x 1\n", {"1"}},
      {"no table body", "data_a\n\n", {}},
      {"loop without rows", "data_a\nloop_\n_x\n_y\n", {}},
      {"number joined to the label", "data_a\nloop_\n_x#1\n_y#2\n1 2\n", {"1", "2"}},
      {"blank lines between labels and rows", "data_a\nloop_\n_x\n\n\n_y\n\n1 2\n", {"1", "2"}},
      {"comments everywhere outside rows",
       "# a\ndata_a # b\n#c\nloop_ # d\n#e\n_x #1 # f\n#g\n1 # h\n\n# i\n",
       {"1"}},
      {"'#' inside a value", "data_a\n_x a#b\n", {"a#b"}},
      {"empty quoted values", "data_a\nloop_\n_x\n_y\n'' \"\"\n", {"", ""}},
      {"quotes inside values",
       "data_a\nloop_\n_x\n_y\n_z\na'b 'a'b' \"a\"b\"\n",
       {"a'b", "a'b", "a\"b"}},
      {"'#' in quotes", "data_a\n_x '# no comment'\n", {"# no comment"}},
      {"underscore and semicolon in quotes",
       "data_a\nloop_\n_x\n_y\n'_a' ;\n';b' _\n",
       {"_a", ";", ";b", "_"}},
      {"file names that begin with data_",
       "data_a\nloop_\n_x\n_y\ndata_1.mrc 1\ndata_2.mrc 2\n",
       {"data_1.mrc", "1", "data_2.mrc", "2"}},
      {"file names that begin with data_ in a single column",
       "data_a\nloop_\n_x\ndata_1.mrc\ndata_2.mrc\n\ndata_b\n_y 1\n",
       {"data_1.mrc", "data_2.mrc"}},
      {"a table directly behind the rows of another",
       "data_a\nloop_\n_x\n_y\n1 2\ndata_b\nloop_\n_x\n1\n",
       {"1", "2"}},
      {"a table directly behind a single column",
       "data_a\nloop_\n_x\n1\ndata_b\n\n# c\nloop_\n_x\n1\n",
       {"1"}},
      {"the value loop_ in a single column", "data_a\nloop_\n_x\n1\nloop_\n", {"1", "loop_"}},
      {"UTF-8 and other bytes",
       "data_a\n_x \xc3\xa4\xff/\xe2\x82\xac\n",
       {"\xc3\xa4\xff/\xe2\x82\xac"}},
      {"a stack index", "data_a\n_x 000001@stack.mrcs\n", {"000001@stack.mrcs"}},
      {"form feed and lone carriage return as space",
       "data_a\nloop_\n_x\n_y\n1\f2\r\n3\r4\n",
       {"1", "2", "3", "4"}}};
  for (const Case& test : cases) {
    INFO(test.what);
    const StarFile file = StarFile::parse(test.text, "in.star");
    CHECK(file.text() == test.text);
    const StarTable& table = file.tables().front();
    std::vector<std::string> cells;
    for (std::int64_t row = 0; row < table.row_count(); ++row)
      for (std::size_t column = 0; column < table.column_count(); ++column)
        cells.emplace_back(table.cell(row, column));
    CHECK(cells == test.cells);
  }
}

TEST_CASE("star: errors name the file and the line") {
  struct Case {
    const char* what;
    std::string text;
    const char* message;
  };
  const Case cases[] = {
      {"empty", "", "'in.star': no table found"},
      {"comments only", "# nothing\n\n", "no table found"},
      {"other text", "hello\n", "'in.star:1': 'hello' in front of the first table"},
      {"loop before a table", "\nloop_\n_x\n1\n", "'in.star:2': 'loop_' in front of"},
      {"NUL", std::string("data_a\n_x 1\0\n", 13), "'in.star:2': a NUL byte"},
      {"UTF-16",
       std::string("\xff\xfe"
                   "d\0a\0",
                   6),
       "'in.star:1': a NUL byte"},
      {"unterminated quote", "data_a\n_x 'abc\n", "'in.star:2': a quoted value without"},
      {"quote that closes inside a word", "data_a\n_x 'a'b\n", "without its closing '"},
      {"short row",
       "data_a\nloop_\n_x\n_y\n1 2\n3\n",
       "'in.star:6': a row of 1 values in table "
       "'data_a', which has 2 columns"},
      {"long row", "data_a\nloop_\n_x\n_y\n1 2 3\n", "'in.star:5': a row of 3 values"},
      {"long and short row", "data_a\nloop_\n_x\n_y\n1 2 3\n4\n", "'in.star:5': a row of 3"},
      {"label twice", "data_a\nloop_\n_x\n_y\n_x\n", "'in.star:5': a second label '_x'"},
      {"label twice in a list", "data_a\n_x 1\n_x 2\n", "'in.star:3': a second label '_x'"},
      {"table twice", "data_a\n_x 1\ndata_a\n", "'in.star:3': a second table 'data_a'"},
      {"label behind rows", "data_a\nloop_\n_x\n1\n_y\n", "'in.star:5': '_y' behind the rows"},
      {"row that begins with _", "data_a\nloop_\n_x\n_y\n1 2\n_a 2\n", "'in.star:6': '_a' behind"},
      {"row that begins with ;", "data_a\nloop_\n_x\n;a\n", "'in.star:4': a value that begins"},
      {"text of several lines", "data_a\n_x\n;a\nb\n;\n", "'in.star:2': the label '_x' has 0"},
      {"row behind a blank line",
       "data_a\nloop_\n_x\n1\n\n2\n",
       "'in.star:6': a row behind a blank"},
      {"row behind a line of spaces",
       "data_a\nloop_\n_x\n1\n \t\n2\n",
       "'in.star:6': a row behind"},
      {"two values", "data_a\n_x 1 2\n", "'in.star:2': the label '_x' has 2 values, expected 1"},
      {"value without a label", "data_a\nabc\n", "'in.star:2': the value 'abc' without a label"},
      {"value behind a loop label", "data_a\nloop_\n_x 1\n", "'1' behind the label '_x'"},
      {"second loop",
       "data_a\nloop_\n_x\n_y\n1 2\nloop_\n_y\n1\n",
       "'in.star:6': a second 'loop_'"},
      {"loop behind values", "data_a\n_x 1\nloop_\n_y\n", "'in.star:3': a second 'loop_'"},
      {"labels on the line of loop_", "data_a\nloop_ _x\n1\n", "'_x' behind 'loop_'"},
      {"loop without labels", "data_a\nloop_\n\ndata_b\n", "the 'loop_' of table 'data_a' has no"},
      {"row without labels", "data_a\nloop_\n1\n", "which has 0 columns"},
      {"text behind the table name", "data_a b\n", "'in.star:1': 'b' behind the name"},
      {"empty label", "data_a\nloop_\n_\n", "'_' is not a label"},
      {"label that is only a number", "data_a\nloop_\n_#1\n", "'_#1' is not a label"}};
  for (const Case& test : cases) {
    INFO(test.what);
    const std::string message = parse_error(test.text);
    CHECK_THAT(message, Catch::StartsWith("reading 'in.star"));
    CHECK_THAT(message, ContainsSubstring(test.message));
  }
}

TEST_CASE("star: limits hold") {
  StarOptions options;
  options.largest_line_bytes = 20;
  CHECK(parse_error("data_a\n_x 4567890123456789 \n", options) == "accepted");
  CHECK_THAT(parse_error("data_a\n_x 45678901234567890 \n", options),
             ContainsSubstring("'in.star:2': the line has 21 bytes, at most 20"));
  options = {};
  options.largest_column_count = 2;
  CHECK_THAT(parse_error("data_a\n_x 1\n_y 2\n_z 3\n", options),
             ContainsSubstring("'in.star:4': more than 2 columns"));
  options = {};
  options.largest_file_bytes = 10;
  CHECK_THAT(parse_error("data_a\n_x 1\n", options), ContainsSubstring("12 bytes, at most 10"));
  options = {};
  options.largest_table_count = 1;
  CHECK_THAT(parse_error("data_a\ndata_b\n", options), ContainsSubstring("more than 1 tables"));
}

TEST_CASE("star: the lenient switch reads on behind blank lines") {
  StarOptions lenient;
  lenient.lenient = true;
  const std::string text = "data_a\nloop_\n_x\n1\n\n2\n\n\n3\n\ndata_b\n_y 1\n";
  const StarFile file = StarFile::parse(text, "in.star", lenient);
  CHECK(file.table("a").row_count() == 3);
  CHECK(file.table("a").cell(2, 0) == "3");
  CHECK(file.text() == text);
}

TEST_CASE("star: a comment among rows is a warning, once") {
  CHECK_THAT(warnings_of("data_a\nloop_\n_x\n1\n# a\n2\n#b\n3\n"),
             ContainsSubstring("'in.star:5': a comment among the rows of 'data_a'"));
  CHECK(warnings_of("data_a\nloop_\n_x\n1\n# a\n2\n#b\n3\n").find("in.star:7") ==
        std::string::npos);
  CHECK(warnings_of(example).empty());
}

TEST_CASE("star: a copy stays valid when the original is gone") {
  StarFile copy = StarFile::parse("data_a\n_x 1\n", "in.star");
  {
    StarFile file = StarFile::parse(example, "in.star");
    file.table("micrographs").set_cell(0, 0, "changed");
    copy = file;
  }
  CHECK(copy.table("micrographs").cell(0, 0) == "changed");
  CHECK(copy.table("micrographs").cell(1, 0) == "mics/b c.mrc");
}

namespace {

// A random file in the freedom that the format gives, and the values it must be read as.
struct RandomStar {
  std::string text;
  std::vector<std::vector<std::string>> tables;  // values, row after row

  explicit RandomStar(RandomSequence& random) : random_(random) {
    line_end_ = pick({"\n", "\r\n"});
    if (random_.below(4) == 0)
      text += "\xef\xbb\xbf";
    for (std::int64_t table = 0; table <= random_.below(4); ++table)
      add_table(fmt::format("t{}", table));
    if (random_.below(3) == 0)
      text.resize(text.find_last_not_of(" \r\n") + 1);
  }

 private:
  std::string pick(const std::vector<std::string>& choices) {
    return choices[static_cast<std::size_t>(
        random_.below(static_cast<std::int64_t>(choices.size())))];
  }
  std::string space() { return pick({" ", "  ", "\t", " \t "}); }
  void end_line() { text += pick({"", "", " ", " # a comment 'with \"quotes", "\t#"}) + line_end_; }
  void fill() {
    for (std::int64_t i = random_.below(3); i > 0; --i)
      text += pick({"", " \t", "# comment", "  #"}) + line_end_;
  }
  // Appends a value in some valid form and remembers it.
  void add_value(std::vector<std::string>& values) {
    const std::string word = pick(
        {"mics/a.mrc", "12.5", "-1e-3", "000001@s.mrcs", "it's", "a\"b#c", "\xc3\xa4", "x_y;"});
    const std::string quote = pick({"", "", "'", "\""});
    const std::string value =
        quote.empty() ? word : word + pick({"", " ", " #_'x", "  two", "\t;"});
    text += quote + value + quote;
    values.push_back(value);
  }
  void add_table(const std::string& name) {
    fill();
    text += pick({"data_", "DATA_", "Data_"}) + name;
    end_line();
    fill();
    std::vector<std::string> values;
    const std::int64_t columns = 1 + random_.below(6);
    if (random_.below(3) == 0) {
      for (std::int64_t column = 0; column < columns; ++column) {
        text += fmt::format("_label{}", column) + space();
        add_value(values);
        end_line();
        fill();
      }
    } else {
      add_loop(columns, values);
    }
    text += line_end_;
    tables.push_back(values);
  }
  void add_loop(std::int64_t columns, std::vector<std::string>& values) {
    text += pick({"loop_", "LOOP_"});
    end_line();
    for (std::int64_t column = 0; column < columns; ++column) {
      text +=
          fmt::format("_label{}", column) + pick({"", " #", fmt::format(" #{}", column + 1), "#7"});
      end_line();
      fill();
    }
    for (std::int64_t row = random_.below(6); row > 0; --row) {
      text += pick({"", " ", "\t"});
      for (std::int64_t column = 0; column < columns; ++column) {
        add_value(values);
        if (column + 1 < columns)
          text += space();
      }
      end_line();
    }
  }

  RandomSequence& random_;
  std::string line_end_;
};

}  // namespace

TEST_CASE("star: 2000 random files are read right and come back byte by byte") {
  RandomSequence random(17, 0);
  for (int i = 0; i < 2000; ++i) {
    const RandomStar expected(random);
    const StarFile file = StarFile::parse(expected.text, "in.star");
    REQUIRE(file.text() == expected.text);
    REQUIRE(file.tables().size() == expected.tables.size());
    for (std::size_t table = 0; table < file.tables().size(); ++table) {
      const StarTable& found = file.tables()[table];
      std::vector<std::string> values;
      for (std::int64_t row = 0; row < found.row_count(); ++row)
        for (std::size_t column = 0; column < found.column_count(); ++column)
          values.emplace_back(found.cell(row, column));
      REQUIRE(values == expected.tables[table]);
    }
  }
}
