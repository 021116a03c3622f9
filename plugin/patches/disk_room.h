#pragma once

#include "plugin/patches/patch_files.h"
#include "plugin/patches/patch_plan.h"

#include <string>

namespace limpid {

// Throws Error(storage) when the disk has less room than the plan takes, beyond what the files have
// already.
void require_room(const PatchPlan& plan, const PatchFiles& files, const std::string& folder);

// The counts and the room on the disk, for people; throws as require_room does.
std::string describe_plan(const PatchPlan& plan, const std::string& folder);

}  // namespace limpid
