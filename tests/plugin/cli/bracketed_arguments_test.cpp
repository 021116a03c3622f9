#include "plugin/cli/bracketed_arguments.h"

#include "tests/support/catch.h"

#include <CLI/CLI.hpp>

using namespace limpid;

TEST_CASE("bracketed arguments: a file of that name is told from the parser's own lists") {
  CLI::App parser;
  CLI::App* command = parser.add_subcommand("train");
  std::string name;
  bool redo = false;
  std::vector<std::string> truth, files;
  command->add_option("--name", name);
  command->add_flag("--redo", redo);
  command->add_option("--truth", truth);
  command->add_option("files", files);
  std::vector<std::string> arguments = {
      "train", "--name", "[n]", "--truth", "[t]", "x", "--redo", "--", "[1,2]", "[a]b"};
  arguments = protect_brackets(parser, arguments);
  CHECK(arguments ==
        std::vector<std::string>{
            "train", "--name", "[n]", "--truth", "./[t]", "x", "--redo", "--", "./[1,2]", "[a]b"});
  std::reverse(arguments.begin(), arguments.end());
  parser.parse(arguments);
  CHECK(name == "[n]");
  CHECK(truth == std::vector<std::string>{"./[t]", "x"});
  CHECK(files == std::vector<std::string>{"./[1,2]", "[a]b"});
}
