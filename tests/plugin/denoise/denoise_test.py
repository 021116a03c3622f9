"""limpid denoise on good input: denoise_test.py PROGRAM."""
import json
import os
import shutil
import subprocess

import numpy

import limpid_program
from limpid_program import ProgramTest, hashes
from micrograph_files import is_valid, list_of, names_in, noise, read, write_mrc, write_packed_mrc, write_tiff

PROJECT_STAR = """# version 30001

data_optics

loop_
_rlnOpticsGroupName #1
_rlnOpticsGroup #2
_rlnMicrographPixelSize #3
_rlnVoltage #4
opticsGroup1            1     1.250000   300.000000


# version 30001

data_micrographs

loop_
_rlnCtfMaxResolution #1
_rlnMicrographName #2
_rlnOpticsGroup #3
_rlnUnknownToAnyone #4
    3.50  MotionCorr/job002/Raw/a.mrc            1  "two words"
    4.50  MotionCorr/job002/Raw/b.mrc            1  x#y
    5.50  MotionCorr/job002/Raw/c.mrc            1  ''

data_other
_someList  'kept as it is'
"""


class DenoiseTest(ProgramTest):
    def denoise(self, *arguments, out="out", model="small", **options):
        return self.check_done("denoise", "--device", "cpu", "--model", self.model(model), "--o", out, *arguments,
                               **options)

    def output(self, name, out="out"):
        return self.folder / out / name


class Project(DenoiseTest):
    """A list in the middle of a project, as hosts give it."""

    def setUp(self):
        super().setUp()
        self.images = {}
        for seed, name in enumerate("abc"):
            self.images[name] = noise(seed, mean=100 * seed - 50, sigma=seed + 0.5)
            write_mrc(self.folder / f"MotionCorr/job002/Raw/{name}.mrc", self.images[name])
        self.list = self.folder / "mics.star"
        self.list.write_text(PROJECT_STAR)

    def test_only_the_names_change(self):
        self.denoise("--in_mics", "mics.star", out="Denoise/job003")
        expected = PROJECT_STAR
        for name in "abc":
            expected = expected.replace(f"MotionCorr/job002/Raw/{name}.mrc", f"Denoise/job003/Raw/{name}.mrc")
        self.assertEqual(self.output("micrographs_denoised.star", "Denoise/job003").read_text(), expected)

    def test_images_are_valid_and_keep_their_grey_scale(self):
        self.denoise("--in_mics", "mics.star", model="default")
        for name, image in self.images.items():
            path = self.output(f"Raw/{name}.mrc")
            self.assertTrue(is_valid(path))
            denoised, pixel_size = read(path)
            self.assertEqual(denoised.shape, image.shape)
            self.assertEqual(denoised.dtype, numpy.float32)
            self.assertAlmostEqual(pixel_size, 1.25, places=5)
            # The noise goes, the slow waves and the level stay.
            self.assertLess(abs(denoised.mean() - image.mean()), 0.1 * image.std())
            self.assertLess(denoised.std(), 0.95 * image.std())
            self.assertGreater(numpy.corrcoef(denoised.ravel(), image.ravel())[0, 1], 0.3)

    def test_nothing_but_the_output_folder_is_written(self):
        before = hashes(self.folder)
        self.denoise("--in_mics", "mics.star")
        self.assertEqual({name: value for name, value in hashes(self.folder).items()
                          if name.split("/")[0] != "out"}, before)
        self.assertEqual({path.name for path in (self.folder / "out").iterdir()},
                         {".limpid", "Raw", "job.json", "limpid.log", "logfile.pdf", "micrographs_denoised.star",
                          "progress.jsonl", "report.html", "report.json", "trust.star"})

    def test_the_page_shows_results_and_failures_whatever_their_names(self):
        name = "<script>alert(1)</script>&'\".mrc"
        folder = self.folder / name.split("/")[0]
        folder.mkdir()
        write_mrc(folder / name.split("/")[1], noise())
        write_mrc(self.folder / "good.mrc", noise())
        (self.folder / "<b>bad.mrc").write_bytes(b"nothing")
        result = self.run_program("denoise", "--device", "cpu", "--model", self.model(), "--o", "out", "--max_failed",
                                  "0.5", "--", name, "good.mrc", "<b>bad.mrc")
        self.assertEqual(result.returncode, 0, result.stderr)
        page = self.output("report.html").read_text()
        self.assertNotIn("<script", page)
        self.assertNotIn("<b>bad", page)
        self.assertIn("script&gt;&amp;&#39;&quot;.mrc", page)
        self.assertIn("&lt;b&gt;bad.mrc", page)
        self.assertIn("1 failed", page)
        self.assertIn("have no even and odd halves", page)
        self.denoise("--", name, "good.mrc")
        self.assertNotIn("1 failed", self.output("report.html").read_text())
        before = self.output("report.html").stat().st_mtime_ns
        self.denoise("--", name, "good.mrc")  # nothing has changed
        self.assertEqual(self.output("report.html").stat().st_mtime_ns, before)

    def test_the_trust_list_says_what_is_known(self):
        # Halves of b with independent noise around a common wave; a and c have none.
        wave = 3 * numpy.sin(numpy.arange(200) / 9)[None, :].repeat(150, 0)
        halves = [(wave + noise(seed, mean=0, sigma=1)).astype("f4") for seed in (31, 32)]
        for suffix, half in zip(("EVN", "ODD"), halves):
            write_mrc(self.folder / f"MotionCorr/job002/Raw/b_{suffix}.mrc", half)
        write_mrc(self.folder / "MotionCorr/job002/Raw/b.mrc", halves[0] + halves[1])

        def rows():
            lines = self.output("trust.star").read_text().splitlines()
            labels = [line.split()[0] for line in lines if line.startswith("_")]
            return {line.split()[0]: dict(zip(labels, line.split())) for line in lines if line.startswith("out/")}

        self.denoise("--in_mics", "mics.star", model="default")
        found = rows()
        self.assertEqual(list(found), ["out/Raw/a.mrc", "out/Raw/b.mrc", "out/Raw/c.mrc"])
        self.assertEqual(found["out/Raw/a.mrc"]["_limpidSnrBefore"], "nan")
        self.assertGreater(float(found["out/Raw/b.mrc"]["_limpidSnrBefore"]), 1)
        unknown = json.loads(self.output("report.json").read_text())["unknown"]
        self.assertTrue(any(text.startswith("2 of 3 micrographs have no even and odd halves") for text in unknown), unknown)
        self.denoise("--in_mics", "mics.star", model="default")
        self.assertEqual(rows(), found)  # of finished micrographs, too
        self.denoise("--in_mics", "mics.star", "--redo", "--halves", "off", model="default")
        self.assertEqual(rows()["out/Raw/b.mrc"]["_limpidSnrBefore"], "nan")

    def test_a_pattern_that_all_halves_share_is_told_of(self):
        def write_halves(pattern):
            for seed, name in enumerate("abc"):
                halves = [noise(50 + 2 * seed + odd, mean=16, sigma=4) + pattern for odd in (0, 1)]
                for suffix, half in zip(("EVN", "ODD"), halves):
                    write_mrc(self.folder / f"MotionCorr/job002/Raw/{name}_{suffix}.mrc", half.astype("f4"))
                write_mrc(self.folder / f"MotionCorr/job002/Raw/{name}.mrc", (halves[0] + halves[1]).astype("f4"))
            result = self.run_program("denoise", "--device", "cpu", "--model", self.model("small"), "--o", "out",
                                      "--in_mics", "mics.star", "--redo")
            self.assertEqual(result.returncode, 0)
            return result.stderr, json.loads(self.output("report.json").read_text())["warnings"]

        self.assertEqual(write_halves(0), ("", []))
        self.assertIn("halves look independent", self.output("report.html").read_text())
        told, [warning] = write_halves(noise(9, mean=0, sigma=1.5))
        self.assertIn("pattern of the detector", warning)
        self.assertEqual(told, f"limpid: {warning}\n")
        self.assertIn("halves share a pattern", self.output("report.html").read_text())

    def test_a_second_run_skips_what_is_finished(self):
        self.denoise("--in_mics", "mics.star")
        results = hashes(self.folder / "out/Raw")
        said = self.denoise("--in_mics", "mics.star")
        self.assertIn("3 were finished before", said)
        self.assertEqual(hashes(self.folder / "out/Raw"), results)
        report = json.loads(self.output("report.json").read_text())
        self.assertEqual((report["done"], report["skipped"], report["failed"]), (0, 3, 0))
        self.assertIn("input_sigma", report["items"][0]["numbers"])

    def test_changed_inputs_and_lost_results_are_done_again(self):
        self.denoise("--in_mics", "mics.star")
        before = hashes(self.folder / "out/Raw")
        write_mrc(self.folder / "MotionCorr/job002/Raw/b.mrc", noise(9))
        self.output("Raw/c.mrc").unlink()
        self.assertIn("2 micrographs denoised", self.denoise("--in_mics", "mics.star"))
        after = hashes(self.folder / "out/Raw")
        self.assertEqual(after["a.mrc"], before["a.mrc"])
        self.assertNotEqual(after["b.mrc"][0], before["b.mrc"][0])
        self.assertEqual(after["c.mrc"][0], before["c.mrc"][0])

    def test_redo_and_other_settings_do_all_again(self):
        self.denoise("--in_mics", "mics.star")
        self.assertIn("3 micrographs denoised", self.denoise("--in_mics", "mics.star", "--redo"))
        self.assertIn("3 micrographs denoised", self.denoise("--in_mics", "mics.star", "--float16"))
        self.assertIn("3 were finished", self.denoise("--in_mics", "mics.star", "--float16"))

    def test_same_bytes_for_any_number_of_threads(self):
        self.denoise("--in_mics", "mics.star", "--j", 1)
        self.denoise("--in_mics", "mics.star", "--j", 2, out="out2")
        for name in "abc":
            self.assertEqual(self.output(f"Raw/{name}.mrc").read_bytes(),
                             self.output(f"Raw/{name}.mrc", "out2").read_bytes())

    def test_dry_run_writes_nothing(self):
        before = hashes(self.folder)
        self.assertIn("3 micrographs would be denoised", self.denoise("--in_mics", "mics.star", "--dry_run"))
        self.assertEqual(hashes(self.folder), before)

    def test_quiet_says_nothing(self):
        self.assertEqual(self.denoise("--in_mics", "mics.star", "--quiet"), "")

    def test_the_saved_job_can_be_repeated(self):
        self.denoise("--in_mics", "mics.star")
        first = self.output("Raw/a.mrc").read_bytes()
        shutil.copy(self.output("job.json"), self.folder / "again.json")
        self.check_done("run", "again.json", "--o", "again")
        self.assertEqual(self.output("Raw/a.mrc", "again").read_bytes(), first)
        self.assertIn("3 were finished", self.check_done("run", "out/job.json"))

    def test_a_list_from_another_folder(self):
        (self.folder / "elsewhere").mkdir()
        self.denoise("--in_mics", "../mics.star", cwd=self.folder / "elsewhere")
        self.assertTrue((self.folder / "elsewhere/out/Raw/a.mrc").is_file())

    def test_results_follow_the_pixel_size_of_the_list(self):
        for name, image in self.images.items():
            write_mrc(self.folder / f"MotionCorr/job002/Raw/{name}.mrc", image, pixel_size=0)
        self.denoise("--in_mics", "mics.star")
        self.assertAlmostEqual(read(self.output("Raw/a.mrc"))[1], 1.25, places=5)
        self.list.write_text(PROJECT_STAR.replace("1.250000", "1.500000"))
        self.denoise("--in_mics", "mics.star")
        self.assertAlmostEqual(read(self.output("Raw/a.mrc"))[1], 1.5, places=5)


class Formats(DenoiseTest):
    def test_mrc_modes(self):
        image = noise(shape=(61, 83), mean=7.5, sigma=2).clip(0, 15)
        for mode, kind in ((0, "i1"), (1, "i2"), (2, "f4"), (6, "u2"), (12, "f2")):
            write_mrc(self.folder / f"in/mode{mode}.mrc", image.astype(kind))
        write_packed_mrc(self.folder / "in/mode101.mrc", image.astype("u1"))
        self.denoise("in")
        reference, _ = read(self.output("mode0.mrc"))
        for mode in (0, 1, 2, 6, 12, 101):
            path = self.output(f"mode{mode}.mrc")
            self.assertTrue(is_valid(path), mode)
            denoised, pixel_size = read(path)
            self.assertEqual(denoised.shape, (61, 83), mode)
            self.assertAlmostEqual(pixel_size, 1.25, places=5)
            if mode not in (2, 12):  # the same whole numbers
                numpy.testing.assert_array_equal(denoised, reference)
            self.assertLess(abs(denoised.mean() - image.mean()), 0.6)

    def test_tiff_is_flipped_to_the_order_of_mrc(self):
        image = noise().clip(0, 255).astype("u1")
        write_mrc(self.folder / "m/a.mrc", image.astype("i2"))
        (self.folder / "t").mkdir()
        write_tiff(self.folder / "t/a8.tif", image[::-1])
        write_tiff(self.folder / "t/a16.tiff", image[::-1].astype("u2"))
        write_tiff(self.folder / "t/a32.TIF", image[::-1].astype("f4"))
        self.denoise("m", "t")
        expected, _ = read(self.output("a.mrc"))
        for name in ("a8", "a16", "a32"):
            numpy.testing.assert_array_equal(read(self.output(f"{name}.mrc"))[0], expected)
            self.assertTrue(is_valid(self.output(f"{name}.mrc")))

    def test_float16(self):
        write_mrc(self.folder / "a.mrc", noise())
        self.denoise("a.mrc")
        self.denoise("a.mrc", "--float16", out="out16")
        single, _ = read(self.output("a.mrc"))
        half, pixel_size = read(self.output("a.mrc", "out16"))
        self.assertEqual(half.dtype, numpy.float16)
        self.assertAlmostEqual(pixel_size, 1.25, places=5)
        numpy.testing.assert_array_equal(half, single.astype("f2"))
        self.assertTrue(is_valid(self.output("a.mrc", "out16")))

    def test_a_few_pixels_that_are_not_finite_are_repaired_and_told(self):
        image = noise()
        image[3, 4], image[70, 80] = numpy.nan, numpy.inf
        write_mrc(self.folder / "a.mrc", image)
        result = self.run_program("denoise", "--device", "cpu", "--model", self.model(), "--o", "out", "a.mrc")
        self.assertEqual(result.returncode, 0)
        self.assertEqual(result.stderr.count("\n"), 1)
        self.assertIn("2 pixels are not finite", result.stderr)
        self.assertTrue(numpy.isfinite(read(self.output("a.mrc"))[0]).all())

    def test_small_and_narrow_images(self):
        for height, width in ((2, 3), (1, 40), (33, 1)):
            write_mrc(self.folder / f"in/{height}_{width}.mrc", noise(shape=(height, width)))
        self.denoise("in")
        for height, width in ((2, 3), (1, 40), (33, 1)):
            self.assertEqual(read(self.output(f"{height}_{width}.mrc"))[0].shape, (height, width))


class Arguments(DenoiseTest):
    def test_files_patterns_and_folders(self):
        for name in ("s1/a", "s1/b", "s2/a", "s2/c"):
            write_mrc(self.folder / f"{name}.mrc", noise(shape=(40, 50)))
        self.denoise("s1", "s2/[cd].mrc", "s2/a.mrc", "s1/a.mrc")
        names = names_in(self.output("micrographs_denoised.star"))
        self.assertEqual(len(names), 5)
        self.assertEqual(len(set(names)), 4)
        for name in names:
            self.assertTrue((self.folder / name).is_file())

    def test_names_with_any_characters(self):
        names = ["two words", "$(touch hacked)", "`touch hacked`; touch hacked", "a'b\"c", "x' y\" z", "[12]", "[a,b]",
                 "*?", "-rf", "--o", "größe 測試", "\\", "#x", "_y", "data_z", "n\nl", "{}", "%1"]
        image = noise(shape=(20, 30))
        for name in names:
            write_mrc(self.folder / f"{name}.mrc", image)
        latin = os.fsencode(self.folder) + b"/latin\xe4.mrc"
        shutil.copyfile(self.folder / "%1.mrc", latin)
        arguments = [f"{name}.mrc" for name in names] + [b"latin\xe4.mrc"]
        result = self.run_program("denoise", "--device", "cpu", "--model", self.model(), "--o", "out", "--", *arguments)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual(len(list((self.folder / "out").glob("*.mrc"))), len(names) + 1)
        self.assertTrue(self.output("$(touch hacked).mrc").is_file())
        self.assertFalse(list(self.folder.rglob("hacked")))
        # Names of any bytes are recognised again.
        said = self.denoise("--", *arguments)
        self.assertIn(f"{len(names) + 1} were finished before", said)

    def test_a_bare_name_in_brackets(self):
        write_mrc(self.folder / "[12]", noise(shape=(20, 30)))
        write_mrc(self.folder / "12", noise(1, shape=(20, 30)))
        self.denoise("[12]", out="[out]")
        self.assertTrue((self.folder / "[out]/[12].mrc").is_file())

    def test_shell_characters_in_a_list(self):
        names = ["$(touch hacked).mrc", "-rf.mrc", "../up.mrc", "s/../t.mrc"]
        for name in names:
            write_mrc(self.folder / "project" / name, noise(shape=(20, 30)))
        (self.folder / "project/list.star").write_text(list_of(f"'{name}'" for name in names))
        self.denoise("--in_mics", "list.star", cwd=self.folder / "project")
        out = self.folder / "project/out"
        self.assertEqual({str(path.relative_to(out)) for path in out.rglob("*.mrc")},
                         {"$(touch hacked).mrc", "-rf.mrc", "up/up.mrc", "t.mrc"})
        self.assertFalse(list(self.folder.rglob("hacked")))


class Environment(DenoiseTest):
    def setUp(self):
        super().setUp()
        write_mrc(self.folder / "a.mrc", noise(shape=(40, 50)))
        self.command = [limpid_program.PROGRAM, "denoise", "--device", "cpu", "--model", self.model(), "--o", "out", "a.mrc"]

    def run_shell(self, redirection):
        return subprocess.run(["/bin/sh", "-c", '"$@" ' + redirection, "sh", *self.command], cwd=self.folder,
                              capture_output=True, text=True, timeout=60)

    def test_closed_streams_do_not_end_up_in_files(self):
        for redirection in (">&-", "2>&-", "<&- >&- 2>&-"):
            result = self.run_shell(redirection)
            self.assertEqual((result.returncode, result.stderr), (0, ""), redirection)
            self.assertTrue(is_valid(self.output("a.mrc")))
            self.assertEqual(self.output(".limpid/lock").read_text().count("Denoising"), 0)
            self.assertEqual(json.loads(self.output("report.json").read_text())["failed"], 0)
            shutil.rmtree(self.folder / "out")

    def test_a_stdout_that_takes_nothing_is_an_error_of_storage_after_the_work(self):
        result = self.run_shell("> /dev/full")
        self.assertEqual(result.returncode, 4)
        self.assertEqual(result.stderr.count("\n"), 1)
        self.assertTrue(is_valid(self.output("a.mrc")))
        self.command[1:] = ["models", "list"]
        result = self.run_shell("> /dev/full")
        self.assertEqual(result.returncode, 4)
        self.assertEqual(result.stderr.count("\n"), 1)

    def test_no_home_and_no_cache(self):
        environment = {key: value for key, value in os.environ.items() if key not in ("HOME", "XDG_CACHE_HOME")}
        for extra in ({}, {"HOME": "/nonexistent", "XDG_CACHE_HOME": "/proc/none", "TMPDIR": "/nonexistent"}):
            result = subprocess.run([*self.command, "--redo"], cwd=self.folder, capture_output=True, text=True,
                                    env={**environment, **extra}, timeout=60)
            self.assertEqual((result.returncode, result.stderr), (0, ""))


if __name__ == "__main__":
    limpid_program.main()
