#include "plugin/drawing/canvas.h"

#include "core/base/error.h"
#include "core/io/atomic_file.h"
#include "plugin/drawing/fonts.h"
#include "plugin/drawing/utf8.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <cairo.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <new>
#include <numbers>
#include <utility>

namespace limpid {
namespace {

constexpr double pdf_points_per_px = 0.75;

// Called from C, which an exception must not cross.
cairo_status_t append_bytes(void* closure, const unsigned char* data, unsigned int length) {
  try {
    static_cast<std::string*>(closure)->append(reinterpret_cast<const char*>(data), length);
    return CAIRO_STATUS_SUCCESS;
  } catch (const std::bad_alloc&) {
    return CAIRO_STATUS_NO_MEMORY;
  }
}

cairo_surface_t* make_surface(PictureFormat format, Size size, std::string& bytes) {
  switch (format) {
    case PictureFormat::pdf: {
      cairo_surface_t* const surface = cairo_pdf_surface_create_for_stream(
          append_bytes, &bytes, size.width * pdf_points_per_px, size.height * pdf_points_per_px);
      // The same input shall give the same bytes at any time; an empty date is left out.
      cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, "");
      return surface;
    }
    case PictureFormat::svg: {
      cairo_surface_t* const surface =
          cairo_svg_surface_create_for_stream(append_bytes, &bytes, size.width, size.height);
      cairo_svg_surface_set_document_unit(surface, CAIRO_SVG_UNIT_PX);
      return surface;
    }
    case PictureFormat::png:
      break;
  }
  return cairo_image_surface_create(CAIRO_FORMAT_RGB24,
                                    static_cast<int>(std::ceil(size.width)),
                                    static_cast<int>(std::ceil(size.height)));
}

void check_status(cairo_status_t status) {
  if (status != CAIRO_STATUS_SUCCESS)
    fail(ErrorKind::storage, "drawing a picture: {}", cairo_status_to_string(status));
}

}  // namespace

PictureFormat picture_format(const std::string& path) {
  std::string extension = std::filesystem::path(path).extension().string();
  for (char& letter : extension)
    letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  if (extension == ".png")
    return PictureFormat::png;
  if (extension == ".svg")
    return PictureFormat::svg;
  if (extension == ".pdf")
    return PictureFormat::pdf;
  fail(
      ErrorKind::usage, "a picture in '{}': expected a name that ends in .png, .svg or .pdf", path);
}

void Canvas::SurfaceDeleter::operator()(_cairo_surface* surface) const {
  cairo_surface_destroy(surface);
}

void Canvas::ContextDeleter::operator()(_cairo* context) const {
  cairo_destroy(context);
}

Canvas::Canvas(PictureFormat format, Size page_size)
    : format_(format),
      surface_(make_surface(format, page_size, bytes_)),
      context_(cairo_create(surface_.get())) {
  check();
  if (format_ == PictureFormat::pdf)
    cairo_scale(context_.get(), pdf_points_per_px, pdf_points_per_px);
  cairo_set_source_rgb(context_.get(), 1, 1, 1);
  cairo_paint(context_.get());
}

Canvas::~Canvas() = default;

void Canvas::check() const {
  check_status(cairo_surface_status(surface_.get()));
  check_status(cairo_status(context_.get()));
}

void Canvas::next_page(Size page_size) {
  require(format_ == PictureFormat::pdf, "a second page of a picture that is no PDF");
  cairo_show_page(context_.get());
  cairo_pdf_surface_set_size(
      surface_.get(), page_size.width * pdf_points_per_px, page_size.height * pdf_points_per_px);
  check();
}

void Canvas::choose_font(const TextStyle& style) {
  use_own_fonts_if_there_are_none();
  cairo_select_font_face(context_.get(),
                         "sans-serif",
                         CAIRO_FONT_SLANT_NORMAL,
                         style.is_bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size(context_.get(), style.size_px);
}

double Canvas::text_width(std::string_view text, const TextStyle& style) {
  choose_font(style);
  cairo_text_extents_t extents;
  cairo_text_extents(context_.get(), drawable_text(text).c_str(), &extents);
  return extents.x_advance;
}

std::string Canvas::fitted_text(std::string_view text, double width, const TextStyle& style) {
  const std::string whole = drawable_text(text);
  if (text_width(whole, style) <= width)
    return whole;
  // No page is so wide; measuring a long text at every length takes long.
  constexpr std::size_t most_bytes = 400;
  std::string_view rest = whole;
  while (rest.size() > most_bytes)
    rest = without_first_character(rest);
  std::string fitted;
  do {
    rest = without_first_character(rest);
    fitted = "\u2026" + std::string(rest);
  } while (!rest.empty() && text_width(fitted, style) > width);
  return fitted;
}

void Canvas::text(Point position, std::string_view text, const TextStyle& style) {
  const double width = text_width(text, style);
  const double shift = style.align == TextAlign::left     ? 0
                       : style.align == TextAlign::centre ? width / 2
                                                          : width;
  cairo_t* const context = context_.get();
  cairo_save(context);
  cairo_set_source_rgba(
      context, style.color.red, style.color.green, style.color.blue, style.color.alpha);
  cairo_translate(context, position.x, position.y);
  if (style.is_upright)
    cairo_rotate(context, -std::numbers::pi / 2);
  cairo_move_to(context, -shift, 0);
  cairo_show_text(context, drawable_text(text).c_str());
  cairo_restore(context);
  check();
}

void Canvas::choose_stroke(const Stroke& stroke) {
  cairo_set_source_rgba(
      context_.get(), stroke.color.red, stroke.color.green, stroke.color.blue, stroke.color.alpha);
  cairo_set_line_width(context_.get(), stroke.width_px);
  cairo_set_line_join(context_.get(), CAIRO_LINE_JOIN_ROUND);
}

void Canvas::line(Point from, Point to, const Stroke& stroke) {
  const Point points[] = {from, to};
  polyline(points, stroke);
}

void Canvas::polyline(std::span<const Point> points, const Stroke& stroke) {
  if (points.empty())
    return;
  choose_stroke(stroke);
  cairo_move_to(context_.get(), points[0].x, points[0].y);
  for (const Point& point : points.subspan(1))
    cairo_line_to(context_.get(), point.x, point.y);
  cairo_stroke(context_.get());
  check();
}

void Canvas::fill(const Rectangle& area, const Color& color) {
  cairo_set_source_rgba(context_.get(), color.red, color.green, color.blue, color.alpha);
  cairo_rectangle(context_.get(), area.x, area.y, area.width, area.height);
  cairo_fill(context_.get());
  check();
}

void Canvas::outline(const Rectangle& area, const Stroke& stroke) {
  choose_stroke(stroke);
  const double half = stroke.width_px / 2;
  cairo_set_line_join(context_.get(), CAIRO_LINE_JOIN_MITER);
  cairo_rectangle(context_.get(),
                  area.x - half,
                  area.y - half,
                  area.width + stroke.width_px,
                  area.height + stroke.width_px);
  cairo_stroke(context_.get());
  check();
}

void Canvas::image(const GreyImage& image, const Rectangle& area) {
  require(image.width > 0 && image.height > 0, "drawing an image without pixels");
  const std::unique_ptr<cairo_surface_t, SurfaceDeleter> pixels(cairo_image_surface_create(
      CAIRO_FORMAT_RGB24, static_cast<int>(image.width), static_cast<int>(image.height)));
  check_status(cairo_surface_status(pixels.get()));
  unsigned char* const data = cairo_image_surface_get_data(pixels.get());
  const auto stride = static_cast<std::int64_t>(cairo_image_surface_get_stride(pixels.get()));
  for (std::int64_t y = 0; y < image.height; ++y) {
    auto* const row = reinterpret_cast<std::uint32_t*>(data + y * stride);
    for (std::int64_t x = 0; x < image.width; ++x)
      row[x] = 0x010101u * image.at(x, y);
  }
  cairo_surface_mark_dirty(pixels.get());

  cairo_t* const context = context_.get();
  cairo_save(context);
  cairo_translate(context, area.x, area.y);
  cairo_scale(context,
              area.width / static_cast<double>(image.width),
              area.height / static_cast<double>(image.height));
  cairo_set_source_surface(context, pixels.get(), 0, 0);
  cairo_pattern_set_filter(cairo_get_source(context), CAIRO_FILTER_NEAREST);
  cairo_rectangle(
      context, 0, 0, static_cast<double>(image.width), static_cast<double>(image.height));
  cairo_fill(context);
  cairo_restore(context);
  check();
}

void Canvas::clipped(const Rectangle& area, const std::function<void()>& draw) {
  cairo_save(context_.get());
  cairo_rectangle(context_.get(), area.x, area.y, area.width, area.height);
  cairo_clip(context_.get());
  draw();
  cairo_restore(context_.get());
  check();
}

std::string Canvas::finish() {
  check();
  context_.reset();
  if (format_ == PictureFormat::png)
    check_status(cairo_surface_write_to_png_stream(surface_.get(), append_bytes, &bytes_));
  cairo_surface_finish(surface_.get());
  check_status(cairo_surface_status(surface_.get()));
  surface_.reset();
  return std::move(bytes_);
}

std::string Canvas::finish_in_grey() {
  require(format_ == PictureFormat::png, "only a PNG can be grey");
  check();
  context_.reset();
  cairo_surface_flush(surface_.get());
  const int width = cairo_image_surface_get_width(surface_.get());
  const int height = cairo_image_surface_get_height(surface_.get());
  // Written as a PNG with one byte a pixel.
  const std::unique_ptr<cairo_surface_t, SurfaceDeleter> grey(
      cairo_image_surface_create(CAIRO_FORMAT_A8, width, height));
  check_status(cairo_surface_status(grey.get()));
  const auto row_of = [](cairo_surface_t* surface, int y) {
    return cairo_image_surface_get_data(surface) +
           static_cast<std::ptrdiff_t>(y) * cairo_image_surface_get_stride(surface);
  };
  for (int y = 0; y < height; ++y) {
    const auto* const pixels = reinterpret_cast<const std::uint32_t*>(row_of(surface_.get(), y));
    unsigned char* const row = row_of(grey.get(), y);
    for (int x = 0; x < width; ++x)
      row[x] = static_cast<unsigned char>(pixels[x] >> 8);  // green
  }
  cairo_surface_mark_dirty(grey.get());
  check_status(cairo_surface_write_to_png_stream(grey.get(), append_bytes, &bytes_));
  surface_.reset();
  return std::move(bytes_);
}

void Canvas::save(const std::string& path) {
  const std::string bytes = with_context("making '" + path + "'", [this] { return finish(); });
  write_file_atomically(path, bytes);
}

}  // namespace limpid
