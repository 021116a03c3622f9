#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace limpid {

// A number of trust_numbers.h as lists and reports show it.
struct TrustColumn {
  std::string label;    // of the column in trust.star
  std::string key;      // in report.json
  std::string title;    // in tables for people; empty: not shown there
  std::string meaning;  // one line: what it is, by which formula, from where
};

// In the order of trust.star: new ones come last, so that the place of a column stays.
std::span<const TrustColumn> trust_columns();

// Of FRC(denoised even, raw odd) in a band of resolution_bands, and of its bound.
std::string frc_key(std::size_t band);
std::string frc_bound_key(std::size_t band);

}  // namespace limpid
