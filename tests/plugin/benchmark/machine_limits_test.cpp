#include "plugin/benchmark/machine_limits.h"

#include "core/backend/registry.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

#include <nlohmann/json.hpp>

using namespace limpid;
using namespace limpid::test;

TEST_CASE("machine_limits: the rates of a CPU") {
  const auto backend = make_backend({.kind = DeviceKind::cpu});
  const TemporaryFolder folder;
  const MachineLimits limits =
      measure_limits(*backend, {.seconds = 0, .disk_folder = folder.path(), .size_divisor = 64});
  CHECK(limits.processor.flop_per_s > 0);
  CHECK(limits.processor.bytes_per_s > 0);
  CHECK(limits.host_copy_bytes_per_s == limits.processor.bytes_per_s);
  CHECK(limits.upload_bytes_per_s == 0);
  REQUIRE(limits.disk_write_bytes_per_s);
  CHECK(*limits.disk_write_bytes_per_s > 0);
  CHECK(*limits.disk_read_bytes_per_s > 0);
}

TEST_CASE("machine_limits: what is printed") {
  MachineLimits limits;
  limits.processor = {.flop_per_s = 790e12, .bytes_per_s = 4.3e12};
  CHECK(describe(limits) == "limits: matrix product 790 TFLOP/s, copy 4300 GB/s");
  limits.upload_bytes_per_s = 55e9;
  limits.download_bytes_per_s = 54e9;
  limits.host_copy_bytes_per_s = 120e9;
  CHECK(describe(limits) ==
        "limits: matrix product 790 TFLOP/s, copy 4300 GB/s, host to device 55 GB/s, back 54 GB/s, "
        "copy on the host 120 GB/s");
  const auto json = nlohmann::json::parse(limits_json(limits));
  CHECK(json.at("upload_bytes_per_s") == 55e9);
  CHECK_FALSE(json.contains("disk_read_bytes_per_s"));
}
