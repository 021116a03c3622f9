#include "plugin/cli/device_options.h"

#include "core/base/error.h"
#include "tests/support/catch.h"

using namespace limpid;

TEST_CASE("gpu list: all spellings of hosts are understood, in their order") {
  using Gpus = std::vector<int>;
  CHECK(parse_gpu_list("").empty());
  CHECK(parse_gpu_list(" ").empty());
  CHECK(parse_gpu_list("0") == Gpus{0});
  CHECK(parse_gpu_list("2:0") == Gpus{2, 0});
  CHECK(parse_gpu_list("0,1") == Gpus{0, 1});
  CHECK(parse_gpu_list("0 1") == Gpus{0, 1});
  CHECK(parse_gpu_list(" 3, 12 :") == Gpus{3, 12});
}

TEST_CASE("gpu list: what is no list of GPUs is refused") {
  for (const char* text :
       {"a", "-1", "0:0", "1,01", "0.5", "0;1", "99999", "99999999999999", "0x1"}) {
    INFO(text);
    CHECK_THROWS_WITH(parse_gpu_list(text), ContainsSubstring(text));
    CHECK_THROWS_AS(parse_gpu_list(text), Error);
  }
}

TEST_CASE("device: known kinds only") {
  CHECK(parse_device_kind("auto") == DeviceKind::automatic);
  CHECK(parse_device_kind("cpu") == DeviceKind::cpu);
  CHECK(parse_device_kind("cuda") == DeviceKind::cuda);
  CHECK_THROWS_WITH(parse_device_kind("gpu"), ContainsSubstring("'gpu'"));
  CHECK_THROWS_AS(parse_device_kind(""), Error);
}
