#pragma once

#include "core/image/image.h"
#include "plugin/drawing/canvas.h"
#include "plugin/drawing/contrast.h"
#include "plugin/drawing/power_spectrum.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace limpid {

// What its images are called.
struct ComparisonTitles {
  std::string raw = "Raw";
  std::string denoised = "Denoised";
  std::string removed = "Removed";
};

// What a comparison is made from; the images have one size and are not kept.
struct ComparisonInput {
  std::string title;  // such as the micrograph's name
  std::optional<double> pixel_size_angstrom = std::nullopt;
  const Image* raw = nullptr;
  const Image* denoised = nullptr;
  const Image* truth = nullptr;  // null: there is none
  ComparisonTitles titles = {};
  std::vector<std::string> footer = {};  // numbers to show, such as "SNR before 0.028"
};

// One column of a comparison, in the size in which it is shown.
struct ComparisonPanel {
  std::string title;
  Image picture;
  GreyWindow window = {};
  PowerSpectrum spectrum;
  // Of ln(power / smooth power of the raw micrograph).
  GreyWindow spectrum_window = {};
};

// What a panel shows, in the size in which it is drawn.
struct PanelGreys {
  GreyImage picture;
  GreyImage spectrum;
};

// Raw, denoised, removed (raw - denoised) and perhaps truth, side by side, each above its power
// spectrum. It is small whatever the size of the micrograph, so pictures of many can be kept and
// drawn several times.
struct ComparisonPicture {
  std::string title;
  std::int64_t width_px = 0;  // of the micrograph
  std::int64_t height_px = 0;
  std::optional<double> pixel_size_angstrom;
  std::int64_t block_px = 1;  // pixels of the micrograph along one of a panel's picture
  std::vector<ComparisonPanel> panels = {};
  std::vector<std::string> footer = {};
  std::vector<PanelGreys> greys = {};  // none: made when it is drawn
};

// Raw and removed have windows of the same width, so that a structure that was removed by mistake
// is as plain as it was before; denoised and truth share one window.
ComparisonPicture make_comparison(const ComparisonInput& input);

// Size, pixel size and how it is shown, for a caption.
std::string comparison_facts(const ComparisonPicture& picture);

// Size of the page that a comparison fills.
Size comparison_size(const ComparisonPicture& picture);
// Makes beforehand what takes longer than to draw it.
void prepare_drawing(ComparisonPicture& picture);
void draw_comparison(Canvas& canvas, const ComparisonPicture& picture);
// One page; the format by the extension of the path.
void write_comparison(const std::string& path, const ComparisonPicture& picture);

}  // namespace limpid
