#pragma once

#include "core/backend/registry.h"
#include "plugin/job/job.h"

#include <cstdint>
#include <string>
#include <vector>

namespace limpid {

enum class Verdict : std::uint8_t { works, fails, information };

// One thing that was looked at.
struct Finding {
  Verdict verdict = Verdict::information;
  std::string subject;
  std::string text;  // what it is; for Verdict::fails, why it does not work
};

struct Diagnosis {
  std::vector<Finding> findings;
  bool can_run = false;  // on the processors that were asked for
};

// What works on this machine for a run with these options: each processor computes a small network,
// which is compared with the reference. Takes about a second.
Diagnosis diagnose(const DeviceOptions& device, const GpuReport& gpus);

// One line a finding, and the conclusion.
std::string diagnosis_text(const Diagnosis& diagnosis);

}  // namespace limpid
