#include "relion_wrapper/command_words.h"

#include "tests/support/catch.h"

#include <string>
#include <vector>

using limpid::CommandWords;

namespace {

CommandWords words(const std::vector<const char*>& arguments) {
  std::vector<const char*> all = {"limpid-relion"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return {static_cast<int>(all.size()), all.data()};
}

}  // namespace

TEST_CASE("command words: a value of several words is put together again") {
  const CommandWords command =
      words({"--o", "External/job002/", "--model", "my", "file.bin", "--redo", "--j", "2"});
  CHECK(command.value("model") == "my file.bin");
  CHECK(command.value("redo") == "");
  CHECK(command.value("o") == "External/job002/");
  CHECK_FALSE(command.value("mode"));
  CHECK(command.arguments() ==
        std::vector<std::string>{"--o=External/job002/", "--model=my file.bin", "--redo", "--j=2"});
}

TEST_CASE("command words: the last value counts") {
  CHECK(words({"--j", "1", "--j", "8"}).value("j") == "8");
}

TEST_CASE("command words: labels may come with dashes of their own, values with one") {
  const CommandWords command = words({"----seed", "-5", "--model=a", "b", "--x=y"});
  CHECK(command.value("seed") == "-5");
  CHECK(command.value("model") == "a b");
  CHECK(command.value("x") == "y");
}

TEST_CASE("command words: what stands in front of all labels is kept for the parser to refuse") {
  CHECK(words({"denoise", "--"}).arguments() == std::vector<std::string>{"denoise", "--"});
  CHECK(words({}).arguments().empty());
}
