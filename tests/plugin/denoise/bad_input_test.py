"""limpid denoise on bad input: bad_input_test.py PROGRAM."""
import json
import os
import resource
import signal
import struct
import subprocess

import numpy

import limpid_program
from limpid_program import ProgramTest, hashes
from micrograph_files import is_valid, list_of, names_in, noise, write_mrc, write_tiff


class BadInputTest(ProgramTest):
    def options(self, out="out"):
        return ["denoise", "--device", "cpu", "--model", self.model(), "--o", out]

    def denoise(self, *arguments, out="out", **options):
        return self.run_program(*self.options(out), *arguments, **options)


class BadMicrographs(BadInputTest):
    """Each is one line on stderr and a row of failed.star; the others are done."""

    def setUp(self):
        super().setUp()
        for name in ("good1", "good2"):
            write_mrc(self.folder / f"{name}.mrc", noise())

    def header_with(self, name, offset, value):
        path = write_mrc(self.folder / name, noise())
        content = bytearray(path.read_bytes())
        content[offset:offset + 4] = struct.pack("<i", value)
        path.write_bytes(bytes(content))

    def check_left_out(self, cases):
        """cases: file name -> what its reason says."""
        self.folder.joinpath("list.star").write_text(list_of(["good1.mrc", *(f'"{name}"' for name in cases),
                                                              "good2.mrc"]))
        result = self.denoise("--in_mics", "list.star", "--max_failed", 1)
        self.assertEqual(result.returncode, 0, result.stderr)
        lines = result.stderr.splitlines()
        self.assertEqual(len(lines), len(cases), result.stderr)
        for line, (name, reason) in zip(lines, cases.items()):
            self.assertTrue(line.startswith("limpid: "), line)
            self.assertIn(name, line)
            self.assertIn(reason, line)
        self.assertEqual(names_in(self.folder / "out/micrographs_denoised.star"), ["out/good1.mrc", "out/good2.mrc"])
        for name in ("good1", "good2"):
            self.assertTrue(is_valid(self.folder / f"out/{name}.mrc"))
        failed = (self.folder / "out/failed.star").read_text()
        for name, reason in cases.items():
            self.assertEqual(failed.count(name + '"' if " " in name else name + " "), 1, failed)
            self.assertIn(reason, failed)
        self.assertEqual(sorted(path.name for path in (self.folder / "out").rglob("*.mrc")),
                         ["good1.mrc", "good2.mrc"])
        report = json.loads((self.folder / "out/report.json").read_text())
        self.assertEqual((report["done"], report["failed"]), (2, len(cases)))

    def test_files_that_are_no_micrographs(self):
        (self.folder / "folder.mrc").mkdir()
        (self.folder / "empty.mrc").touch()
        (self.folder / "text.mrc").write_text("This is a text.\n" * 200)
        (self.folder / "short.mrc").write_bytes(b"\0\1" * 100)
        (self.folder / "picture.mrc").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(5000))
        (self.folder / "two words.mrc").symlink_to("nowhere")
        (self.folder / "loop.mrc").symlink_to("loop.mrc")
        os.mkfifo(self.folder / "pipe.mrc")
        self.check_left_out({"folder.mrc": "folder", "empty.mrc": "empty", "text.mrc": "text file",
                             "short.mrc": "neither MRC nor TIFF", "picture.mrc": "PNG", "two words.mrc": "No such file",
                             "loop.mrc": "symbolic links", "pipe.mrc": "pipe", "missing.mrc": "No such file",
                             "/dev/null": "device", "$(touch hacked)": "No such file", "x" * 300: "too long"})
        self.assertFalse((self.folder / "hacked").exists())

    def test_files_that_are_too_short(self):
        content = write_mrc(self.folder / "cut.mrc", noise()).read_bytes()
        (self.folder / "cut.mrc").write_bytes(content[:-1])
        (self.folder / "half.mrc").write_bytes(content[:len(content) // 2])
        (self.folder / "header.mrc").write_bytes(content[:1024])
        write_tiff(self.folder / "good.tif", noise())
        (self.folder / "cut.tif").write_bytes((self.folder / "good.tif").read_bytes()[:-30])
        self.check_left_out({"cut.mrc": "bytes", "half.mrc": "bytes", "header.mrc": "bytes", "cut.tif": ""})

    def test_bytes_behind_the_image_are_ignored_and_told(self):
        path = write_mrc(self.folder / "long.mrc", noise())
        path.write_bytes(path.read_bytes() + bytes(1000))
        self.check_refused(0, *self.options(), "long.mrc", "good1.mrc", saying="1000 bytes after the last pixel")
        self.assertEqual((self.folder / "out/long.mrc").stat().st_size, (self.folder / "out/good1.mrc").stat().st_size)

    def test_pixels_that_cannot_be_used(self):
        image = noise()
        image[:5] = numpy.nan  # more than a hundredth
        write_mrc(self.folder / "many.mrc", image)
        write_mrc(self.folder / "all.mrc", image * numpy.nan)
        write_mrc(self.folder / "constant.mrc", numpy.full_like(image, 3))
        write_mrc(self.folder / "one.mrc", noise(shape=(1, 1)))
        self.check_left_out({"many.mrc": "not finite", "all.mrc": "finite", "constant.mrc": "contrast",
                             "one.mrc": "contrast"})

    def test_headers_that_claim_too_much_allocate_nothing(self):
        largest = 2**31 - 1
        self.header_with("mode.mrc", 12, 7)
        self.header_with("complex.mrc", 12, 4)
        self.header_with("wide.mrc", 0, largest)
        self.header_with("deep.mrc", 8, largest)
        self.header_with("zero.mrc", 0, 0)
        self.header_with("negative.mrc", 4, -5)
        self.header_with("extended.mrc", 92, largest)
        self.header_with("extended2.mrc", 92, -1)
        with open(self.folder / "wide.mrc", "r+b") as file:
            file.write(struct.pack("<ii", largest, largest))
        write_mrc(self.folder / "volume.mrc", numpy.stack([noise(shape=(20, 30))] * 3))
        cases = {"mode.mrc": "mode", "complex.mrc": "mode", "wide.mrc": "", "deep.mrc": "", "zero.mrc": "",
                 "negative.mrc": "", "extended.mrc": "", "extended2.mrc": "", "volume.mrc": "3 sections"}
        # An address space of 2 GiB would not hold what these headers claim.
        old = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (2 << 30, old[1]))
        try:
            self.check_left_out(cases)
        finally:
            resource.setrlimit(resource.RLIMIT_AS, old)

    def test_files_without_permission(self):
        if os.geteuid() == 0:
            self.skipTest("root may read everything")
        write_mrc(self.folder / "locked.mrc", noise()).chmod(0)
        self.check_left_out({"locked.mrc": "Permission denied"})

    def test_paths_that_lead_astray(self):
        write_mrc(self.folder / "in/job001/link/a.mrc", noise())
        out = self.folder / "out"
        out.mkdir()
        (self.folder / "elsewhere").mkdir()
        (out / "link").symlink_to(self.folder / "elsewhere")
        write_mrc(self.folder / "in/job001/good1.mrc/b.mrc", noise())
        deep = "d/" * 2100
        self.check_left_out({"in/job001/link/a.mrc": "leads out", "../../../etc/passwd": "", deep + "a.mrc": "too long",
                             "in/job001/good1.mrc/b.mrc": "in the way"})
        self.assertEqual(list((self.folder / "elsewhere").iterdir()), [])

    def test_too_many_failures(self):
        arguments = ["good1.mrc", "good2.mrc", "missing.mrc"]
        result = self.denoise(*arguments)
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stderr.count("\n"), 2)
        self.assertIn("1 of 3 failed", result.stderr)
        self.assertEqual(self.denoise(*arguments, "--max_failed", 0.33).returncode, 1)
        self.assertEqual(self.denoise(*arguments, "--max_failed", 0.34).returncode, 0)
        self.assertEqual(self.denoise("missing.mrc", "--max_failed", 1).returncode, 1)

    def test_a_failure_that_is_repaired_is_no_longer_listed(self):
        self.denoise("good1.mrc", "later.mrc")
        self.assertTrue((self.folder / "out/failed.star").exists())
        write_mrc(self.folder / "later.mrc", noise())
        self.check_done(*self.options(), "good1.mrc", "later.mrc")
        self.assertFalse((self.folder / "out/failed.star").exists())
        self.assertEqual(len(names_in(self.folder / "out/micrographs_denoised.star")), 2)

    def test_a_run_without_results_leaves_no_older_list(self):
        self.denoise("good1.mrc")
        (self.folder / "good1.mrc").write_bytes(b"damaged")
        self.assertEqual(self.denoise("good1.mrc").returncode, 1)
        self.assertFalse((self.folder / "out/micrographs_denoised.star").exists())
        self.assertFalse((self.folder / "out/trust.star").exists())


class ExitStatus(BadInputTest):
    def setUp(self):
        super().setUp()
        write_mrc(self.folder / "a.mrc", noise())

    def test_usage(self):
        (self.folder / "broken.star").write_text("data_micrographs\nloop_\n_rlnMicrographName\na.mrc b.mrc\n")
        (self.folder / "movies.star").write_text("data_movies\nloop_\n_rlnMicrographMovieName #1\na.tif\n")
        (self.folder / "none.star").write_text(list_of([]))
        for name in ("broken.star", "movies.star", "none.star", "missing.star", "a.mrc", "."):
            self.check_refused(2, *self.options(), "--in_mics", name, saying=name)
        self.check_refused(2, *self.options(), "no*.mrc", saying="no*.mrc")
        self.check_refused(2, *self.options(), saying="--in_mics")
        self.check_refused(2, *self.options(), "--in_mics", "none.star", "a.mrc", saying="expected one")
        self.check_refused(2, "denoise", "a.mrc", saying="--o")
        self.check_refused(2, *self.options(), "a.mrc", "--max_failed", 2)

    def test_model(self):
        (self.folder / "cut.safetensors").write_bytes(self.model().read_bytes()[:-4])
        (self.folder / "text.safetensors").write_text("text")
        for name in ("nothing", "./none.safetensors", "./cut.safetensors", "./text.safetensors", "./"):
            self.check_refused(3, "denoise", "--device", "cpu", "--o", "out", "a.mrc", "--model", name, saying=name[2:])

    def test_device(self):
        # No such GPU anywhere.
        self.check_refused(5, "denoise", "--model", self.model(), "--o", "out", "a.mrc", "--gpu", 9999)
        environment = {"CUDA_VISIBLE_DEVICES": "-1"}
        self.check_refused(5, "denoise", "--o", "out", "a.mrc", "--device", "cuda", env=environment)

    def test_storage(self):
        self.check_refused(4, *self.options("a.mrc"), "a.mrc", saying="a.mrc")
        self.check_refused(4, *self.options("/proc/none"), "a.mrc", saying="/proc/none")

    def test_a_full_disk(self):
        disk = self.folder / "disk"
        disk.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", disk], capture_output=True).returncode:
            self.skipTest("a small disk cannot be made here")
        try:
            for index in range(4):
                write_mrc(self.folder / f"in/{index}.mrc", noise(index))  # 120 kB each
            self.check_refused(4, *self.options("disk/out"), "in", saying="No space left")
            results = list((disk / "out").glob("*.mrc"))
            self.assertTrue(results)
            for path in (disk / "out").rglob("*"):
                self.assertFalse(path.name.endswith(".tmp"), path)
            for path in results:
                self.assertTrue(is_valid(path))
            finished = hashes(disk / "out")
            subprocess.run(["mount", "-o", "remount,size=8m", disk], check=True)
            self.assertIn("were finished before", self.check_done(*self.options("disk/out"), "in"))
            for path in results:
                name = str(path.relative_to(disk / "out"))
                self.assertEqual(hashes(disk / "out")[name], finished[name])
        finally:
            subprocess.run(["umount", disk], check=True)

    def test_a_folder_in_use(self):
        for index in range(30):
            write_mrc(self.folder / f"in/{index}.mrc", noise(index, shape=(400, 400)))
        first = self.start(*self.options(), "in")
        lock = self.folder / "out/.limpid/lock"
        while first.poll() is None and not (lock.exists() and lock.stat().st_size):
            pass
        first.send_signal(signal.SIGSTOP)  # it holds the folder until it may go on
        try:
            self.check_refused(75, *self.options(), "a.mrc", saying=f"process {first.pid}")
        finally:
            first.send_signal(signal.SIGCONT)
            first.communicate()
        self.assertEqual(first.returncode, 0)


class InputsAreNeverChanged(BadInputTest):
    def setUp(self):
        super().setUp()
        for name in ("a", "b"):
            write_mrc(self.folder / f"in/{name}.mrc", noise())
        write_tiff(self.folder / "in/b.tif", noise())

    def check_kept(self, status, *arguments):
        def inputs():
            return {name: value for name, value in hashes(self.folder / "in").items()
                    if name.endswith((".mrc", ".tif", ".star"))}

        before = inputs()
        self.check_refused(status, *arguments)
        self.assertEqual(inputs(), before)

    def test_the_output_folder_is_the_input_folder(self):
        self.check_kept(2, *self.options("in"), "in")
        self.check_kept(2, *self.options("in"), "in/a.mrc")

    def test_a_result_would_replace_another_input(self):
        self.check_kept(2, *self.options("in"), "in/b.tif", "in/b.mrc")

    def test_the_same_folder_under_another_name(self):
        (self.folder / "link").symlink_to("in")
        self.check_kept(2, *self.options("link"), "in/a.mrc")
        self.check_kept(2, *self.options("in"), "link/a.mrc")

    def test_a_list_of_paths_below_the_current_folder(self):
        (self.folder / "in/list.star").write_text(list_of(["in/a.mrc", "in/b.mrc"]))
        self.check_kept(2, *self.options("."), "--in_mics", "in/list.star")

    def test_the_list_itself(self):
        (self.folder / "in/micrographs_denoised.star").write_text(list_of(["a.mrc"]))
        self.check_kept(2, *self.options("in"), "--in_mics", "in/micrographs_denoised.star")
        (self.folder / "in/failed.star").write_text(list_of(["../x.mrc"]))
        self.check_kept(2, *self.options("in"), "--in_mics", "in/failed.star")


if __name__ == "__main__":
    limpid_program.main()
