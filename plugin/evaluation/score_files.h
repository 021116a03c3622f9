#pragma once

#include "plugin/evaluation/score_table.h"

#include <string>
#include <vector>

namespace limpid {

// Every number in full, numbers that do not exist left out, infinite ones null; empty tables are
// left out.
std::string scores_json(const std::vector<ScoreTable>& tables);

// One row for each micrograph and method, one table for each that is not empty, missing numbers
// "nan".
std::string scores_star(const std::vector<ScoreTable>& tables);

}  // namespace limpid
