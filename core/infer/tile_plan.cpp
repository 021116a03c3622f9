#include "core/infer/tile_plan.h"

#include "core/base/checked_math.h"
#include "core/base/error.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace limpid {
namespace {

// The same along x and along y.
struct Span {
  std::int64_t begin, keep_begin, keep_size;
};

struct Cut {
  std::int64_t padded, tile;
  std::vector<Span> spans;
};

Cut cut(std::int64_t size, const TileGeometry& geometry, std::int64_t largest_tile_px) {
  // Cut without what lies beyond the grid, which every tile then has as well.
  const std::int64_t rest =
      geometry.pads_to_grid || size < geometry.grid_px ? 0 : size % geometry.grid_px;
  const std::int64_t padded = round_up(size - rest, geometry.grid_px);
  const std::int64_t halo = geometry.halo_px();
  const std::int64_t limit = (largest_tile_px - rest) / geometry.grid_px * geometry.grid_px;
  if (padded <= limit)
    return {padded + rest, padded + rest, {{0, 0, padded + rest}}};
  require(
      limit >= 2 * halo + geometry.grid_px, "tiles of {} pixels with a halo of {}", limit, halo);
  // n tiles of size t, each overlapping the next by two halos, reach n * (t - 2 halo) + 2 halo.
  const std::int64_t inside = padded - 2 * halo;
  const std::int64_t count = (inside + limit - 2 * halo - 1) / (limit - 2 * halo);
  const std::int64_t tile = round_up((inside + count - 1) / count, geometry.grid_px) + 2 * halo;
  Cut result{padded + rest, tile + rest, {}};
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t begin = std::min(i * (tile - 2 * halo), padded - tile);
    const std::int64_t keep_begin = i == 0 ? 0 : begin + halo;
    if (i > 0)
      result.spans.back().keep_size = keep_begin - result.spans.back().keep_begin;
    result.spans.push_back({begin, keep_begin, padded + rest - keep_begin});
  }
  return result;
}

TilePlan combine(const Cut& columns, const Cut& rows) {
  TilePlan plan{columns.padded, rows.padded, columns.tile, rows.tile, {}};
  for (const Span& row : rows.spans)
    for (const Span& column : columns.spans)
      plan.tiles.push_back({column.begin,
                            row.begin,
                            column.keep_begin,
                            row.keep_begin,
                            column.keep_size,
                            row.keep_size});
  return plan;
}

std::int64_t computed(const Cut& cut) {
  return cut.tile * static_cast<std::int64_t>(cut.spans.size());
}

}  // namespace

std::int64_t TileGeometry::halo_px() const {
  return round_up(receptive_radius_px, grid_px);
}

double TilePlan::overhead() const {
  return static_cast<double>(tile_width * tile_height) * static_cast<double>(tiles.size()) /
         static_cast<double>(padded_width * padded_height);
}

TilePlan plan_tiles(std::int64_t width,
                    std::int64_t height,
                    const TileGeometry& geometry,
                    std::int64_t largest_tile_px) {
  return combine(cut(width, geometry, largest_tile_px), cut(height, geometry, largest_tile_px));
}

TilePlan plan_tiles_of_area(std::int64_t width,
                            std::int64_t height,
                            const TileGeometry& geometry,
                            std::int64_t largest_tile_area) {
  const std::int64_t smallest = geometry.smallest_tile_px();
  Cut columns = cut(width, geometry, std::max(smallest, round_up(width, geometry.grid_px)));
  std::optional<std::pair<Cut, Cut>> best;
  std::int64_t best_pixels = 0;
  for (;;) {
    const std::int64_t row_limit = largest_tile_area / columns.tile;
    if (row_limit >= std::min(smallest, round_up(height, geometry.grid_px))) {
      Cut rows = cut(height, geometry, row_limit);
      const std::int64_t pixels = computed(columns) * computed(rows);
      if (!best || pixels < best_pixels) {
        best_pixels = pixels;
        best = {columns, std::move(rows)};
      }
    }
    const std::int64_t narrower = columns.tile - geometry.grid_px;
    if (narrower < smallest)
      break;
    columns = cut(width, geometry, narrower);
  }
  return best ? combine(best->first, best->second) : plan_tiles(width, height, geometry, smallest);
}

}  // namespace limpid
