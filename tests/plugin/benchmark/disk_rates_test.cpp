#include "plugin/benchmark/disk_rates.h"

#include "core/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

#include <filesystem>

using namespace limpid;
using namespace limpid::test;

TEST_CASE("disk_rates: a file is written, read and removed") {
  const TemporaryFolder folder;
  const DiskRates rates = measure_disk(folder.path(), (std::size_t{8} << 20) + 1000);
  CHECK(rates.write_bytes_per_s > 0);
  CHECK(rates.read_bytes_per_s > 0);
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("disk_rates: a folder that is not there") {
  CHECK_THROWS_WITH(measure_disk("/no/such/folder", 1000),
                    Catch::Contains("--disk /no/such/folder: no folder is there"));
}
