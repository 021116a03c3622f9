"""limpid prepare, and train and preview on what it leaves: prepare_test.py PROGRAM."""
import json
import os
import random
import resource
import signal
import subprocess
import time

import numpy

import limpid_program
from limpid_program import ProgramTest, hashes
from micrograph_files import list_of, names_in, noise, read, with_random_weights, write_mrc
from model_file import small_model

BIN_NAMES = ["test_input.bin", "test_target.bin", "train_input.bin", "train_target.bin"]


def limit_file_size(size_bytes):
    """For a child: what `ulimit -f` does."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, size_bytes))


class PrepareTest(ProgramTest):
    COUNT = 5
    SHAPE = (110, 150)  # 3 rows and 5 columns of patches

    def setUp(self):
        super().setUp()
        for index in range(self.COUNT):
            write_mrc(self.folder / f"in/m{index}.mrc", noise(index, self.SHAPE))
        (self.folder / "list.star").write_text(list_of(f"in/m{index}.mrc" for index in range(self.COUNT)))

    def command(self, *arguments, out="out"):
        return ["prepare", "--in_mics", "list.star", "--patch_size", 48, "--stride", 24, "--o", out, *arguments]

    def prepare(self, *arguments, out="out"):
        return self.check_done(*self.command(*arguments, out=out))

    def description(self, out="out"):
        return json.loads((self.folder / out / "patches.json").read_text())

    def patches(self, name, out="out"):
        """As a reader would map them."""
        description = self.description(out)
        part, role = name.split("_")
        shape = tuple(description["sets"][part]["shape"])
        return numpy.memmap(self.folder / out / f"{name}.bin", description["dtype"], "r", shape=shape)

    def results(self, out="out"):
        names = [*BIN_NAMES, "patches.json"]
        return {name: (self.folder / out / name).read_bytes() for name in names if (self.folder / out / name).exists()}

    def parts(self, out="out"):
        return sorted(path.name for path in (self.folder / out).rglob("*") if path.name.endswith((".part", ".tmp")))


class Files(PrepareTest):
    def test_pairs(self):
        stdout = self.prepare("--test_micrographs", 1)
        self.assertIn("60 patches of 48 x 48 px to train, 15 to test, from 4 and 1 micrographs", stdout)
        self.assertEqual(sorted(self.results()), sorted([*BIN_NAMES, "patches.json"]))
        self.assertEqual(self.parts(), [])
        clean, noisy = self.patches("train_target"), self.patches("train_input")
        seen = set()
        for micrograph in self.description()["sets"]["train"]["micrographs"]:
            seen.add(micrograph["name"])
            image = read(self.folder / micrograph["name"])[0]
            self.assertEqual((micrograph["rows"], micrograph["columns"]), (3, 5))
            for number in range(15):
                row, column = divmod(number, 5)
                stored = clean[micrograph["first_patch"] + number]
                grey = stored * micrograph["grey_range"] + micrograph["grey_offset"]
                expected = image[24 * row:24 * row + 48, 24 * column:24 * column + 48]
                numpy.testing.assert_allclose(grey, expected, atol=1e-4)
        self.assertEqual(len(seen), 4)
        added = numpy.asarray(noisy, "f8") - clean
        # Variance of the model: value / electrons + sigma^2; the estimate is good to 1 %.
        self.assertAlmostEqual(added.var() / (clean.mean() / 100 + 0.05 ** 2), 1, delta=0.03)
        self.assertLess(abs(added.mean()), 0.002)
        # Noise of overlapping patches is drawn apart.
        overlap = numpy.corrcoef(added[0][:, 24:].ravel(), added[1][:, :24].ravel())[0, 1]
        self.assertLess(abs(overlap), 0.15)

    def test_threads_change_nothing_and_seeds_do(self):
        self.prepare("--j", 1)
        self.prepare("--j", 4, out="four")
        self.assertEqual(self.results(), self.results("four"))
        self.prepare("--seed", 5, out="seed")
        self.assertNotEqual(self.results()["train_input.bin"], self.results("seed")["train_input.bin"])

    def test_half_precision(self):
        self.prepare()
        self.prepare("--float16", out="half")
        self.assertEqual(self.patches("train_input", "half").dtype, numpy.float16)
        numpy.testing.assert_allclose(self.patches("train_input", "half"), self.patches("train_input"), rtol=1e-3)

    def test_clean_only(self):
        self.prepare("--content", "clean")
        self.assertEqual(sorted(self.results()), ["patches.json", "test_target.bin", "train_target.bin"])
        self.check_refused(2, *self.command("--content", "clean", "--pairs", "halves", out="b"), saying="--content clean")

    def test_halves(self):
        for index in range(self.COUNT):
            write_mrc(self.folder / f"in/m{index}_EVN.mrc", noise(20 + index, self.SHAPE))
            write_mrc(self.folder / f"in/m{index}_ODD.mrc", noise(40 + index, self.SHAPE))
        self.prepare("--pairs", "halves")
        self.assertTrue(self.description()["exchangeable"])
        micrograph = self.description()["sets"]["test"]["micrographs"][0]
        root = micrograph["name"][:-4]
        for name, suffix in (("test_input", "_EVN"), ("test_target", "_ODD")):
            patch = read(self.folder / f"{root}{suffix}.mrc")[0][:48, :48]
            self.assertGreater(numpy.corrcoef(self.patches(name)[0].ravel(), patch.ravel())[0, 1], 0.999)

    def test_dry_run_tells_and_writes_nothing(self):
        stdout = self.check_done(*self.command("--test_micrographs", 0.4, "--dry_run"))
        self.assertIn("3 micrographs to train, 2 to test: 45 and 30 patches of 48 x 48 px every 24 px", stdout)
        self.assertRegex(stdout, r"0\.001 GB in all in 'out', where \d+\.\d+ GB are free")
        self.assertFalse((self.folder / "out").exists())

    def test_finished_is_left_alone(self):
        self.prepare()
        before = {name: value for name, value in hashes(self.folder / "out").items() if name in self.results()}
        self.prepare()
        after = hashes(self.folder / "out")
        self.assertEqual(before, {name: after[name] for name in before})
        self.check_refused(2, *self.command("--noise_sigma", 0.1), saying="made otherwise")
        self.check_refused(2, *self.command("--seed", 1), saying="--redo")
        self.prepare("--redo", "--float16", "--content", "clean")
        self.assertEqual(sorted(self.results()), ["patches.json", "test_target.bin", "train_target.bin"])


class BadInput(PrepareTest):
    def test_named_and_left_out(self):
        content = (self.folder / "in/m1.mrc").read_bytes()
        (self.folder / "in/m1.mrc").write_bytes(content[:-1])  # shorter by a byte
        write_mrc(self.folder / "in/m2.mrc", numpy.zeros((40, 200), "f4"))  # less than a patch
        damaged = noise(3, self.SHAPE)
        damaged[:50] = numpy.nan
        write_mrc(self.folder / "in/m3.mrc", damaged)  # only reading the pixels shows it
        result = self.run_program(*self.command("--test_micrographs", 0))
        self.assertEqual((result.returncode, result.stderr.count("\n")), (1, 4), result.stderr)
        self.assertIn("3 of 5 failed", result.stderr)
        failed = self.folder / "out/failed.star"
        self.assertEqual(names_in(failed), ["in/m1.mrc", "in/m2.mrc", "in/m3.mrc"])
        self.assertIn("less than a patch of 48 x 48", failed.read_text())
        micrographs = self.description()["sets"]["train"]["micrographs"]
        self.assertEqual([m["name"] for m in micrographs], ["in/m0.mrc", "in/m4.mrc"])
        self.assertEqual([m["first_patch"] for m in micrographs], [0, 15])
        self.assertEqual(self.patches("train_input").shape[0], 30)
        result = self.run_program(*self.command("--test_micrographs", 0, "--max_failed", 0.7))
        self.assertEqual((result.returncode, result.stderr.count("\n")), (0, 3), result.stderr)

    def test_nothing_usable(self):
        for path in (self.folder / "in").iterdir():
            path.write_bytes(b"no image")
        self.check_refused(1, *self.command(), saying="none of the 5 micrographs can be used")

    def test_settings(self):
        self.check_refused(2, *self.command("--test_micrographs", 5), saying="none would be left to train on")
        self.check_refused(2, *self.command("--test_micrographs", 1.5), saying="whole number")
        self.check_refused(2, *self.command("--pairs", "movies"), saying="expected simulated, halves or truth")
        self.check_refused(2, *self.command("--patch_size", 0))

    def test_changed_between_runs(self):
        """Those before it are kept, it and those behind it are done again."""
        self.prepare("--test_micrographs", 0)
        time.sleep(0.01)
        write_mrc(self.folder / "in/m3.mrc", noise(77, self.SHAPE))
        stdout = self.prepare("--test_micrographs", 0)
        states = [item["state"] for item in json.loads((self.folder / "out/report.json").read_text())["items"]]
        self.assertEqual(states, ["skipped"] * 3 + ["done"] * 2, stdout)
        self.prepare("--test_micrographs", 0, out="whole")
        self.assertEqual(self.results(), self.results("whole"))


class Interruptions(PrepareTest):
    COUNT = 8
    SHAPE = (300, 300)

    def test_killed_at_random_moments(self):
        self.prepare(out="whole")
        moments = random.Random(7)
        kills = 0
        for attempt in range(6):
            start, wait = time.monotonic(), moments.uniform(0.0, 0.12)
            kills += self.kill(lambda: time.monotonic() - start > wait, *self.command()) == -signal.SIGKILL
            if (self.folder / "out/patches.json").exists():
                self.assertEqual(self.results(), self.results("whole"))
        # And surely in the middle, too.
        journal = self.folder / "out/.limpid/patches.jsonl"
        lines = len(journal.read_text().splitlines()) if journal.exists() else 0
        if not (self.folder / "out/patches.json").exists():
            grown = lambda: journal.exists() and len(journal.read_text().splitlines()) > lines + 1
            self.kill(grown, *self.command())
        self.prepare()
        self.assertEqual(self.results(), self.results("whole"))
        self.assertEqual(self.parts(), [])

    def cut_back(self, journal_lines, torn=b"", extra=b""):
        """As a kill leaves a folder that had come so far."""
        out = self.folder / "out"
        (out / "patches.json").unlink()
        journal = out / ".limpid/patches.jsonl"
        lines = journal.read_bytes().splitlines(keepends=True)
        journal.write_bytes(b"".join(lines[:journal_lines]) + torn)
        for name in BIN_NAMES:
            content = (out / name).read_bytes()
            (out / name).unlink()
            (out / f"{name}.part").write_bytes(content[:len(content)] + extra)

    def test_every_state_that_a_kill_can_leave(self):
        self.prepare()
        whole = self.results()
        for lines in (0, 1, 2, self.COUNT // 2, self.COUNT, self.COUNT + 1):
            for torn, extra in ((b"", b""), (b'{"fingerprint": "12', b"half a patch")):
                with self.subTest(lines=lines, torn=torn):
                    self.cut_back(lines, torn, extra)
                    self.prepare()
                    self.assertEqual(self.results(), whole)
                    self.assertEqual(self.parts(), [])
        # Killed between the names of two files.
        os.rename(self.folder / "out/train_input.bin", self.folder / "out/train_input.bin.part")
        (self.folder / "out/patches.json").unlink()
        self.prepare()
        self.assertEqual(self.results(), whole)
        # A file that has lost what the journal says it has.
        os.truncate(self.folder / "out/train_target.bin", 10000)
        self.prepare()
        self.assertEqual(self.results(), whole)

    def test_stopped(self):
        code, stderr, _ = self.interrupt(signal.SIGINT, (self.folder / "out/train_input.bin.part").exists,
                                         *self.command())
        if code == 130:
            self.assertIn("the same command goes on from there", stderr)
            self.assertFalse((self.folder / "out/patches.json").exists())
        self.prepare()
        self.prepare(out="whole")
        self.assertEqual(self.results(), self.results("whole"))

    def run_limited(self, size_bytes):
        return subprocess.run([limpid_program.PROGRAM, *map(str, self.command())], cwd=self.folder,
                              capture_output=True, text=True, preexec_fn=limit_file_size(size_bytes))

    def test_file_size_limit(self):
        result = self.run_limited(1 << 20)
        self.assertEqual((result.returncode, result.stderr.count("\n")), (4, 1), result.stderr)
        self.assertFalse((self.folder / "out/patches.json").exists())
        self.prepare()
        self.prepare(out="whole")
        self.assertEqual(self.results(), self.results("whole"))

    def test_full_disk(self):
        """On a file system of its own, where one can be mounted."""
        disk = self.folder / "disk"
        disk.mkdir()
        if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", disk],
                                               capture_output=True).returncode != 0:
            self.skipTest("mounting a file system is not allowed")
        try:
            for arguments in ([], ["--dry_run"]):
                result = self.check_refused(4, *self.command(*arguments, out="disk/out"), saying="are free")
                self.assertIn("need another", result.stderr)
            self.assertEqual([name for name in BIN_NAMES if (disk / "out" / name).exists()], [])
            # With room for half of the bytes.
            self.check_done(*self.command("--content", "clean", "--float16", out="disk/small"))
        finally:
            subprocess.run(["umount", disk], check=True)

    def test_second_run_waits_outside(self):
        first = self.start(*self.command())
        try:
            while first.poll() is None and not (self.folder / "out/.limpid/lock").exists():
                time.sleep(0.001)
            second = self.run_program(*self.command())
            self.assertIn(second.returncode, (0, 75))
        finally:
            first.communicate()


class Users(PrepareTest):
    """What reads the files."""
    SHAPE = (150, 200)

    def setUp(self):
        super().setUp()
        (self.folder / "start.safetensors").write_bytes(with_random_weights(small_model()))

    def train(self, *arguments, out="trained"):
        return ["train", "--device", "cpu", "--in_patches", "out", "--from", "start.safetensors", "--patch_size", 32,
                "--batch_size", 2, "--epochs", 0.2, "--o", out, *arguments]

    def model(self, out):
        return (self.folder / out / "model.safetensors").read_bytes()

    def test_training(self):
        self.prepare("--test_micrographs", 2)
        stdout = self.check_done(*self.train())
        self.assertIn("prepared patches of 5 micrographs", stdout)
        # The bytes of the model do not depend on where the patches lie.
        (self.folder / "elsewhere").mkdir()
        for name in self.results():
            (self.folder / "elsewhere" / name).write_bytes(self.results()[name])
        moved = self.train(out="again")
        moved[moved.index("out")] = "elsewhere"
        self.check_done(*moved)
        self.assertEqual(self.model("trained"), self.model("again"))
        self.check_refused(2, *self.train("--in_mics", "list.star", out="b"), saying="expected one of them")
        self.check_refused(2, *self.train("--pairs", "halves", out="b"), saying="leave it out")
        too_large = self.train(out="b")
        too_large[too_large.index("--patch_size") + 1] = 64
        self.check_refused(2, *too_large, saying="have 48 pixels a side, expected at least 64")

    def test_training_without_a_test_set_and_clean(self):
        self.prepare("--test_micrographs", 0, "--content", "clean", "--float16")
        self.assertFalse((self.folder / "out/test_target.bin").exists())
        self.assertIn("noise drawn at every visit", self.check_done(*self.train()))

    def test_damaged_files(self):
        self.prepare()
        target = self.folder / "out/train_target.bin"
        size = target.stat().st_size
        os.truncate(target, size - 1)
        for command in (self.train(), ["preview", "--in_patches", "out", "--o", "pictures"]):
            self.check_refused(2, *command, saying=f"train_target.bin': {size - 1} bytes, expected {size}")
        target.unlink()
        self.check_refused(2, *self.train(), saying="train_target.bin': No such file")
        (self.folder / "out/patches.json").write_text("{}")
        self.check_refused(2, *self.train(), saying="'format' is missing")
        (self.folder / "out/patches.json").unlink()
        self.check_refused(2, *self.train(), saying="there is no patches.json")

    def test_files_that_change_under_way(self):
        self.prepare()
        command = self.train("--loader", "stream", "--memory", "1M")
        command[command.index("--epochs") + 1] = 100000
        with self.start(*command) as process:
            self.addCleanup(process.kill)
            progress = self.folder / "trained/progress.jsonl"
            deadline = time.monotonic() + 60
            while process.poll() is None and not (progress.exists() and "training steps" in progress.read_text()):
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.01)
            target = self.folder / "out/train_target.bin"
            size = target.stat().st_size
            os.truncate(target, size - 100)
            stderr = process.communicate(timeout=100)[1].decode()
        self.assertEqual(process.returncode, 1, stderr)
        change = f"train_target.bin' had {size} bytes at the start of training and has {size - 100} now"
        # Once as a warning, once as the reason for the end; not for each patch.
        self.assertEqual(stderr.count(change), 2, stderr)

    def test_pictures(self):
        self.prepare()
        self.check_done("preview", "--in_patches", "out", "--count", 3, "--o", "pictures")
        pictures = sorted(path.name for path in (self.folder / "pictures").glob("*.png"))
        self.assertEqual([name.split("_")[0] for name in pictures], ["test", "train", "train"])
        numbers = json.loads((self.folder / "pictures/report.json").read_text())["items"][0]["numbers"]
        self.assertGreater(numbers["difference_sigma"], 0)
        self.check_refused(2, "preview", "--in_patches", "out", "--o", "out", saying="choose another")


if __name__ == "__main__":
    limpid_program.main()
