#pragma once

namespace limpid {

// Lengths on a page are in px of 1/96 inch; x goes right, y goes down.
struct Point {
  double x = 0;
  double y = 0;
};

struct Size {
  double width = 0;
  double height = 0;
};

struct Rectangle {
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;

  double right() const { return x + width; }
  double bottom() const { return y + height; }
  double centre_x() const { return x + width / 2; }
  double centre_y() const { return y + height / 2; }
};

// Each part 0 to 1.
struct Color {
  double red = 0;
  double green = 0;
  double blue = 0;
  double alpha = 1;
};

namespace colors {
inline constexpr Color black = {0, 0, 0};
inline constexpr Color white = {1, 1, 1};
inline constexpr Color text = {0.13, 0.13, 0.13};
inline constexpr Color faint_text = {0.40, 0.40, 0.40};
inline constexpr Color frame = {0.55, 0.55, 0.55};
inline constexpr Color grid = {0.88, 0.88, 0.88};
}  // namespace colors

}  // namespace limpid
