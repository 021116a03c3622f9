#pragma once

#include "plugin/job/job.h"

#include <string>

namespace limpid {

// A job as JSON, so that it can be repeated: an object with "schema_version", "job" (the name of
// the subcommand) and the fields of the struct under their own names. A file name that is no valid
// UTF-8 is written as {"bytes": "..."} with hexadecimal digits.
std::string to_json(const Job& job);

// Fields that are absent keep their defaults. Throws Error(usage) that names `source` and lists
// every unknown key, wrong type and value outside its range; also for more than 1 MiB, deep nesting
// and keys that occur twice.
Job job_from_json(const std::string& text, const std::string& source);

// The same for a file.
Job read_job(const std::string& path);

}  // namespace limpid
