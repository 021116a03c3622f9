"""tools/train_variants in small, on the CPU: train_variants_test.py PROGRAM TOOL."""
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM, TOOL = None, None
SMALL = {"COUNT": "3", "TEST_COUNT": "2", "SIZE": "160", "PATCH": "64", "BATCH": "1", "EPOCHS": "0.1", "MEMORY": "1G",
         "DEVICE": "cpu"}


class TrainVariants(unittest.TestCase):
    def run_tool(self, folder, *names):
        return subprocess.run([TOOL, f"{folder}/work", f"{folder}/results", *names], capture_output=True, text=True,
                              timeout=300, env={**os.environ, **SMALL, "LIMPID": PROGRAM})

    def test_candidates_are_trained_and_scored(self):
        with tempfile.TemporaryDirectory(prefix="variants ") as folder:
            result = self.run_tool(folder, "continued", "small")
            self.assertEqual((result.returncode, result.stderr), (0, ""), result.stdout)
            results = Path(folder) / "results"
            for name in ("continued", "small"):
                self.assertIn(f"== {name}: ", result.stdout)
                self.assertGreater((results / f"{name}.safetensors").stat().st_size, 1000000)
                self.assertIn("validation_loss", (results / f"{name}.csv").read_text())
            # One hardly leaves the shipped model, the other has learnt nothing yet.
            psnr = {}
            for name in ("continued", "small"):
                tables = json.loads((results / f"{name}.scores.json").read_text())["tables"]
                psnr[name] = tables[0]["mean"][0]["fitted_psnr_db"]
            self.assertGreater(psnr["continued"], psnr["small"] + 1)

    def test_unknown_candidates_are_refused_before_anything_is_made(self):
        with tempfile.TemporaryDirectory(prefix="variants ") as folder:
            result = self.run_tool(folder, "continued", "huge")
            self.assertEqual(result.returncode, 2)
            self.assertIn("no candidate is called 'huge'", result.stderr)
            self.assertEqual(os.listdir(f"{folder}/work"), [])


if __name__ == "__main__":
    PROGRAM, TOOL = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1])
