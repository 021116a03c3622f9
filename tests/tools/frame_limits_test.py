"""tools/frame_limits on images whose displacement is known: frame_limits_test.py TOOL."""
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy

TOOL = None
SIDE, PIXEL_SIZE = 240, 1.5


def write_mrc(path, image):
    header = numpy.zeros(256, "<i4")
    header[:4] = (image.shape[1], image.shape[0], 1, 2)
    path.write_bytes(header.tobytes() + image.astype("<f4").tobytes())


def smooth(image, sigma_px):
    ky, kx = numpy.meshgrid(numpy.fft.fftfreq(SIDE), numpy.fft.rfftfreq(SIDE), indexing="ij")
    return numpy.fft.irfft2(numpy.fft.rfft2(image) * numpy.exp(-2 * (numpy.pi * sigma_px) ** 2 * (kx ** 2 + ky ** 2)))


class FrameLimits(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="frame limits ")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def run_tool(self):
        return subprocess.run([sys.executable, TOOL, self.folder, self.folder / "denoised", "--frames", "1", "--json",
                               self.folder / "numbers.json"], capture_output=True, text=True, timeout=100)

    def test_finds_displacement_and_what_is_no_particle(self):
        random = numpy.random.default_rng(5)
        # Structure everywhere, four times as strong in the part with the picks.
        structure = smooth(random.standard_normal((SIDE, SIDE)), 4) * numpy.where(numpy.arange(SIDE) < 90, 2, 1)
        structure /= structure.std()
        write_mrc(self.folder / "a_rest.mrc", structure + random.standard_normal((SIDE, SIDE)))
        write_mrc(self.folder / "a_frame.mrc", numpy.roll(structure, (-1, 2), (0, 1)) + random.standard_normal((SIDE, SIDE)))
        (self.folder / "denoised").mkdir()
        write_mrc(self.folder / "denoised" / "a_rest.mrc", structure)
        (self.folder / "a_picks.star").write_text(
            "data_\n\nloop_\n_x\n_y\n" + "".join(f"{SIDE // 8}.0 {y}.0\n" for y in range(0, SIDE, 40)))
        result = self.run_tool()
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertRegex(result.stdout, r"\| a \| 3\.[2-5] \|")
        row, = json.loads((self.folder / "numbers.json").read_text())
        self.assertAlmostEqual(row["shift_angstrom"][0], 2 * PIXEL_SIZE, delta=0.3)
        self.assertAlmostEqual(row["shift_angstrom"][1], -PIXEL_SIZE, delta=0.3)
        # Half of the frame is noise; the smoothed raw image can come close to the structure, not beyond it.
        self.assertAlmostEqual(row["result_moved_back"], 0.5 ** 0.5, delta=0.02)
        self.assertLess(row["result_as_it_is"], row["result_moved_back"] - 0.02)
        self.assertLess(row["gaussian_moved_back"], row["result_moved_back"])
        # The result is the structure itself, as good as it can be, but not filtered for a displaced frame.
        self.assertAlmostEqual(row["noiseless_moved_back"], row["result_moved_back"], delta=0.03)
        self.assertGreater(row["noiseless_as_it_is"], row["result_as_it_is"] - 0.01)
        self.assertLess(row["noiseless_as_it_is"], row["noiseless_moved_back"] - 0.01)
        # A quarter of the power, but from few waves.
        inside, outside = (sum(band[place] for band in row["bands"][3:]) for place in (2, 5))
        self.assertAlmostEqual(outside / inside, 0.25, delta=0.15)

    def test_missing_results_are_named(self):
        write_mrc(self.folder / "a_rest.mrc", numpy.zeros((SIDE, SIDE)))
        write_mrc(self.folder / "a_frame.mrc", numpy.zeros((SIDE, SIDE)))
        result = self.run_tool()
        self.assertEqual(result.returncode, 1)
        self.assertIn("denoised' has no a_rest.mrc", result.stderr)


if __name__ == "__main__":
    TOOL = sys.argv[1]
    unittest.main(argv=sys.argv[:1])
