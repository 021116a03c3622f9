#pragma once

#include "plugin/drawing/geometry.h"
#include "plugin/drawing/grey_image.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

// Of the library that draws; its headers stay in this folder.
struct _cairo;
struct _cairo_surface;

namespace limpid {

enum class PictureFormat : std::uint8_t { png, svg, pdf };

// By the extension, upper or lower case. Throws Error(usage) for any other.
PictureFormat picture_format(const std::string& path);

enum class TextAlign : std::uint8_t { left, centre, right };

struct TextStyle {
  double size_px = 13;
  Color color = colors::text;
  bool is_bold = false;
  TextAlign align = TextAlign::left;
  bool is_upright = false;  // turned by 90 degrees, read from below
};

struct Stroke {
  double width_px = 1;
  Color color = colors::text;
};

// One page to draw on, or with PDF one after the other. The same calls give a PNG with one pixel
// for each px, an SVG or a PDF. The result does not depend on the time or the machine's clock.
// Failures throw Error(storage).
class Canvas {
 public:
  Canvas(PictureFormat format, Size page_size);
  Canvas(const Canvas&) = delete;
  Canvas& operator=(const Canvas&) = delete;
  ~Canvas();

  // Ends the page; only PDF has more than one.
  void next_page(Size page_size);

  // `position` is on the base line. Bytes that are no UTF-8 or control characters become '?'.
  void text(Point position, std::string_view text, const TextStyle& style);
  double text_width(std::string_view text, const TextStyle& style);
  // The text, or as much of its end behind an ellipsis as fits into the width: file names differ
  // at the end.
  std::string fitted_text(std::string_view text, double width, const TextStyle& style);

  void line(Point from, Point to, const Stroke& stroke);
  void polyline(std::span<const Point> points, const Stroke& stroke);
  void fill(const Rectangle& area, const Color& color);
  // The stroke lies just outside of the area.
  void outline(const Rectangle& area, const Stroke& stroke);
  // Stretched over `area` without smoothing: make the image in the size in which it is shown.
  void image(const GreyImage& image, const Rectangle& area);
  // What `draw` draws is cut off at the borders of `area`.
  void clipped(const Rectangle& area, const std::function<void()>& draw);

  // Ends the last page and returns the file's bytes; nothing can be drawn afterwards.
  std::string finish();
  // The same of a PNG without its colours: half as large.
  std::string finish_in_grey();
  // The same into a file, which appears complete or not at all.
  void save(const std::string& path);

 private:
  struct SurfaceDeleter {
    void operator()(_cairo_surface* surface) const;
  };
  struct ContextDeleter {
    void operator()(_cairo* context) const;
  };

  void choose_font(const TextStyle& style);
  void choose_stroke(const Stroke& stroke);
  void check() const;

  PictureFormat format_;
  // Written to by the surface until it is destroyed, so declared before it.
  std::string bytes_;
  std::unique_ptr<_cairo_surface, SurfaceDeleter> surface_;
  std::unique_ptr<_cairo, ContextDeleter> context_;
};

}  // namespace limpid
