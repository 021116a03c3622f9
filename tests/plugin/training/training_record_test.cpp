#include "plugin/training/training_record.h"

#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

using namespace limpid;
using namespace limpid::test;

namespace {

TrainingRow row_at(std::int64_t step) {
  return {.step = step,
          .epoch = 0.5,
          .training_loss = 1.25,
          .validation_loss = 1.5,
          .learning_rate = 1e-3,
          .seconds = static_cast<double>(step)};
}

constexpr const char* header =
    "step,epoch,training_loss,validation_loss,learning_rate,seconds,psnr_db,ssim,half_error\n";

}  // namespace

TEST_CASE("training record: a header and a row a validation, complete at any time") {
  const TemporaryFolder folder;
  const std::string path = folder.path("training.csv");
  TrainingRecord record(path, 0);
  record.add(row_at(10));
  CHECK(content_of(path) == std::string(header) + "10,0.500,1.25,1.5,0.001,10.0,,,\n");
  record.add(row_at(20));
  CHECK(content_of(path) == std::string(header) + "10,0.500,1.25,1.5,0.001,10.0,,,\n" +
                                "20,0.500,1.25,1.5,0.001,20.0,,,\n");
}

TEST_CASE("training record: a continued run keeps the rows up to its checkpoint") {
  const TemporaryFolder folder;
  const std::string path = folder.path("training.csv");
  TrainingRecord first(path, 0);
  for (const std::int64_t step : {10, 20, 30})
    first.add(row_at(step));
  TrainingRecord second(path, 20);
  REQUIRE(second.rows().size() == 2);
  CHECK(second.rows()[1].seconds == 20);
  second.add(row_at(30));
  CHECK(content_of(path).ends_with(
      "20,0.500,1.25,1.5,0.001,20.0,,,\n30,0.500,1.25,1.5,0.001,30.0,,,\n"));
}

TEST_CASE("training record: a run from the beginning starts anew, a missing file is empty") {
  const TemporaryFolder folder;
  const std::string path = folder.path("training.csv");
  TrainingRecord(path, 0).add(row_at(10));
  TrainingRecord again(path, 0);
  CHECK(again.rows().empty());
  CHECK(TrainingRecord(folder.path("none.csv"), 20).rows().empty());
}

TEST_CASE("training record: scores that exist are kept, others stay empty") {
  const TemporaryFolder folder;
  const std::string path = folder.path("training.csv");
  TrainingRow row = row_at(10);
  row.psnr_db = 21.5;
  row.ssim = 0.75;
  TrainingRecord(path, 0).add(row);
  CHECK(content_of(path).ends_with(",10.0,21.5,0.75,\n"));
  const TrainingRecord again(path, 10);
  REQUIRE(again.rows().size() == 1);
  CHECK(again.rows()[0].psnr_db == 21.5);
  CHECK(again.rows()[0].ssim == 0.75);
  CHECK_FALSE(again.rows()[0].half_error);
  // As an earlier version wrote it.
  folder.write("old.csv",
               "step,epoch,training_loss,validation_loss,learning_rate,seconds\n"
               "5,1,0.5,0.25,0.001,2.0\n");
  CHECK(TrainingRecord(folder.path("old.csv"), 10).rows().size() == 1);
}
