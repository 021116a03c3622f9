#include "core/simulate/packing.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace limpid {
namespace {

constexpr int sweeps = 80;
constexpr float tolerated_overlap = 0.1f;

// Square cells of at least the largest diameter: only neighbours of a cell can touch.
class CellGrid {
 public:
  CellGrid(float width, float height, float reach)
      : columns_(std::max<std::int64_t>(1, static_cast<std::int64_t>(width / reach))),
        rows_(std::max<std::int64_t>(1, static_cast<std::int64_t>(height / reach))),
        cell_width_(width / static_cast<float>(columns_)),
        cell_height_(height / static_cast<float>(rows_)),
        ends_(static_cast<std::size_t>(columns_ * rows_) + 1) {}

  // Sorts spheres with a radius into their cells, in the order of their numbers.
  void fill(const std::vector<PackedSphere>& spheres) {
    std::fill(ends_.begin(), ends_.end(), 0);
    cells_.assign(spheres.size(), no_cell);
    for (std::size_t i = 0; i < spheres.size(); ++i)
      if (spheres[i].radius > 0) {
        cells_[i] = cell(column_of(spheres[i]), row_of(spheres[i]));
        ++ends_[cells_[i] + 1];
      }
    for (std::size_t c = 1; c < ends_.size(); ++c)
      ends_[c] += ends_[c - 1];
    members_.resize(ends_.back());
    // Each cell's entry moves from its begin to its end, which is the begin of the next.
    for (std::size_t i = 0; i < spheres.size(); ++i)
      if (cells_[i] != no_cell)
        members_[ends_[cells_[i]]++] = static_cast<std::uint32_t>(i);
  }

  template <class Visit>
  void visit_neighbours(const PackedSphere& sphere, const Visit& visit) const {
    const std::int64_t column = column_of(sphere);
    const std::int64_t row = row_of(sphere);
    // In a field of one or two cells, the cells to the left and to the right are the same one.
    const std::int64_t last_x = columns_ > 2 ? 1 : columns_ - 1;
    const std::int64_t last_y = rows_ > 2 ? 1 : rows_ - 1;
    for (std::int64_t dy = rows_ > 2 ? -1 : 0; dy <= last_y; ++dy)
      for (std::int64_t dx = columns_ > 2 ? -1 : 0; dx <= last_x; ++dx) {
        const std::size_t c = cell(column + dx, row + dy);
        for (std::uint32_t k = c == 0 ? 0 : ends_[c - 1]; k < ends_[c]; ++k)
          visit(members_[k]);
      }
  }

 private:
  static constexpr std::size_t no_cell = static_cast<std::size_t>(-1);

  std::int64_t column_of(const PackedSphere& sphere) const {
    return static_cast<std::int64_t>(std::floor(sphere.centre.x() / cell_width_));
  }
  std::int64_t row_of(const PackedSphere& sphere) const {
    return static_cast<std::int64_t>(std::floor(sphere.centre.y() / cell_height_));
  }
  std::size_t cell(std::int64_t column, std::int64_t row) const {
    const std::int64_t x = (column % columns_ + columns_) % columns_;
    const std::int64_t y = (row % rows_ + rows_) % rows_;
    return static_cast<std::size_t>(y * columns_ + x);
  }

  std::int64_t columns_;
  std::int64_t rows_;
  float cell_width_;
  float cell_height_;
  std::vector<std::uint32_t> ends_;     // of the members of each cell, once filled
  std::vector<std::uint32_t> members_;  // cell after cell
  std::vector<std::size_t> cells_;      // of each sphere
};

Eigen::Vector3f shortest_way(const Eigen::Vector3f& from,
                             const Eigen::Vector3f& to,
                             float width,
                             float height) {
  Eigen::Vector3f way = to - from;
  way.x() -= width * std::round(way.x() / width);
  way.y() -= height * std::round(way.y() / height);
  return way;
}

float wrap(float value, float size) {
  const float wrapped = value - size * std::floor(value / size);
  return wrapped < size ? wrapped : 0;
}

}  // namespace

std::vector<std::size_t> relax_packing(std::vector<PackedSphere>& spheres,
                                       float width,
                                       float height) {
  float reach = 0;
  for (const PackedSphere& sphere : spheres)
    reach = std::max(reach, 2 * sphere.radius);
  CellGrid grid(width, height, std::max(reach, 1.0f));
  std::vector<Eigen::Vector3f> pushes(spheres.size());
  for (int sweep = 0; sweep < sweeps && reach > 0; ++sweep) {
    grid.fill(spheres);
    bool is_relaxed = true;
    for (std::size_t i = 0; i < spheres.size(); ++i) {
      pushes[i] = Eigen::Vector3f::Zero();
      if (spheres[i].radius <= 0)
        continue;
      grid.visit_neighbours(spheres[i], [&](std::size_t other) {
        if (other == i)
          return;
        Eigen::Vector3f way = shortest_way(spheres[i].centre, spheres[other].centre, width, height);
        const float distance = way.norm();
        const float overlap = spheres[i].radius + spheres[other].radius - distance;
        if (overlap <= 0)
          return;
        is_relaxed = is_relaxed && overlap < 0.02f * reach;
        // Right above each other: part along x, in opposite directions.
        way.z() = 0;
        const float sideways = way.norm();
        const Eigen::Vector3f direction = sideways > 1e-3f
                                              ? Eigen::Vector3f(way / sideways)
                                              : Eigen::Vector3f(i < other ? 1.0f : -1.0f, 0, 0);
        pushes[i] -= 0.45f * overlap * direction;
      });
    }
    for (std::size_t i = 0; i < spheres.size(); ++i) {
      spheres[i].centre += pushes[i];
      spheres[i].centre.x() = wrap(spheres[i].centre.x(), width);
      spheres[i].centre.y() = wrap(spheres[i].centre.y(), height);
    }
    if (is_relaxed)
      break;
  }

  std::vector<std::size_t> kept;
  std::vector<bool> is_dropped(spheres.size(), false);
  grid.fill(spheres);
  for (std::size_t i = 0; i < spheres.size(); ++i) {
    if (spheres[i].radius > 0)
      grid.visit_neighbours(spheres[i], [&](std::size_t other) {
        if (other >= i || is_dropped[other])
          return;
        const float allowed = (1 - tolerated_overlap) * (spheres[i].radius + spheres[other].radius);
        const float distance =
            shortest_way(spheres[i].centre, spheres[other].centre, width, height).norm();
        is_dropped[i] = is_dropped[i] || distance < allowed;
      });
    if (!is_dropped[i])
      kept.push_back(i);
  }
  return kept;
}

}  // namespace limpid
