"""tools/own_data in small, on the CPU: own_data_test.py PROGRAM TOOL."""
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM, TOOL = None, None


class OwnData(unittest.TestCase):
    def test_kinds_of_pairs_beside_the_start(self):
        with tempfile.TemporaryDirectory(prefix="own data ") as folder:
            command = [TOOL, folder, "--limpid", PROGRAM, "--device", "cpu", "--count", "2", "--size", "160", "--frames", "4",
                       "--kinds", "movies,single", "--seed", "4",
                       "--train", "--epochs", "0.1", "--patch_size", "64", "--batch_size", "1"]
            result = subprocess.run(command, capture_output=True, text=True, timeout=300)
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            results = json.loads((Path(folder) / "own_data.json").read_text())
            start = results["default (start)"]["fitted_psnr_db"]
            for kind in ("movies", "single"):
                self.assertIn(f"| {kind} |", result.stdout)
                self.assertAlmostEqual(results[kind]["fitted_psnr_db"] - start, results[kind]["gain_over_start_db"])
                self.assertGreater(results[kind]["gain_over_start_db"], -0.05)
            self.assertLess(results["noisy"]["fitted_psnr_db"], start)
            # What is there is not made again, and a result that is worse than it may be is told.
            again = subprocess.run([*command[:2], "--tolerance", "-100", *command[2:]], capture_output=True, text=True,
                                   timeout=300)
            self.assertEqual(again.returncode, 1, again.stderr)
            self.assertEqual(json.loads((Path(folder) / "own_data.json").read_text())["default (start)"],
                             results["default (start)"])


if __name__ == "__main__":
    PROGRAM, TOOL = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1])
