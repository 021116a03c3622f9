"""limpid denoise on sums weighted by dose: dose_weighting_test.py PROGRAM."""
import json
import struct

import mrcfile
import numpy

import limpid_program
from limpid_program import ProgramTest
from micrograph_files import read, write_mrc

DOSE, FRAMES = 40, 20


def correlation(a, b):
    return numpy.corrcoef(a.ravel(), b.ravel())[0, 1]


class DoseWeighting(ProgramTest):
    def setUp(self):
        super().setUp()
        self.check_done("simulate", "--count", 1, "--size", 384, "--dose", DOSE, "--frames", FRAMES, "--seed", 11, "--o",
                        "project")
        self.images = self.folder / "project/Micrographs"
        self.truth = read(self.images / "sim_0001_CLEAN.mrc")[0]
        self.plain = read(self.images / "sim_0001.mrc")[0]
        self.weighted, self.normalised = self.weight_frames()

    def weight_frames(self):
        """The plain sum of weighted frames, and the same divided by the root of the summed squared weights."""
        with mrcfile.open(self.folder / "project/Movies/sim_0001.mrcs", permissive=True) as file:
            frames = file.data.astype("f8")
        frequency = numpy.hypot(*numpy.meshgrid(numpy.fft.rfftfreq(384), numpy.fft.fftfreq(384)))
        frequency[0, 0] = 1e-6
        critical = 0.245 * frequency ** -1.665 + 2.81
        total, squares = 0, 0
        for number, frame in enumerate(frames):
            weight = numpy.exp(-DOSE / FRAMES * (number + 1) / (2 * critical))
            total = total + weight * numpy.fft.rfft2(frame)
            squares = squares + weight ** 2
        return [numpy.fft.irfft2(sum_, s=(384, 384)).astype("f4") for sum_ in (total, total / numpy.sqrt(squares))]

    def denoise(self, name, image, *options):
        write_mrc(self.folder / f"{name}.mrc", image, pixel_size=1.0)
        self.check_done("denoise", "--device", "cpu", f"{name}.mrc", *options, "--o", f"{name}_out", "--redo")
        report = json.loads((self.folder / f"{name}_out/report.json").read_text())
        return read(self.folder / f"{name}_out/{name}.mrc")[0], report["items"][0]["numbers"]

    def test_plain_sums_are_shown_to_the_model_with_the_noise_that_it_knows(self):
        matched, numbers = self.denoise("weighted", self.weighted)
        self.assertTrue(20 < numbers["matched_dose_e_per_square_angstrom"] < 90, numbers)
        as_it_is, numbers = self.denoise("weighted", self.weighted, "--match_noise", "off")
        self.assertNotIn("matched_dose_e_per_square_angstrom", numbers)
        error = [1 - correlation(image, self.truth) ** 2 for image in (matched, as_it_is)]
        self.assertLess(error[0], 0.97 * error[1])
        # In the grey scale of the input.
        self.assertAlmostEqual(matched.mean() / self.weighted.mean(), 1, places=2)

    def test_other_sums_get_the_same_bytes_with_and_without(self):
        for name, image in (("plain", self.plain), ("normalised", self.normalised)):
            with_it, numbers = self.denoise(name, image)
            self.assertNotIn("matched_dose_e_per_square_angstrom", numbers)
            without, _ = self.denoise(name, image, "--match_noise", "off")
            self.assertEqual(with_it.tobytes(), without.tobytes())

    def test_a_model_that_has_learnt_such_noise_is_shown_it_as_it_is(self):
        self.check_done("models", "export", "default", "learnt.safetensors")
        content = (self.folder / "learnt.safetensors").read_bytes()
        length, = struct.unpack("<Q", content[:8])
        header = json.loads(content[8:8 + length])
        description = json.loads(header["__metadata__"]["limpid.model"])
        header["__metadata__"]["limpid.model"] = json.dumps({**description, "knows_weighted_noise": True})
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        (self.folder / "learnt.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + content[8 + length:])
        learnt, numbers = self.denoise("weighted", self.weighted, "--model", "./learnt.safetensors")
        self.assertNotIn("matched_dose_e_per_square_angstrom", numbers)
        as_it_is, _ = self.denoise("weighted", self.weighted, "--match_noise", "off")
        self.assertEqual(learnt.tobytes(), as_it_is.tobytes())

    def test_halves_are_denoised_in_place_of_the_micrograph(self):
        for half in ("EVN", "ODD"):
            write_mrc(self.folder / f"sum_{half}.mrc", read(self.images / f"sim_0001_{half}.mrc")[0], pixel_size=1.0)
        combined, numbers = self.denoise("sum", self.normalised, "--combine_halves")
        self.assertEqual(numbers["combined_halves"], 1)
        own, numbers = self.denoise("sum", self.normalised)
        self.assertNotIn("combined_halves", numbers)
        self.assertGreater(correlation(combined, self.truth), 0.95 * correlation(own, self.truth))
        self.assertNotEqual(combined.tobytes(), own.tobytes())
        # The grey scale of the micrograph, not that of the halves.
        self.assertAlmostEqual(combined.mean() / self.normalised.mean(), 1, places=3)
        self.assertTrue(0.7 < combined.std() / own.std() < 1.3, (combined.std(), own.std()))
        # Halves of another size: the micrograph itself, with a warning.
        write_mrc(self.folder / "sum_ODD.mrc", self.plain[:200], pixel_size=1.0)
        result = self.run_program("denoise", "--device", "cpu", "sum.mrc", "--combine_halves", "--o", "again")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("sum_ODD.mrc", result.stderr)
        self.assertEqual(read(self.folder / "again/sum.mrc")[0].tobytes(), own.tobytes())

    def test_particles_are_looked_for_in_what_was_removed(self):
        self.check_done("simulate", "--diverse", "--count", 1, "--size", 384, "--no_movie", "--seed", 9182736, "--o",
                        "crowded")
        command = ["denoise", "--device", "cpu", "--in_mics", "crowded/micrographs.star", "--in_coords",
                   "crowded/particles.star", "--particle_diameter", 60]
        self.check_done(*command, "--o", "out")
        report = json.loads((self.folder / "out/report.json").read_text())
        numbers = report["items"][0]["numbers"]
        self.assertIn("residual_at_picks_sigmas", numbers)
        self.assertTrue(-0.5 < numbers["residual_at_picks_fraction"] < 0.5, numbers)
        lines = (self.folder / "out/trust.star").read_text().splitlines()
        labels = [line.split()[0] for line in lines if line.startswith("_")]
        row = dict(zip(labels, next(line for line in lines if line.startswith("out/")).split()))
        self.assertNotEqual(row["_limpidResidualAtPicks"], "nan")
        # The same as of evaluate.
        self.check_done("evaluate", "--in_mics", "out/micrographs_denoised.star", "--noisy", "crowded/micrographs.star",
                        "--in_coords", "crowded/particles.star", "--particle_diameter", 60, "--o", "scores")
        table = [table for table in json.loads((self.folder / "scores/evaluation.json").read_text())["tables"]
                 if table["table"] == "removed"][0]
        self.assertAlmostEqual(table["micrographs"][0]["methods"][0]["residual_at_picks_fraction"],
                               numbers["residual_at_picks_fraction"], places=2)
        # Without coordinates nothing is said.
        self.check_done(*command[:5], "--o", "silent")
        self.assertNotIn("residual_at_picks_sigmas", (self.folder / "silent/report.json").read_text())
        self.check_refused(2, *command[:5], "--in_coords", "none.star", "--o", "refused", saying="none.star")


if __name__ == "__main__":
    limpid_program.main()
