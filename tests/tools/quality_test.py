"""tools/quality in small: quality_test.py PROGRAM TOOL."""
import json
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile
from collections import OrderedDict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from torch_file import Tensor, zip_file  # noqa: E402

PROGRAM, TOOL = None, None
WEIGHTS = "topaz/pretrained/denoise/unet_L2_v0.2.2.sav"

# Called as the tool says; two micrographs, a mean row that does not count.
SCORER = """import json, os, sys
out = sys.argv[sys.argv.index("--json") + 1]
names = [os.path.basename(sys.argv[i + 1])[:13] for i, word in enumerate(sys.argv) if word == "--den"]
rows = [dict(name=n, method=m, cc=value) for m in ["noisy", "gauss*5.0A", *names] for n, value in (("a", 0.25), ("b", 0.5))]
json.dump(rows + [dict(name="MEAN", method="noisy", cc=9)], open(out, "w"))
"""


def weights():
    """A network of the kind that Topaz has: one filter, here a mean of 5 x 5 pixels."""
    return zip_file(OrderedDict({"filter.weight": Tensor([1, 1, 5, 5], [0.04] * 25), "filter.bias": Tensor([1], [0.0])}))


class Quality(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="quality ")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def test_a_program_that_is_not_there_is_one_line(self):
        result = subprocess.run([TOOL, str(self.folder), "--o", str(self.folder / "out"), "--limpid", "./no_such"],
                                capture_output=True, text=True, timeout=60)
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stderr,
                         "'./no_such' cannot be started: No such file or directory; --limpid names the program\n")

    def run_tool(self, *options):
        return subprocess.run([TOOL, str(self.folder / "data"), "--o", str(self.folder / "out"), "--limpid", PROGRAM,
                               "--own", "0", *options], capture_output=True, text=True, timeout=300)

    def test_all_methods_stand_in_one_table(self):
        sim = self.folder / "data" / "sim"
        subprocess.run([PROGRAM, "simulate", "--o", str(sim), "--count", "2", "--size", "128", "--no_movie"], check=True,
                       capture_output=True, timeout=100)
        other = self.folder / "other"
        other.mkdir()
        for path in sorted((sim / "Micrographs").glob("*_CLEAN.mrc")):
            shutil.copy(path, other / path.name.replace("_CLEAN", ""))
        package = self.folder / "topaz_em-0.whl"
        with zipfile.ZipFile(package, "w") as archive:
            archive.writestr(WEIGHTS, weights())
        scorer = self.folder / "scorer.py"
        scorer.write_text(SCORER)
        result = self.run_tool("--topaz", str(package), "--also", f"perfect={other}", "--scorer", str(scorer))
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        numbers = json.loads((self.folder / "out" / "quality.json").read_text())
        rows = numbers["sim"]
        for method in ("default", "topaz", "perfect", "noisy", "best Gaussian*"):
            self.assertIn(f"| {method} |", result.stdout)
            self.assertIn(method, rows)
        self.assertGreater(rows["perfect"]["correlation"], 0.9999)
        self.assertGreater(rows["default"]["fitted_psnr_db"], rows["topaz"]["fitted_psnr_db"])
        self.assertGreater(rows["topaz"]["fitted_psnr_db"], rows["noisy"]["fitted_psnr_db"])
        self.assertEqual({method: row["cc"] for method, row in numbers["sim_scorer"].items()},
                         dict.fromkeys(("noisy", "gauss*", "default", "topaz", "perfect"), 0.375))

    def test_another_package_is_refused(self):
        (self.folder / "data").mkdir()
        package = self.folder / "other.whl"
        with zipfile.ZipFile(package, "w") as archive:
            archive.writestr("other/file", b"")
        result = self.run_tool("--topaz", str(package))
        self.assertEqual(result.returncode, 1)
        self.assertIn("expected the package topaz-em", result.stderr)
        self.assertIn(str(package), result.stderr)


if __name__ == "__main__":
    PROGRAM, TOOL = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1])
