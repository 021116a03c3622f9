#include "core/infer/tile_plan.h"

#include "core/base/error.h"
#include "tests/support/catch.h"

#include <cmath>
#include <vector>

using namespace limpid;

namespace {

// Every pixel of the padded image is kept once, windows lie inside it on the grid, and what is kept
// is a halo away from every inner edge of its window.
void check_tiles(const TilePlan& plan,
                 std::int64_t width,
                 std::int64_t height,
                 const TileGeometry& g) {
  INFO(width << " x " << height << ", tiles of " << plan.tile_width << " x " << plan.tile_height);
  CHECK(plan.padded_width >= width);
  CHECK(plan.padded_width < width + g.grid_px);
  if (g.pads_to_grid)
    CHECK(plan.padded_width % g.grid_px == 0);
  else if (width >= g.grid_px)
    CHECK((plan.padded_width == width && (plan.tile_width - width) % g.grid_px == 0));
  std::vector<int> kept(static_cast<std::size_t>(plan.padded_width * plan.padded_height), 0);
  bool fits = true;
  for (const Tile& t : plan.tiles) {
    fits = fits && t.x % g.grid_px == 0 && t.y % g.grid_px == 0 && t.x >= 0 && t.y >= 0;
    fits = fits && t.x + plan.tile_width <= plan.padded_width;
    fits = fits && t.y + plan.tile_height <= plan.padded_height;
    const std::int64_t r = g.receptive_radius_px;
    fits = fits && (t.x == 0 || t.keep_x - t.x >= r) && (t.y == 0 || t.keep_y - t.y >= r);
    const std::int64_t right = t.x + plan.tile_width - t.keep_x - t.keep_width;
    const std::int64_t above = t.y + plan.tile_height - t.keep_y - t.keep_height;
    fits = fits && (t.x + plan.tile_width == plan.padded_width || right >= r);
    fits = fits && (t.y + plan.tile_height == plan.padded_height || above >= r);
    for (std::int64_t y = t.keep_y; y < t.keep_y + t.keep_height; ++y)
      for (std::int64_t x = t.keep_x; x < t.keep_x + t.keep_width; ++x)
        ++kept[static_cast<std::size_t>(y * plan.padded_width + x)];
  }
  CHECK(fits);
  bool once = true;
  for (const int count : kept)
    once = once && count == 1;
  CHECK(once);
}

void check_plan(std::int64_t width,
                std::int64_t height,
                const TileGeometry& g,
                std::int64_t limit) {
  const TilePlan plan = plan_tiles(width, height, g, limit);
  check_tiles(plan, width, height, g);
  CHECK(plan.tile_width <= limit);
  CHECK(plan.tile_height <= limit);
}

// Also that no square tiles of that area would compute less.
void check_area(std::int64_t width, std::int64_t height, const TileGeometry& g, std::int64_t area) {
  const TilePlan plan = plan_tiles_of_area(width, height, g, area);
  check_tiles(plan, width, height, g);
  CHECK(plan.tile_width * plan.tile_height <= area);
  const auto side = static_cast<std::int64_t>(std::sqrt(static_cast<double>(area)));
  CHECK(plan.overhead() <= plan_tiles(width, height, g, side).overhead());
}

}  // namespace

TEST_CASE("tile plan: every pixel is kept once, a halo away from inner edges") {
  const TileGeometry geometry{.grid_px = 32, .receptive_radius_px = 246};
  check_plan(7420, 7676, geometry, 2048);
  check_plan(7420, 7676, geometry, 1000);
  check_plan(7420, 7676, geometry, 8192);
  check_plan(4092, 5760, geometry, 3000);
  check_plan(1, 1, geometry, 2048);
  check_plan(33, 5000, geometry, 1024);
  check_plan(1056, 1057, geometry, 1024);
  for (std::int64_t size = 500; size < 700; size += 7)
    check_plan(size, size + 13, {.grid_px = 16, .receptive_radius_px = 122}, 272);
}

TEST_CASE("tile plan: without padding, tiles have the remainder of the image") {
  const TileGeometry geometry{.grid_px = 32, .receptive_radius_px = 226, .pads_to_grid = false};
  check_plan(4093, 5761, geometry, 1000);
  check_plan(4096, 4096, geometry, 1024);
  check_plan(3838, 3710, geometry, 575);
  check_plan(31, 33, geometry, 1024);
  CHECK(geometry.smallest_tile_px() == 575);
  for (std::int64_t size = 500; size < 700; ++size)
    check_plan(
        size, 1200 - size, {.grid_px = 16, .receptive_radius_px = 122, .pads_to_grid = false}, 288);
}

TEST_CASE("tile plan: an image that fits is one tile, and tiles are no larger than needed") {
  const TileGeometry geometry{.grid_px = 32, .receptive_radius_px = 246};
  CHECK(plan_tiles(2048, 2048, geometry, 2048).tiles.size() == 1);
  const TilePlan plan = plan_tiles(2100, 2100, geometry, 2048);
  CHECK(plan.tiles.size() == 4);
  CHECK(plan.tile_width < 1400);
  CHECK(plan.overhead() < 1.8);
}

TEST_CASE("tile plan: tiles that keep nothing are refused") {
  const TileGeometry geometry{.grid_px = 32, .receptive_radius_px = 246};
  CHECK(geometry.smallest_tile_px() == 544);
  CHECK_THROWS_AS(plan_tiles(4000, 4000, geometry, 512), Error);
  check_plan(4000, 4000, geometry, 544);
}

TEST_CASE("tile plan: tiles of an area take the shape that computes least") {
  const TileGeometry geometry{.grid_px = 32, .receptive_radius_px = 246};
  check_area(7420, 7676, geometry, 33'000'000);
  check_area(7420, 7676, geometry, 4'000'000);
  check_area(4092, 5760, geometry, 1'000'000);
  check_area(33, 5000, geometry, 600'000);
  for (std::int64_t size = 500; size < 700; size += 7)
    for (const bool pads : {true, false})
      check_area(size,
                 size + 13,
                 {.grid_px = 16, .receptive_radius_px = 122, .pads_to_grid = pads},
                 120'000);
  // Two halves of the whole width: one seam instead of a cross of them.
  CHECK(plan_tiles_of_area(7420, 7676, geometry, 33'000'000).tiles.size() == 2);
  CHECK(plan_tiles_of_area(7420, 7676, geometry, 7424 * 7680).tiles.size() == 1);
}

TEST_CASE("tile plan: an area below the smallest tile gives the smallest tiles") {
  const TileGeometry geometry{.grid_px = 32, .receptive_radius_px = 246};
  const TilePlan plan = plan_tiles_of_area(2000, 1000, geometry, 1000);
  CHECK(plan.tile_width <= geometry.smallest_tile_px());
  CHECK(plan.tile_height <= geometry.smallest_tile_px());
}
