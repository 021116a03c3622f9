"""tools/gpu_check without a GPU, with stubs for the programs of its bundle: gpu_check_test.py TOOLS_FOLDER."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TOOLS = None

TEST_PROGRAM = """#!/bin/sh
if [ "$1" = --list-test-names-only ]; then
  echo 'plain'; echo 'sums, in order - CudaFloat32'
else
  cat "$(dirname "$0")/results.xml"
fi
"""
PASSES = """<?xml version="1.0"?><Catch><Group>
<TestCase name="sums, in order - CudaFloat32"><OverallResult success="true"/></TestCase></Group></Catch>
"""
FAILS = """<?xml version="1.0"?><Catch><Group>
<TestCase name="sums, in order - CudaFloat32"><Expression success="false" filename="/a/sums_test.cpp" line="12">
<Expanded>3 == 4</Expanded></Expression><OverallResult success="false"/></TestCase></Group></Catch>
"""
SKIPS = """<?xml version="1.0"?><Catch><Group><TestCase name="sums, in order - CudaFloat32">
<Warning>SKIPPED: no driver</Warning><OverallResult success="true"/></TestCase></Group></Catch>
"""
LIMPID = """#!/bin/sh
case $1 in
  --version) echo 0.1.0 ;;
  bench) for mode in train infer; do echo "$3 $mode $5 $7 100.50 9.95 10.10 480.0 11.58 7.4 2.1 9.0 90.3"; done ;;
esac
"""


class Bundle:
    """A folder as tools/gpu_bundle makes it, whose programs say what a test wants."""

    def __init__(self, folder, has_gpu=True, results=PASSES):
        self.folder = Path(folder)
        shutil.copy(os.path.join(TOOLS, "gpu_check"), self.folder)
        shutil.copytree(os.path.join(TOOLS, "gpu_checks"), self.folder / "gpu_checks",
                        ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("test_backend", "test_cuda_library", "test_nn", "test_infer", "test_train"):
            self.add_program(name, TEST_PROGRAM)
        (self.folder / "bin" / "results.xml").write_text(results)
        self.add_program("limpid", LIMPID)
        self.add_program("network_probe", "#!/bin/sh\n" + ("echo GPU 0" if has_gpu else "echo SKIPPED: no GPU; exit 77"))
        self.add_program("nvidia-smi", "#!/bin/sh\n" + ("echo GPU 0, 580" if has_gpu else "exit 9"))

    def add_program(self, name, text):
        path = self.folder / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def check(self, *words):
        """Exit status, rows as {what: (status, detail)}, and what was printed."""
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        done = subprocess.run([sys.executable, self.folder / "gpu_check", "--o", self.folder / "results", *words],
                              capture_output=True, text=True, timeout=60, env={**os.environ, "PATH": path})
        report = self.folder / "results" / "report.json"
        rows = json.loads(report.read_text())["rows"] if report.exists() else []
        return done.returncode, {row["what"]: (row["status"], row["detail"]) for row in rows}, done.stdout + done.stderr


class GpuCheck(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="gpu check ")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def test_help_names_all_parts(self):
        status, _, printed = Bundle(self.folder).check("--help")
        self.assertEqual(status, 0, printed)
        for part in ("device", "plans", "pytorch", "peer", "memory", "feed", "sanitizer"):
            self.assertIn(part, printed)

    def test_an_unknown_part_is_refused_before_anything_runs(self):
        status, rows, printed = Bundle(self.folder).check("--parts", "device,layer")
        self.assertEqual((status, rows), (2, {}))
        self.assertIn("there is no part 'layer'; there are device, tests,", printed)
        self.assertFalse(os.path.exists(os.path.join(self.folder, "results")))

    def test_all_is_well(self):
        bundle = Bundle(self.folder)
        status, rows, printed = bundle.check("--parts", "device,tests,speed", "--patch", "512", "--batches", "8,2")
        self.assertEqual(status, 0, printed)
        self.assertEqual(rows["GPU library"], ("ok", "GPU 0"))
        self.assertEqual(rows["test_backend"], ("ok", "1 passed, 0 failed, 0 skipped"))
        for network in ("classic", "default"):
            for batch in (8, 2):
                result, detail = rows[f"{network} infer 512x512 batch {batch}"]
                self.assertEqual(result, "ok")
                self.assertIn("100.50 patches/s", detail)
        self.assertIn("0 failed, 0 skipped", printed)
        self.assertEqual(list(bundle.folder.rglob("__pycache__")), [])

    def test_a_test_that_fails_is_named_with_its_place(self):
        status, rows, printed = Bundle(self.folder, results=FAILS).check("--parts", "tests")
        self.assertEqual(status, 1, printed)
        self.assertEqual(rows["test_nn"], ("FAILED", "0 passed, 1 failed, 0 skipped"))
        self.assertEqual(rows["  sums, in order - CudaFloat32"], ("FAILED", "3 == 4 (sums_test.cpp:12)"))

    def test_without_a_gpu_everything_is_skipped(self):
        status, rows, printed = Bundle(self.folder, has_gpu=False, results=SKIPS).check(
            "--parts", "device,tests,peer,denoise,resume,feed")
        self.assertEqual(status, 0, printed)
        self.assertEqual(rows["test_train"], ("SKIPPED", "0 passed, 0 failed, 1 skipped; no driver"))
        self.assertEqual({result for what, (result, _) in rows.items() if what != "limpid --version"}, {"SKIPPED"})

    def test_a_part_that_breaks_does_not_stop_the_others(self):
        bundle = Bundle(self.folder)
        bundle.add_program("limpid", "#!/bin/sh\nexit 3\n")
        status, rows, printed = bundle.check("--parts", "layers,tests")
        self.assertEqual(status, 1, printed)
        self.assertEqual(rows["test_infer"][0], "ok")
        self.assertIn(("FAILED", "exit status 3: "), rows.values())


if __name__ == "__main__":
    TOOLS = sys.argv.pop(1)
    unittest.main()
