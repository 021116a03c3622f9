#include "core/infer/working_grid.h"

#include <algorithm>
#include <cmath>

namespace limpid {

std::optional<double> working_pixel_size(const ModelDescription& model,
                                         double pixel_size_angstrom) {
  const auto& smallest = model.smallest_pixel_size_angstrom;
  const auto& largest = model.largest_pixel_size_angstrom;
  if (!smallest || !largest)
    return std::nullopt;
  const double middle = std::sqrt(*smallest * *largest);
  if (pixel_size_angstrom * pixel_size_tolerance < *smallest)
    return std::min(*smallest * distance_from_range_end, middle);
  if (pixel_size_angstrom > *largest * pixel_size_tolerance)
    return std::max(*largest / distance_from_range_end, middle);
  return std::nullopt;
}

}  // namespace limpid
