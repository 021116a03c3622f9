#pragma once

#include "core/metrics/pick_residual.h"
#include "plugin/drawing/comparison.h"
#include "plugin/evaluation/score_table.h"
#include "plugin/html_report/report_page.h"
#include "plugin/job/job.h"
#include "plugin/micrographs/pick_list.h"
#include "plugin/trust/pick_places.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace limpid {

// What each method removed from the noisy micrographs: numbers for the tables, mean windows around
// picks over all micrographs, and pictures of a few. Needs neither truth nor halves.
class RemovalReport {
 public:
  // Reads the coordinates of the job. Pictures are made if the job has an output folder, of a few
  // of `micrograph_count` micrographs. Throws Error(usage).
  RemovalReport(const EvaluateJob& job, std::size_t micrograph_count);

  // Whether there is anything to do: numbers that are asked for, or pictures.
  bool is_wanted() const { return is_measured() || !pictured_.empty(); }

  // The next micrograph of the list. `truth` may be null, and must live until the next call, as
  // `noisy` must.
  void begin(const std::string& name,
             const Image& noisy,
             const Image* truth,
             double pixel_size_angstrom);
  // What a method made of it; the denoised one first. Throws Error(input) when sizes differ.
  void add(const std::string& method, const Image& result);
  // Takes the numbers of the micrograph into the table; returns those of the first method.
  std::map<std::string, double> finish();

  // Empty unless baselines or coordinates are asked for.
  const ScoreTable& table() const { return table_; }
  std::vector<ComparisonPicture> take_pictures() { return std::move(pictures_); }
  // Mean windows of each method; empty without coordinates.
  std::vector<PageStrip> strips() const;

 private:
  struct MeanWindows {
    WindowMean raw, denoised, removed, removed_elsewhere;
  };

  bool is_measured() const { return job_.baselines || picks_; }
  void choose_places(const std::string& name, const Image& noisy, double pixel_size_angstrom);
  void add_windows(const std::string& method, const Image& result, const Image& removed);

  const EvaluateJob& job_;
  std::optional<PickList> picks_;
  std::set<std::size_t> pictured_;  // numbers of micrographs
  std::size_t next_ = 0;
  ScoreTable table_;
  std::vector<ComparisonPicture> pictures_;
  std::map<std::string, MeanWindows> windows_;
  std::vector<std::string> methods_;  // of windows_, in order

  // Of the current micrograph.
  const Image* noisy_ = nullptr;
  const Image* truth_ = nullptr;
  double pixel_size_angstrom_ = 1;
  ScoreGroup group_;
  PickPlaces places_;
};

}  // namespace limpid
