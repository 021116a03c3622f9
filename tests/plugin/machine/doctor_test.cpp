#include "plugin/machine/doctor.h"

#include "plugin/machine/self_test.h"
#include "tests/support/backends.h"
#include "tests/support/models_from.h"
#include "tests/support/small_model.h"
#include "tests/support/temporary_folder.h"

#include <algorithm>

using namespace limpid;
using namespace limpid::test;

namespace {

const GpuReport no_gpu{.gpus = {}, .versions = "", .why_none = "no NVIDIA driver is installed"};

const Finding& finding_about(const Diagnosis& diagnosis, const std::string& subject) {
  const auto found = std::find_if(diagnosis.findings.begin(),
                                  diagnosis.findings.end(),
                                  [&](const auto& finding) { return finding.subject == subject; });
  REQUIRE(found != diagnosis.findings.end());
  return *found;
}

}  // namespace

TEMPLATE_TEST_CASE("self test: every backend that works passes",
                   "",
                   CpuFloat32,
                   CpuBFloat16,
                   CudaFloat32,
                   CudaBFloat16) {
  const auto backend = make_test_backend<TestType>();
  if (!backend)
    return;
  CHECK(self_test_difference(*backend) < self_test_tolerance(TestType::type));
}

TEST_CASE("self test: rounding to bfloat16 would not pass as float32") {
  const auto backend =
      make_backend({.kind = DeviceKind::reference, .compute_type = DataType::bfloat16});
  CHECK(self_test_difference(*backend) > self_test_tolerance(DataType::float32));
  CHECK(self_test_difference(*backend) < self_test_tolerance(DataType::bfloat16));
}

TEST_CASE("doctor: without a GPU the CPU can run, unless a GPU is asked for") {
  const TemporaryFolder folder;
  const ModelsFrom models(folder.path());
  const Diagnosis automatic = diagnose({}, no_gpu);
  CHECK(automatic.can_run);
  CHECK(finding_about(automatic, "CPU").verdict == Verdict::works);
  CHECK(finding_about(automatic, "GPU").verdict == Verdict::fails);
  CHECK_THAT(finding_about(automatic, "GPU").text, ContainsSubstring(no_gpu.why_none));
  CHECK(diagnose({.kind = DeviceKind::cpu, .gpus = {}, .precision = {}}, no_gpu).can_run);
  CHECK_FALSE(diagnose({.kind = DeviceKind::cuda, .gpus = {}, .precision = {}}, no_gpu).can_run);
  CHECK_FALSE(
      diagnose({.kind = DeviceKind::automatic, .gpus = {1}, .precision = {}}, no_gpu).can_run);
}

TEST_CASE("doctor: a missing part of the GPU software comes with what to do") {
  const GpuReport report{.gpus = {},
                         .versions = "",
                         .why_none = "loading the GPU library failed: libcudnn.so.9: cannot open"};
  CHECK_THAT(finding_about(diagnose({}, report), "GPU").text,
             ContainsSubstring("LIMPID_CUDNN_DIR"));
}

TEST_CASE("doctor: models that are missing or damaged are named") {
  const TemporaryFolder folder;
  const ModelsFrom models(folder.path());
  CHECK(finding_about(diagnose({}, no_gpu), "models").verdict == Verdict::fails);
  save_model(folder.path("small.safetensors"), small_model());
  CHECK(finding_about(diagnose({}, no_gpu), "model").verdict == Verdict::works);
  folder.write("damaged.safetensors", "xx");
  const std::string text = diagnosis_text(diagnose({}, no_gpu));
  CHECK_THAT(text, ContainsSubstring("NO  model        'damaged': reading"));
  CHECK_THAT(text, ContainsSubstring("ok  model        'small'"));
  CHECK_THAT(text, ContainsSubstring("This machine can run it."));
}
