#include "plugin/logfile/job_logfiles.h"

#include "core/base/random.h"
#include "core/io/mrc_writer.h"
#include "plugin/logfile/pictures_ahead.h"
#include "tests/support/captured_log.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

using namespace limpid;
using namespace limpid::test;

namespace {

std::size_t page_count(const std::string& path) {
  const std::string bytes = content_of(path);
  REQUIRE(bytes.starts_with("%PDF-"));
  constexpr std::string_view mark = "/Count ";
  const auto at = bytes.find(mark);
  REQUIRE(at != std::string::npos);
  return std::stoul(bytes.substr(at + mark.size()));
}

std::string write_noise(const TemporaryFolder& folder, const std::string& name) {
  Image image(80, 64, 5.0f);
  RandomSequence random(1, 1);
  for (float& pixel : image.pixels())
    pixel += static_cast<float>(random.normal());
  write_mrc(folder.path(name), image, {});
  return folder.path(name);
}

}  // namespace

TEST_CASE("logfile: a summary, four pictures at most, and a table of all micrographs") {
  const TemporaryFolder folder;
  const std::string path = folder.path("logfile.pdf");
  std::vector<DenoisedRecord> records(1);
  records[0].entry.name = "MotionCorr/job002/\xc3\xa4.mrc";
  records[0].entry.path = write_noise(folder, "raw.mrc");
  records[0].result_path = write_noise(folder, "denoised.mrc");
  records[0].numbers = {{"snr_before", 0.01}, {"snr_after", 2.0}, {"noise_left", 0.2}};
  write_denoise_logfile(path,
                        records,
                        PicturesAhead({}).pictures_of(records).pictures,
                        {},
                        {.result = "1 micrograph denoised"});
  CHECK(page_count(path) == 3);

  records.resize(100, records[0]);
  write_denoise_logfile(
      path, records, PicturesAhead({}).pictures_of(records).pictures, {}, {.result = "many"});
  CHECK(page_count(path) == 1 + 4 + 2);
}

TEST_CASE("logfile: notes are broken into lines, and onto pages") {
  const TemporaryFolder folder;
  const std::string path = folder.path("logfile.pdf");
  std::string text;
  for (int word = 0; word < 100; ++word)
    text += "of many words ";
  const auto pages_with = [&](std::size_t count) {
    write_denoise_logfile(
        path, {}, {}, std::vector<LogfileNote>(count, {"a note", text, true}), {});
    return page_count(path);
  };
  CHECK(pages_with(1) == 1);
  CHECK(pages_with(30) > 2);
}

TEST_CASE("logfile: a micrograph that has gone costs its picture alone") {
  const TemporaryFolder folder;
  std::vector<DenoisedRecord> records(1);
  records[0].entry.name = "gone.mrc";
  records[0].entry.path = folder.path("gone.mrc");
  const CapturedLog log;
  write_denoise_logfile(
      folder.path("logfile.pdf"), records, PicturesAhead({}).pictures_of(records).pictures, {}, {});
  CHECK(page_count(folder.path("logfile.pdf")) == 2);
  CHECK(log.warnings().find("gone.mrc") != std::string::npos);
}

TEST_CASE("logfile: the losses of a training, or none") {
  const TemporaryFolder folder;
  const std::string path = folder.path("logfile.pdf");
  write_training_logfile(path, {}, {}, {});
  CHECK(page_count(path) == 1);
  write_training_logfile(path, {{0, 0, 0, 1.0, 1e-3, 0}, {10, 1, 0.9, 0.8, 1e-3, 5}}, {}, {});
  CHECK(page_count(path) == 2);
  // Each score that there is has a plot of its own.
  std::vector<TrainingRow> rows(2);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].step = static_cast<std::int64_t>(i + 1);
    rows[i].psnr_db = 20 + static_cast<double>(i);
    rows[i].ssim = 0.5;
    rows[i].half_error = -0.01;
  }
  write_training_logfile(path, rows, {}, {});
  CHECK(page_count(path) == 3);
}

TEST_CASE("logfile: pictured micrographs are spread over the list, none of them at its end") {
  CHECK(pictured_indices(0).empty());
  CHECK(pictured_indices(1) == std::vector<std::size_t>{0});
  CHECK(pictured_indices(4) == std::vector<std::size_t>{0, 1, 2, 3});
  CHECK(pictured_indices(5) == std::vector<std::size_t>{0, 1, 2, 3});
  CHECK(pictured_indices(50) == std::vector<std::size_t>{0, 10, 20, 30});
}
