#pragma once

#include <cstdint>
#include <vector>

namespace limpid {

// One piece of an image for the network: a window of fixed size at (x, y), of which the part from
// (keep_x, keep_y), keep_width x keep_height pixels, goes into the result. All in pixels of the
// padded image.
struct Tile {
  std::int64_t x = 0;
  std::int64_t y = 0;
  std::int64_t keep_x = 0;
  std::int64_t keep_y = 0;
  std::int64_t keep_width = 0;
  std::int64_t keep_height = 0;
};

struct TileGeometry {
  std::int64_t grid_px = 1;
  std::int64_t receptive_radius_px = 0;
  // Whether an image is padded to a multiple of the grid. Otherwise it is left as it is (only
  // padded to one step of the grid), and a tile has the remainder of the image: then all levels of
  // a network that halves sizes have odd sizes where those of the whole image are odd.
  bool pads_to_grid = true;

  // What a tile sees beyond what it keeps.
  std::int64_t halo_px() const;
  // Smallest side of a tile that keeps anything in the middle of an image.
  std::int64_t smallest_tile_px() const {
    return 2 * halo_px() + grid_px + (pads_to_grid ? 0 : grid_px - 1);
  }
};

// How an image is cut so that the pieces, put together, are what the network makes of the whole:
// windows start on the pooling grid, and what is kept lies at least a halo (the receptive radius)
// away from every edge of the window that is no edge of the image. The image is first padded to a
// multiple of the grid, if the network asks for it.
struct TilePlan {
  std::int64_t padded_width = 0;
  std::int64_t padded_height = 0;
  std::int64_t tile_width = 0;  // the same for all tiles
  std::int64_t tile_height = 0;
  std::vector<Tile> tiles;

  // Pixels computed for one pixel of the padded image.
  double overhead() const;
};

// Cuts into tiles of at most `largest_tile_px` pixels a side, of equal size and as small as their
// number allows. Throws Error(internal) when the limit is below smallest_tile_px() and the image is
// larger.
TilePlan plan_tiles(std::int64_t width,
                    std::int64_t height,
                    const TileGeometry& geometry,
                    std::int64_t largest_tile_px);

// The same with tiles of at most `largest_tile_area` pixels, wide or high as it gives the least to
// compute. Falls back to tiles of smallest_tile_px() a side.
TilePlan plan_tiles_of_area(std::int64_t width,
                            std::int64_t height,
                            const TileGeometry& geometry,
                            std::int64_t largest_tile_area);

}  // namespace limpid
