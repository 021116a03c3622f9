#include "core/backend/host/control_group.h"

#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

#include <filesystem>

using namespace limpid;
using namespace limpid::test;

namespace {

// The files of /proc and /sys as a kernel would show them.
class Kernel {
 public:
  explicit Kernel(const std::string& groups_of_this_process) {
    write("proc/self/cgroup", groups_of_this_process);
  }
  void write(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories(std::filesystem::path(folder_.path(name)).parent_path());
    folder_.write(name, content);
  }
  std::optional<ControlGroupMemory> memory() const { return control_group_memory(folder_.path()); }

 private:
  TemporaryFolder folder_;
};

}  // namespace

TEST_CASE("control group: without one, or without a limit, there is none") {
  CHECK_FALSE(control_group_memory("/no/such/root"));
  const Kernel kernel("0::/job\n");
  CHECK_FALSE(kernel.memory());
  kernel.write("sys/fs/cgroup/job/memory.max", "max\n");
  kernel.write("sys/fs/cgroup/job/memory.current", "1000\n");
  CHECK_FALSE(kernel.memory());
}

TEST_CASE("control group: the limit of a batch job in a group below the root is found") {
  const Kernel kernel("0::/slurm/job_7/step_0\n");
  kernel.write("sys/fs/cgroup/slurm/job_7/memory.max", "8000\n");
  kernel.write("sys/fs/cgroup/slurm/job_7/memory.current", "3000\n");
  kernel.write("sys/fs/cgroup/slurm/job_7/step_0/memory.max", "max\n");
  kernel.write("sys/fs/cgroup/slurm/job_7/step_0/memory.current", "3000\n");
  REQUIRE(kernel.memory());
  CHECK(kernel.memory()->limit_bytes == 8000);
  CHECK(kernel.memory()->free_bytes == 5000);

  // A limit further up that leaves less is the one that counts.
  kernel.write("sys/fs/cgroup/slurm/memory.max", "100000\n");
  kernel.write("sys/fs/cgroup/slurm/memory.current", "99000\n");
  CHECK(kernel.memory()->free_bytes == 1000);
}

TEST_CASE("control group: file caches count as free") {
  const Kernel kernel("0::/\n");
  kernel.write("sys/fs/cgroup/memory.max", "8000\n");
  kernel.write("sys/fs/cgroup/memory.current", "7900\n");
  kernel.write("sys/fs/cgroup/memory.stat", "anon 1900\nfile 6000\ninactive_file 5000\n");
  CHECK(kernel.memory()->free_bytes == 5100);
}

TEST_CASE("control group: version 1, and a container that shows its own group as the root") {
  const Kernel kernel("5:cpu,cpuacct:/\n4:memory:/docker/abc\n0::/\n");
  kernel.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  kernel.write("sys/fs/cgroup/memory/memory.usage_in_bytes", "10\n");
  CHECK_FALSE(kernel.memory());
  kernel.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "6000\n");
  kernel.write("sys/fs/cgroup/memory/memory.usage_in_bytes", "9000\n");
  kernel.write("sys/fs/cgroup/memory/memory.stat", "total_inactive_file 1000\n");
  REQUIRE(kernel.memory());
  CHECK(kernel.memory()->limit_bytes == 6000);
  CHECK(kernel.memory()->free_bytes == 0);
}
