#include "core/backend/cuda_library.h"

#include "core/backend/cudnn_library.h"
#include "tests/support/catch.h"

#include <fstream>
#include <iterator>
#include <string>

using namespace limpid;

namespace {

bool is_loaded(const std::string& library) {
  std::ifstream file("/proc/self/maps");
  const std::string maps((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return maps.find(library) != std::string::npos;
}

}  // namespace

TEST_CASE("GPU library (Cuda): it is there without cuDNN, which only comes when it is needed") {
  std::string why_not;
  if (load_cuda_library(why_not) == nullptr) {
    WARN("SKIPPED: " << why_not);
    return;
  }
  CHECK(is_loaded("liblimpid_cuda"));
  CHECK_FALSE(is_loaded("libcudnn"));
  const bool has_cudnn = load_cudnn();
  CHECK(is_loaded("libcudnn.so.9") == has_cudnn);
  CHECK_FALSE(is_loaded("libcudnn_engines"));
}
