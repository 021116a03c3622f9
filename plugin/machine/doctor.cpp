#include "plugin/machine/doctor.h"

#include "core/base/error.h"
#include "plugin/machine/host_description.h"
#include "plugin/machine/self_test.h"
#include "plugin/models/model_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <limpid_version.h>
#include <memory>

namespace limpid {
namespace {

// Computes on the processor; also adds what it says about its memory.
Finding try_processor(const std::string& subject, const DeviceRequest& request) {
  try {
    const auto begin = std::chrono::steady_clock::now();
    const auto backend = make_backend(request);
    const double difference = self_test_difference(*backend);
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
    const bool right = difference < self_test_tolerance(backend->compute_type());
    return {right ? Verdict::works : Verdict::fails,
            subject,
            fmt::format("{}: a test network in {} {} the reference by {:.1e}; {:.1f} GiB free; "
                        "{:.1f} s",
                        backend->name(),
                        backend->compute_type() == DataType::float32 ? "float32" : "bfloat16",
                        right ? "differs from" : "is WRONG, it differs from",
                        difference,
                        static_cast<double>(backend->free_memory_bytes()) / 1073741824.0,
                        elapsed.count())};
  } catch (const Error& error) {
    return {Verdict::fails, subject, error.what()};
  }
}

// What an administrator needs to know where no GPU can be used.
std::string hint_without_gpu(const GpuReport& gpus) {
  const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
  if (gpus.why_none.find("libcudnn") != std::string::npos)
    return "; install cuDNN 9, or name its folder in the environment variable LIMPID_CUDNN_DIR";
  if (visible != nullptr && *visible == '\0')
    return "; the environment variable CUDA_VISIBLE_DEVICES is empty, which hides all GPUs";
  if (!gpus.versions.empty() && !gpu_driver_version().empty())
    return "; a driver is loaded, so in a container its libraries and devices may not be passed on";
  return "";
}

void examine_gpu_software(const GpuReport& gpus, Diagnosis& diagnosis) {
  const std::string driver = gpu_driver_version();
  diagnosis.findings.push_back({driver.empty() ? Verdict::information : Verdict::works,
                                "GPU driver",
                                driver.empty() ? "none is loaded" : driver});
  if (!gpus.versions.empty())
    diagnosis.findings.push_back({Verdict::works, "GPU library", gpus.versions});
}

// Returns whether the GPUs that were asked for work: all that are named, or any.
bool examine_gpus(const DeviceOptions& device, const GpuReport& gpus, Diagnosis& diagnosis) {
  examine_gpu_software(gpus, diagnosis);
  if (gpus.gpus.empty()) {
    diagnosis.findings.push_back({Verdict::fails, "GPU", gpus.why_none + hint_without_gpu(gpus)});
    return false;
  }
  std::vector<int> indices = device.gpus;
  if (indices.empty())
    for (const GpuInfo& gpu : gpus.gpus)
      indices.push_back(gpu.index);
  int working = 0;
  for (const int index : indices) {
    Finding finding = try_processor(
        fmt::format("GPU {}", index),
        {.kind = DeviceKind::cuda, .gpu_index = index, .compute_type = device.precision});
    for (const GpuInfo& gpu : gpus.gpus)
      if (gpu.index == index)
        finding.text += fmt::format(
            "; compute capability {}.{}", gpu.compute_capability / 10, gpu.compute_capability % 10);
    working += finding.verdict == Verdict::works ? 1 : 0;
    diagnosis.findings.push_back(finding);
  }
  return device.gpus.empty() ? working > 0 : working == static_cast<int>(indices.size());
}

void examine_models(Diagnosis& diagnosis) {
  const std::vector<ShippedModel> models = list_models();
  if (models.empty())
    diagnosis.findings.push_back(
        {Verdict::fails, "models", fmt::format("there are none in '{}'", models_folder())});
  for (const ShippedModel& shipped : models) {
    Finding finding{Verdict::works, "model", {}};
    try {
      const Model model = load_model(shipped.path);
      finding.text = fmt::format("'{}' {}", shipped.name, model.hash);
    } catch (const Error& error) {
      finding.verdict = Verdict::fails;
      finding.text = fmt::format("'{}': {}", shipped.name, error.what());
    }
    diagnosis.findings.push_back(finding);
  }
}

const char* word(Verdict verdict) {
  switch (verdict) {
    case Verdict::works:
      return "ok";
    case Verdict::fails:
      return "NO";
    case Verdict::information:
      break;
  }
  return "";
}

}  // namespace

Diagnosis diagnose(const DeviceOptions& device, const GpuReport& gpus) {
  Diagnosis diagnosis;
  diagnosis.findings.push_back({Verdict::information, "version", LIMPID_VERSION});
  diagnosis.findings.push_back({Verdict::information, "processor", describe_processor()});
  diagnosis.findings.push_back({Verdict::information, "memory", describe_memory()});
  const bool wants_gpu = device.kind == DeviceKind::cuda || !device.gpus.empty();
  // The precision is asked of the processor that will run.
  const Finding cpu = try_processor(
      "CPU",
      {.kind = DeviceKind::cpu, .compute_type = wants_gpu ? std::nullopt : device.precision});
  diagnosis.findings.push_back(cpu);
  const bool cpu_works = cpu.verdict == Verdict::works;
  const bool gpu_works = examine_gpus(device, gpus, diagnosis);
  examine_models(diagnosis);
  if (wants_gpu)
    diagnosis.can_run = gpu_works;
  else if (device.kind == DeviceKind::automatic)
    diagnosis.can_run = gpu_works || cpu_works;
  else
    diagnosis.can_run = cpu_works;
  return diagnosis;
}

std::string diagnosis_text(const Diagnosis& diagnosis) {
  std::string text;
  for (const Finding& finding : diagnosis.findings)
    text += fmt::format("{:<3} {:<12} {}\n", word(finding.verdict), finding.subject, finding.text);
  text += diagnosis.can_run ? "This machine can run it.\n"
                            : "What was asked for cannot run on this machine.\n";
  return text;
}

}  // namespace limpid
