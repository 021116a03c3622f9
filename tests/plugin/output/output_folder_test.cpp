#include "plugin/output/output_folder.h"

#include "core/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

#include <filesystem>
#include <optional>

using namespace limpid;
using namespace limpid::test;

namespace {

namespace fs = std::filesystem;

std::optional<ErrorKind> kind_of_error(const auto& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.kind();
  }
  return std::nullopt;
}

}  // namespace

TEST_CASE("output folder: is made with all above it, and named without slashes at the end") {
  const TemporaryFolder folder;
  const OutputFolder output(folder.path("a/b c/$(x)//"));
  CHECK(output.path() == folder.path("a/b c/$(x)"));
  CHECK(fs::is_directory(output.path()));
  CHECK(kind_of_error([] { OutputFolder(""); }) == ErrorKind::usage);
}

TEST_CASE("output folder: one run at a time") {
  const TemporaryFolder folder;
  {
    const OutputFolder first(folder.path("out"));
    CHECK(kind_of_error([&] { OutputFolder(folder.path("out")); }) == ErrorKind::busy);
    CHECK_THROWS_WITH(OutputFolder(folder.path("out")), ContainsSubstring("process "));
    fs::create_directory_symlink(folder.path("out"), folder.path("link"));
    CHECK(kind_of_error([&] { OutputFolder(folder.path("link")); }) == ErrorKind::busy);
    const OutputFolder other(folder.path("out/below"));
  }
  const OutputFolder second(folder.path("out"));
}

TEST_CASE("output folder: what the run before left half-written is removed, nothing else") {
  const TemporaryFolder folder;
  fs::create_directories(folder.path("out/.limpid"));
  fs::create_directories(folder.path("out/s"));
  folder.write("out/.limpid/lock", "process 4711 on some host");
  for (const char* name : {"out/.a.mrc.4711.0.tmp", "out/s/.b.mrc.4711.12.tmp"})
    folder.write(name, "half");
  const std::vector<std::string> others = {"out/a.mrc",
                                           "out/.a.mrc.4712.0.tmp",
                                           "out/a.mrc.4711.0.tmp",
                                           "out/.a.mrc.4711.tmp",
                                           "out/.swp.4711.0.tmp.keep"};
  for (const std::string& name : others)
    folder.write(name, "whole");
  const OutputFolder output(folder.path("out"));
  CHECK_FALSE(fs::exists(folder.path("out/.a.mrc.4711.0.tmp")));
  CHECK_FALSE(fs::exists(folder.path("out/s/.b.mrc.4711.12.tmp")));
  for (const std::string& name : others) {
    INFO(name);
    CHECK(fs::exists(folder.path(name)));
  }
}

TEST_CASE("output folder: a lock of unknown content removes nothing") {
  const TemporaryFolder folder;
  fs::create_directories(folder.path("out/.limpid"));
  folder.write("out/.limpid/lock", "process .* on x");
  folder.write("out/.a.mrc.4711.0.tmp", "half");
  const OutputFolder output(folder.path("out"));
  CHECK(fs::exists(folder.path("out/.a.mrc.4711.0.tmp")));
}

TEST_CASE("output folder: places for results are made on the way") {
  const TemporaryFolder folder;
  const OutputFolder output(folder.path("out"));
  CHECK(output.place("s/t/a.mrc") == folder.path("out/s/t/a.mrc"));
  CHECK(fs::is_directory(folder.path("out/s/t")));
}

TEST_CASE("output folder: links that lead out are not followed, not even to make folders") {
  const TemporaryFolder folder;
  const OutputFolder output(folder.path("out"));
  fs::create_directory(folder.path("elsewhere"));
  fs::create_directory_symlink(folder.path("elsewhere"), folder.path("out/s"));
  fs::create_directory_symlink("/nowhere/at/all", folder.path("out/broken"));
  fs::create_directory_symlink(folder.path("out2"), folder.path("out/sibling"));
  for (const char* name : {"s/a.mrc", "s/new/a.mrc", "broken/a.mrc", "sibling/a.mrc"})
    CHECK(kind_of_error([&] { static_cast<void>(output.place(name)); }) == ErrorKind::input);
  CHECK(fs::is_empty(folder.path("elsewhere")));
  CHECK_FALSE(fs::exists(folder.path("out2")));
  // One that stays inside is as good as a folder.
  fs::create_directory(folder.path("out/real"));
  fs::create_directory_symlink(folder.path("out/real"), folder.path("out/inside"));
  CHECK(output.place("inside/a.mrc") == folder.path("out/inside/a.mrc"));
}

TEST_CASE("output folder: the private folder is no link that leads out") {
  const TemporaryFolder folder;
  fs::create_directory(folder.path("out"));
  fs::create_directory(folder.path("elsewhere"));
  fs::create_directory_symlink(folder.path("elsewhere"), folder.path("out/.limpid"));
  CHECK(kind_of_error([&] { OutputFolder(folder.path("out")); }) == ErrorKind::storage);
  CHECK(fs::is_empty(folder.path("elsewhere")));
}

TEST_CASE("output folder: a place that something else has concerns that result alone") {
  const TemporaryFolder folder;
  const OutputFolder output(folder.path("out"));
  folder.write("out/a.mrc", "x");
  fs::create_directory(folder.path("out/folder.mrc"));
  std::string deep;
  for (int i = 0; i < 60; ++i)
    deep += std::string(100, 'd') + "/";
  for (const std::string& name : {std::string("a.mrc/b.mrc"),
                                  std::string("a.mrc/s/b.mrc"),
                                  std::string("folder.mrc"),
                                  deep + "x.mrc"})
    CHECK(kind_of_error([&] { static_cast<void>(output.place(name)); }) == ErrorKind::input);
  CHECK_FALSE(fs::exists(folder.path("out/" + std::string(100, 'd'))));
}

TEST_CASE("output folder: a file in its place is an error of storage") {
  const TemporaryFolder folder;
  folder.write("out", "x");
  CHECK(kind_of_error([&] { OutputFolder(folder.path("out")); }) == ErrorKind::storage);
  CHECK(kind_of_error([&] { OutputFolder(folder.path("out/below")); }) == ErrorKind::storage);
}
