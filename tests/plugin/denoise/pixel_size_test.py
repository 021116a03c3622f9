"""limpid denoise on micrographs of any pixel size: pixel_size_test.py PROGRAM."""
import json

import numpy

import limpid_program
from limpid_program import ProgramTest
from micrograph_files import noise, read, write_mrc

WITH_PIXEL_SIZE = """data_micrographs

loop_
_rlnMicrographName #1
_rlnMicrographPixelSize #2
a.mrc {}
"""


def power(image, low, high):
    """Mean squared amplitude between two frequencies in cycles per pixel."""
    y, x = numpy.meshgrid(*map(numpy.fft.fftfreq, image.shape), indexing="ij")
    ring = (numpy.hypot(y, x) > low) & (numpy.hypot(y, x) < high)
    return (numpy.abs(numpy.fft.fft2(image.astype("f8"))[ring]) ** 2).mean()


class PixelSizeTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.image = noise(shape=(151, 202))

    def denoise(self, pixel_size, *arguments, out="out", in_header=True):
        write_mrc(self.folder / "a.mrc", self.image, pixel_size=pixel_size if in_header else 1.25)
        return self.check_done("denoise", "--device", "cpu", "--model", self.model(), "--o", out, *arguments)

    def result(self, out="out"):
        return read(self.folder / out / "a.mrc")

    def numbers(self, out="out"):
        return json.loads((self.folder / out / "report.json").read_text())["items"][0]["numbers"]


class Resampling(PixelSizeTest):
    def test_foreign_pixel_sizes_are_resampled_and_told(self):
        for pixel_size, working in ((0.4, "0.6"), (4.0, "2.083")):
            said = self.denoise(pixel_size, "a.mrc", out=f"out{pixel_size}")
            line = f"Pixels of {pixel_size:g} A are resampled to {working} A and back"
            self.assertEqual(said.count(line), 1)
            self.assertIn(line, (self.folder / f"out{pixel_size}/limpid.log").read_text())
            denoised, kept_pixel_size = self.result(f"out{pixel_size}")
            self.assertEqual(denoised.shape, self.image.shape)
            self.assertAlmostEqual(kept_pixel_size, pixel_size, places=5)
            numbers = self.numbers(f"out{pixel_size}")
            self.assertAlmostEqual(numbers["working_pixel_size_angstrom"], float(working), places=3)
            self.assertIn("noise_left", numbers)

    def test_a_finer_micrograph_has_nothing_beyond_what_the_network_saw(self):
        self.denoise(0.3, "a.mrc")
        denoised, _ = self.result()
        self.assertLess(power(denoised, 0.37, 0.7), 1e-3 * power(denoised, 0.05, 0.24))

    def test_pixel_sizes_that_the_model_knows_change_nothing(self):
        said = self.denoise(1.3, "a.mrc")
        self.denoise(1.3, "a.mrc", "--resample", "off", out="off")
        self.denoise(4.0, "a.mrc", out="resampled")
        numpy.testing.assert_array_equal(self.result()[0], self.result("off")[0])
        self.assertGreater(numpy.abs(self.result()[0] - self.result("resampled")[0]).max(), 0)
        self.assertNotIn("Pixels of", said)
        self.assertNotIn("working_pixel_size_angstrom", self.numbers())

    def test_it_can_be_switched_off_with_a_warning(self):
        self.denoise(1.3, "a.mrc")
        write_mrc(self.folder / "a.mrc", self.image, pixel_size=4.0)
        result = self.run_program("denoise", "--device", "cpu", "--model", self.model(), "--resample", "off",
                                  "--o", "off", "a.mrc")
        self.assertEqual((result.returncode, result.stderr.count("\n")), (0, 1))
        self.assertIn("pixels of 4 A are denoised as they are", result.stderr)
        numpy.testing.assert_array_equal(self.result()[0], self.result("off")[0])
        self.check_refused(2, "denoise", "--resample", "on", "--o", "out", "a.mrc", saying="--resample")

    def test_the_list_is_believed_before_the_header(self):
        (self.folder / "list.star").write_text(WITH_PIXEL_SIZE.format(1.25))
        self.denoise(1.25, "--in_mics", "list.star")
        self.assertNotIn("working_pixel_size_angstrom", self.numbers())
        (self.folder / "list.star").write_text(WITH_PIXEL_SIZE.format(4.0))
        result = self.run_program("denoise", "--device", "cpu", "--model", self.model(), "--o", "out",
                                  "--in_mics", "list.star")
        self.assertIn("1.2500 A in the file", result.stderr)
        self.assertEqual(self.numbers()["working_pixel_size_angstrom"], 2.5 / 1.2)
        self.assertAlmostEqual(self.result()[1], 1.25, places=5)

    def test_unknown_pixel_sizes_are_told_once(self):
        for name in "abc":
            write_mrc(self.folder / f"in/{name}.mrc", self.image, pixel_size=0)
        said = self.check_done("denoise", "--device", "cpu", "--model", self.model(), "--o", "out", "in")
        self.assertEqual(said.count("is not known, so it is not resampled"), 1)
        write_mrc(self.folder / "in/a.mrc", self.image)
        self.check_done("denoise", "--device", "cpu", "--model", self.model(), "--o", "known", "in/a.mrc")
        numpy.testing.assert_array_equal(read(self.folder / "out/a.mrc")[0], read(self.folder / "known/a.mrc")[0])

    def test_other_settings_do_it_again(self):
        self.denoise(4.0, "a.mrc")
        again = ("denoise", "--device", "cpu", "--model", self.model(), "--o", "out", "a.mrc")
        self.assertIn("1 were finished", self.check_done(*again))
        self.assertIn("1 micrographs denoised", self.check_done(*again, "--keep_high_resolution", 20))
        self.assertIn("1 micrographs denoised", self.run_program(*again, "--resample", "off").stdout)

    def test_eight_orientations_are_a_setting_of_their_own(self):
        self.denoise(1.3, "a.mrc")
        again = ("denoise", "--device", "cpu", "--model", self.model(), "--o", "out", "a.mrc")
        one = self.result()[0]
        self.assertIn("1 were finished", self.check_done(*again, "--orientations", 1))
        self.assertIn("1 micrographs denoised", self.check_done(*again, "--orientations", 8))
        difference = numpy.abs(self.result()[0] - one)
        self.assertGreater(difference.max(), 0)
        self.assertLess(difference.std(), one.std())
        self.check_refused(2, *again, "--orientations", 4, saying="--orientations")


class HighResolution(PixelSizeTest):
    def test_raw_frequencies_are_kept_beyond_the_crossover(self):
        for pixel_size in (1.0, 0.25, 4.0):
            self.denoise(pixel_size, "a.mrc", out="plain")
            self.denoise(pixel_size, "a.mrc", "--keep_high_resolution", 5 * pixel_size, out="kept")
            plain, kept = self.result("plain")[0], self.result("kept")[0]
            # The crossover is at 0.2 cycles per pixel, its slope from 0.18 to 0.22.
            self.assertLess(power(kept - plain, 0, 0.17), 1e-2 * power(self.image, 0, 0.17))
            self.assertLess(power(kept - self.image, 0.23, 0.7), 1e-2 * power(self.image, 0.23, 0.7))
            self.assertGreater(power(plain - self.image, 0.23, 0.7), 0.1 * power(self.image, 0.23, 0.7))
            self.assertAlmostEqual(kept.mean(), plain.mean(), places=2)

    def test_it_needs_a_pixel_size(self):
        write_mrc(self.folder / "a.mrc", self.image, pixel_size=0)
        result = self.run_program("denoise", "--device", "cpu", "--model", self.model(), "--o", "out", "a.mrc",
                                  "--keep_high_resolution", 8)
        self.assertEqual(result.returncode, 1)
        self.assertIn("the pixel size is not known", result.stderr)


if __name__ == "__main__":
    limpid_program.main()
