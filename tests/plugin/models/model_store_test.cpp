#include "plugin/models/model_store.h"

#include "core/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/models_from.h"
#include "tests/support/small_model.h"
#include "tests/support/temporary_folder.h"

#include <cstdlib>
#include <filesystem>

using namespace limpid;
using namespace limpid::test;

namespace {

ErrorKind kind_of_error(const std::string& name_or_path) {
  try {
    find_model(name_or_path);
  } catch (const Error& error) {
    return error.kind();
  }
  return ErrorKind::internal;
}

}  // namespace

TEST_CASE("model store: shipped models are found by name, files by path") {
  const TemporaryFolder folder;
  const ModelsFrom models(folder.path());
  save_model(folder.path("zebra.safetensors"), small_model());
  const std::string hash = save_model(folder.path("ant.safetensors"), small_model());
  folder.write("README.md", "no model");
  folder.write(".half.safetensors", "still being written");
  std::filesystem::create_directory(folder.path("folder.safetensors"));

  const auto found = list_models();
  REQUIRE(found.size() == 2);
  CHECK(found[0].name == "ant");
  CHECK(found[1].name == "zebra");
  CHECK(load_named_model("ant").hash == hash);
  CHECK(load_named_model(folder.path("ant.safetensors")).hash == hash);
  CHECK(find_model("elsewhere/ant") == "elsewhere/ant");
  CHECK(find_model("ant.safetensors") == "ant.safetensors");
}

TEST_CASE("model store: an unknown name lists the names there are") {
  const TemporaryFolder folder;
  const ModelsFrom models(folder.path());
  CHECK_THROWS_WITH(find_model("ant"), ContainsSubstring("there are no models"));
  folder.write("bee.safetensors", "");
  CHECK_THROWS_WITH(
      find_model("ant"),
      ContainsSubstring("'ant'") && ContainsSubstring("'bee'") && ContainsSubstring(folder.path()));
  CHECK(kind_of_error("ant") == ErrorKind::model);
  CHECK(kind_of_error("") == ErrorKind::model);
  CHECK(kind_of_error("..") == ErrorKind::model);
}

TEST_CASE("model store: a missing folder holds no models") {
  const TemporaryFolder folder;
  const ModelsFrom models(folder.path("missing"));
  CHECK(list_models().empty());
  CHECK_THROWS_WITH(load_named_model("default"), ContainsSubstring(folder.path("missing")));
}

TEST_CASE("model store: without the variable, models lie beside the program's folder") {
  ::unsetenv("LIMPID_MODELS");
  const std::string program = std::filesystem::read_symlink("/proc/self/exe");
  const std::filesystem::path above = std::filesystem::path(program).parent_path().parent_path();
  CHECK(models_folder() == (above / "share/limpid/models").string());
}
