#pragma once

#include <map>
#include <string>
#include <vector>

namespace limpid {

// What trust.star says of one denoised micrograph.
struct TrustRow {
  std::string micrograph_name;            // of the result
  std::map<std::string, double> numbers;  // as_map() of trust_numbers.h; others are left out
};

// The text of trust.star: what the columns mean, as comments; one row a micrograph; "nan" for what
// is not known.
std::string trust_list(const std::vector<TrustRow>& rows);

}  // namespace limpid
