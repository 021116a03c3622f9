"""limpid train on small simulated projects: train_test.py PROGRAM."""
import csv
import json
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import numpy

import limpid_program
from limpid_program import ProgramTest, hashes
from micrograph_files import list_of, noise, with_random_weights, write_mrc
from model_file import small_model

PROJECT = None


def setUpModule():
    """One project and start for all tests: nothing is written to them."""
    global PROJECT
    PROJECT = tempfile.TemporaryDirectory(prefix="limpid project ")
    subprocess.run([limpid_program.PROGRAM, "simulate", "--count", "4", "--size", "256", "--no_movie", "--o",
                    PROJECT.name], check=True, stdout=subprocess.DEVNULL)
    (Path(PROJECT.name) / "start.safetensors").write_bytes(with_random_weights(small_model()))


def tearDownModule():
    PROJECT.cleanup()


class TrainTest(ProgramTest):
    def command(self, *arguments, out="out"):
        return ["train", "--device", "cpu", "--patch_size", 64, "--batch_size", 2, "--from",
                Path(PROJECT.name) / "start.safetensors", "--o", out,
                *arguments]

    def train(self, *arguments, out="out"):
        return self.check_done(*self.command(*arguments, out=out))

    @property
    def list(self):
        return Path(PROJECT.name) / "micrographs.star"

    def file(self, name, out="out"):
        return self.folder / out / name

    def rows(self, out="out"):
        """training.csv, checked for its form."""
        with open(self.file("training.csv", out), newline="") as file:
            rows = list(csv.DictReader(file))
        steps = [int(row["step"]) for row in rows]
        self.assertEqual(steps, sorted(set(steps)))
        for row in rows:
            self.assertEqual(list(row), ["step", "epoch", "training_loss", "validation_loss", "learning_rate",
                                         "seconds", "psnr_db", "ssim", "half_error"])
            for name, value in row.items():
                if (name in ("psnr_db", "ssim", "half_error") or row["step"] == "0") and value == "":
                    continue
                if name != "half_error":  # unbiased: noise may bring it below 0
                    self.assertGreaterEqual(float(value), 0)
        return rows


class Pairs(TrainTest):
    def test_every_kind(self):
        for kind, words in (("auto", "even and odd halves of 4"), ("halves", "even and odd halves of 4"),
                            ("truth", "4 micrographs with their truth"), ("simulated", "noise added"),
                            ("single", "4 micrographs alone")):
            said = self.train("--in_mics", self.list, "--pairs", kind, "--epochs", 0.1, out=kind)
            self.assertIn(words, said)
            info = self.check_done("models", "info", f"./{kind}/model.safetensors")
            self.assertIn(words, info)
            self.assertIn("pixel size        1 A\n", info)
            scores = self.rows(kind)[-1]
            self.assertEqual(scores["half_error"] != "", kind in ("auto", "halves", "single"))
            self.assertEqual(scores["psnr_db"] != "", kind in ("truth", "simulated"))
            self.assertEqual(scores["ssim"] != "", kind in ("truth", "simulated"))
        self.assertEqual(self.file("model.safetensors", "auto").read_bytes(),
                         self.file("model.safetensors", "halves").read_bytes())
        self.check_refused(2, *self.command("--in_mics", self.list, "--pairs", "any"), saying="any")

    def test_auto_says_what_it_found(self):
        self.assertIn("--pairs halves", self.train("--in_mics", self.list, "--epochs", 0.1, out="halves"))
        for index in range(3):
            write_mrc(self.folder / f"m{index}.mrc", noise(index, shape=(128, 140)))
        self.assertIn("--pairs single", self.train("m0.mrc", "m1.mrc", "m2.mrc", "--epochs", 0.1, out="single"))

    def test_from_the_shipped_model_and_from_random_weights(self):
        self.check_done("train", "--device", "cpu", "--in_mics", self.list, "--from", "default", "--o", "tuned",
                        "--epochs", 0.01, "--patch_size", 64, "--batch_size", 1)
        self.check_done("train", "--device", "cpu", "--in_mics", self.list, "--o", "fresh", "--epochs", 0.01,
                        "--patch_size", 64, "--batch_size", 1)
        tuned = self.check_done("models", "info", "./tuned/model.safetensors")
        self.assertIn("from default", tuned)
        self.assertIn("from random weights", self.check_done("models", "info", "./fresh/model.safetensors"))
        losses = [json.loads(self.file("report.json", out).read_text())["items"][0]["numbers"]
                  for out in ("tuned", "fresh")]
        self.assertLess(losses[0]["first_validation_loss"], losses[1]["first_validation_loss"])
        self.check_done("denoise", "--device", "cpu", "--in_mics", self.list, "--o", "denoised", "--model",
                        "./tuned/model.safetensors")

    def test_a_start_that_stays_the_best_is_kept_with_its_pixel_sizes(self):
        said = self.check_done("train", "--device", "cpu", "--in_mics", self.list, "--from", "default", "--o", "out",
                               "--epochs", 0.01, "--patch_size", 64, "--batch_size", 1, "--learning_rate", 1e-30)
        self.assertIn("No step was better than the model it began with, which is kept", said)
        line = [line for line in self.check_done("models", "info", "default").splitlines() if "pixel size" in line]
        self.assertEqual(len(line), 1)
        self.assertIn(line[0], self.check_done("models", "info", "./out/model.safetensors"))

    def test_unreadable_members_are_left_out_and_named(self):
        for index in range(4):
            write_mrc(self.folder / f"m{index}.mrc", noise(index, shape=(128, 140)))
        (self.folder / "text.mrc").write_text("text")
        (self.folder / "cut.mrc").write_bytes((self.folder / "m0.mrc").read_bytes()[:-1])
        write_mrc(self.folder / "small.mrc", noise(shape=(20, 30)))
        names = ["m0.mrc", "text.mrc", "m1.mrc", "cut.mrc", "missing.mrc", "m2.mrc", "small.mrc", "m3.mrc"]
        (self.folder / "list.star").write_text(list_of(names))
        result = self.run_program(*self.command("--in_mics", "list.star", "--epochs", 0.1))
        self.assertEqual(result.returncode, 0, result.stderr)
        lines = result.stderr.splitlines()
        self.assertEqual(len(lines), 4, result.stderr)
        for name in ("text.mrc", "cut.mrc", "missing.mrc", "small.mrc"):
            self.assertEqual(sum(f"'{name}'" in line and "left out of training" in line for line in lines), 1)
        self.assertIn("Training on 4 micrographs", result.stdout)

    def test_too_few_and_too_small(self):
        write_mrc(self.folder / "a.mrc", noise(shape=(128, 128)))
        self.check_refused(2, *self.command("a.mrc"), saying="at least two")
        for name in "bc":
            write_mrc(self.folder / f"{name}.mrc", noise(shape=(60, 128)))
        self.check_refused(2, *self.command("b.mrc", "c.mrc"), saying="too small")
        self.check_refused(2, *self.command("a.mrc", "--pairs", "halves"), saying="half")
        self.check_refused(2, *self.command("a.mrc", "--pairs", "truth"), saying="truth")

    def test_errors_before_any_work(self):
        self.check_refused(2, *self.command("--in_mics", "none.star"), saying="none.star")
        self.check_refused(3, "train", "--in_mics", self.list, "--o", "out", "--from", "./none.safetensors")
        self.check_refused(2, "train", "--in_mics", self.list, "--o", "out", "--network", "none", saying="none")
        self.check_refused(2, *self.command("--in_mics", self.list, "--validation_fraction", 0), saying="validat")
        before = hashes(self.folder)
        self.assertIn("Would train", self.train("--in_mics", self.list, "--dry_run"))
        self.assertEqual(hashes(self.folder), before)

    def test_the_start_is_not_replaced(self):
        self.train("--in_mics", self.list, "--epochs", 0.01)
        self.check_refused(2, "train", "--device", "cpu", "--in_mics", self.list, "--from", "./out/model.safetensors",
                           "--o", "out", saying="replace")


class SharedNoise(TrainTest):
    """Halves are looked at before they are trained on; what is wrong is named on stderr, in log and report."""
    SIDE = 512

    def halves(self, fault):
        """A folder with the halves of three micrographs, after fault(random, even, odd) has changed them."""
        folder = self.folder / "halves"
        for index in range(3):
            y, x = numpy.mgrid[:self.SIDE, :self.SIDE]
            clean = 10 + numpy.sin(x / (9 + index)) * numpy.cos(y / 7)
            random = numpy.random.default_rng(50 + index)
            even, odd = (clean + random.normal(size=clean.shape).astype("f4") for _ in range(2))
            even, odd = fault(numpy.random.default_rng(99), even, odd)
            for suffix, image in (("", even + odd), ("_EVN", even), ("_ODD", odd)):
                write_mrc(folder / f"m{index}{suffix}.mrc", image.astype("f4"))
        return folder

    def check(self, fault, *words):
        result = self.run_program(*self.command(self.halves(fault), "--epochs", 0.01, "--redo"))
        self.assertEqual(result.returncode, 0, result.stderr)
        report = json.loads(self.file("report.json").read_text())
        numbers = report["items"][0]["numbers"]
        self.assertEqual(numbers["halves_independent"], 0 if words else 1)
        self.assertEqual(len(report["warnings"]), 1 if words else 0)
        log = self.file("limpid.log").read_text()
        self.assertIn(f"{numbers['halves_correlation']:.4f} +- {numbers['halves_correlation_error']:.4f}", log)
        if not words:
            self.assertEqual(result.stderr, "")
            self.assertIn("look independent", result.stdout)
        for word in words:
            for text in (result.stderr, log, report["warnings"][0]):
                self.assertIn(word, text)

    def test_independent(self):
        self.check(lambda random, even, odd: (even, odd))

    def test_gain(self):
        def fault(random, even, odd):
            pattern = 0.3 * random.normal(size=even.shape)
            return even + pattern, odd + pattern
        self.check(fault, "gain reference")

    def test_hot_pixels(self):
        def fault(random, even, odd):
            hot = random.random(even.shape) < 0.001
            return numpy.where(hot, 40, even), numpy.where(hot, 40, odd)
        self.check(fault, "hot or dead pixels")

    def test_the_same_file(self):
        self.check(lambda random, even, odd: (even, even), "the same image")

    def test_the_sum_as_a_half(self):
        self.check(lambda random, even, odd: (even + odd, odd), "the sum of both")

    def test_interpolated_frames(self):
        self.check(lambda random, even, odd: (even + 0.2 * odd, odd + 0.2 * even), "interpolation between frames")


class Interrupted(TrainTest):
    """However a training was stopped, the model is that of a run without a break, bit for bit."""
    ARGUMENTS = ("--epochs", 4, "--seed", 3)

    @classmethod
    def setUpClass(cls):
        cls.whole = None

    def arguments(self):
        return ["--in_mics", self.list, *self.ARGUMENTS]

    def check_completed(self):
        said = self.train(*self.arguments())
        if self.whole is None:
            self.train(*self.arguments(), out="whole")
            type(self).whole = (self.file("model.safetensors", "whole").read_bytes(),
                                [row["step"] for row in self.rows("whole")])
        self.assertEqual(self.file("model.safetensors").read_bytes(), self.whole[0])
        self.assertEqual([row["step"] for row in self.rows()], self.whole[1])
        self.assertEqual([path for path in (self.folder / "out").iterdir() if path.name.endswith(".tmp")], [])
        return said

    def has_rows(self, count):
        path = self.file("training.csv")
        return lambda: path.exists() and path.read_bytes().count(b"\n") > count

    def check_killed(self):
        kills = 0
        for rows in (0, 3, 5):
            kills += self.kill(self.has_rows(rows), *self.command(*self.arguments())) == -signal.SIGKILL
        self.assertGreater(kills, 0)
        self.check_completed()


class Continuation(Interrupted):
    def check_stopped(self, which, status):
        code, stderr, seconds = self.interrupt(which, self.has_rows(2), *self.command(*self.arguments()))
        self.assertEqual(code, status)
        self.assertLess(seconds, 5)
        self.assertEqual(stderr.count("\n"), 1)
        self.assertIn("the same command", stderr)
        self.assertFalse(self.file("model.safetensors").exists())
        self.rows()
        self.check_completed()

    def test_asked_to_terminate(self):
        self.check_stopped(signal.SIGTERM, 143)

    def test_interrupted_from_the_keyboard(self):
        self.check_stopped(signal.SIGINT, 130)

    def test_killed_again_and_again(self):
        self.check_killed()

    def test_another_number_of_threads_and_loss_of_the_model(self):
        self.train(*self.arguments(), "--j", 1)
        first = self.file("model.safetensors").read_bytes()
        self.file("model.safetensors").unlink()
        self.train(*self.arguments())
        self.assertEqual(self.file("model.safetensors").read_bytes(), first)


class StreamedContinuation(Continuation):
    """With memory for one of the three micrographs to train on: the others come and go."""
    ARGUMENTS = ("--epochs", 4, "--seed", 3, "--loader", "stream", "--memory", "2M")
    test_interrupted_from_the_keyboard = None  # takes the way of test_asked_to_terminate

    def test_memory_of_another_machine(self):
        self.kill(self.has_rows(3), *self.command(*self.arguments()))
        # A larger budget would hold more at a time; the training keeps what it began with.
        larger = [value if value != "2M" else "1G" for value in self.arguments()]
        self.assertIn("Loader stream: 1 of 3", self.train(*larger))
        self.check_completed()
        self.file("checkpoint.safetensors").unlink()
        self.assertIn("Loader stream: 2 of 3", self.train(*larger))


class Loader(TrainTest):
    def test_modes(self):
        for arguments, words in ((("--memory", "2M"), "Loader stream: 1 of 3 micrographs in memory, all would take"),
                                 ((), "Loader resident: 3 of 3 micrographs in memory, all fit"),
                                 (("--loader", "stream"), "Loader stream: 2 of 3")):
            for dry in ((), ("--dry_run",)):
                self.assertIn(words, self.train("--in_mics", self.list, "--epochs", 0.05, "--redo", *arguments, *dry))

    def test_too_little_memory(self):
        command = self.command("--in_mics", self.list)
        self.check_refused(2, *command, "--loader", "resident", "--memory", "2M", saying="--loader resident: the 3")
        self.check_refused(2, *command, "--memory", "1M", saying="expected at least 1.8 MB")
        self.check_refused(2, *command, "--loader", "disk", saying="resident")
        self.assertFalse(self.file("model.safetensors").exists())

    def start_and_truncate(self, *arguments):
        """Two of six micrographs lose a byte while the training runs; at least one of them is not held out."""
        for index in range(6):
            write_mrc(self.folder / f"m{index}.mrc", noise(index, shape=(256, 256)))
        process = self.start(*self.command("m*.mrc", "--epochs", 10000, "--memory", "2500k", *arguments))
        self.addCleanup(process.kill)
        progress = self.file("progress.jsonl")
        self.wait_for(process, lambda: progress.exists() and "training steps" in progress.read_text())
        for index in range(2):
            path = self.folder / f"m{index}.mrc"
            path.write_bytes(path.read_bytes()[:-1])
        return process

    @staticmethod
    def said_at_the_end(process):
        with process.stderr, process.stdout:
            process.wait(timeout=60)
            return process.stderr.read().decode()

    def wait_for(self, process, is_time):
        deadline = time.monotonic() + 60
        while process.poll() is None and not is_time():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)

    def test_files_that_change_under_way(self):
        process = self.start_and_truncate("--max_failed", 0.9)
        self.wait_for(process, lambda: "left out of training" in self.file("limpid.log").read_text())
        process.send_signal(signal.SIGTERM)
        stderr = self.said_at_the_end(process)
        self.assertEqual(process.returncode, 143, stderr)
        self.assertRegex(stderr, r"m[01]\.mrc' had \d+ bytes at the start of training and has \d+ now")

    def test_too_many_files_that_change(self):
        process = self.start_and_truncate("--max_failed", 0)
        stderr = self.said_at_the_end(process)
        self.assertEqual(process.returncode, 1, stderr)
        self.assertIn("(--max_failed)", stderr)
        self.assertFalse(self.file("model.safetensors").exists())


class LoaderBenchmark(TrainTest):
    def test_files_that_do_not_fit(self):
        for index in range(12):
            write_mrc(self.folder / f"m{index}.mrc", noise(index, shape=(128, 128)))
        command = ["bench", "--loader", "m*.mrc", "--patch", 32, "--batch", 1, "--budgets", 20, "--json", "speed.json"]
        said = self.check_done(*command, "--memory", "400k")
        self.assertIn("Loader stream: 1 of 6", said)
        result = json.loads((self.folder / "speed.json").read_text())
        self.assertEqual(len(result["samples"]), 5)  # at 1, 2, 5, 10 and 20 memories
        self.assertGreaterEqual(result["samples"][-1]["read_bytes"], 20 * 400 * 1024)
        self.assertGreater(result["read_bytes_per_s"], 0)
        self.check_refused(2, *command, "--memory", "100k", saying="expected at least")
        self.check_refused(2, "bench", "--loader", "m0.mrc", saying="1 files, expected at least 4")

    def test_training_from_memory_and_streamed(self):
        for index in range(12):
            write_mrc(self.folder / f"m{index:02}.mrc", noise(index, shape=(128, 128)))
        command = ["bench", "--loader", "m*.mrc", "--network", "default", "--patch", 32, "--batch", 1, "--seconds", 0,
                   "--memory", "400k", "--device", "cpu", "--j", 1, "--json", "speed.json"]
        said = self.check_done(*command, "--mode", "train")
        self.assertRegex(said, r"Streamed training has [\d.]+ % of the speed of training from memory")
        self.assertIn("the dataset is 1.9 times --memory", said)
        result = json.loads((self.folder / "speed.json").read_text())
        for name, count in (("resident", 6), ("stream", 1)):
            self.assertEqual(result[name]["micrographs_in_memory"], count)
            self.assertGreaterEqual(result[name]["steps"], 8)
            self.assertTrue(0 <= result[name]["idle_fraction"] < 1)
        self.check_refused(2, *command, "--mode", "infer", saying="--mode infer")
class MovieContinuation(Interrupted):
    """The halves of movies are made anew by each run; they and the model come out the same."""

    @classmethod
    def setUpClass(cls):
        cls.project = tempfile.TemporaryDirectory(prefix="limpid movies ")
        folder = Path(cls.project.name)
        random = numpy.random.default_rng(3)
        for index in range(3):
            frames = random.poisson(4, size=(5, 160, 176)).astype("i1")
            frames[:, 40, 50] = 100  # a hot pixel: replaced by draws
            write_mrc(folder / f"movie{index}.mrcs", frames)
        gain = (1 + 0.1 * random.random((160, 176))).astype("f4")
        gain[20] = 0
        write_mrc(folder / "gain.mrc", gain)
        rows = "".join(f"movie{index}.mrcs gain.mrc\n" for index in range(3))
        (folder / "movies.star").write_text(
            "data_movies\nloop_\n_rlnMicrographMovieName\n_rlnMicrographGainName\n" + rows)
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        cls.project.cleanup()

    def train(self, *arguments, out="out"):
        result = self.run_program(*self.command(*arguments, out=out))
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("no shifts are recorded", result.stderr)
        return result.stdout

    def arguments(self):
        return ["--in_movies", Path(self.project.name) / "movies.star", "--epochs", 6, "--seed", 3]

    def test_killed(self):
        self.check_killed()


class SplitContinuation(Interrupted):
    """Lone micrographs: the noise that splits them is the same again."""

    def arguments(self):
        return ["--in_mics", self.list, "--pairs", "single", *self.ARGUMENTS]

    def test_killed(self):
        self.check_killed()


class PhysicsContinuation(Interrupted):
    """Micrographs that are made while the training runs: with memory for some of them, and made again as they were."""
    ARGUMENTS = ("--pairs", "physics", "--micrograph_size", 64, "--crops_per_micrograph", 2, "--epochs", 0.03,
                 "--memory", "320M", "--seed", 3)

    def arguments(self):
        return list(self.ARGUMENTS)

    def test_killed(self):
        self.check_killed()

    def test_the_result(self):
        self.assertIn("Loader stream: up to", self.check_completed())
        self.assertIn("0.5 to 2.5 A", self.check_done("models", "info", "./out/model.safetensors"))
        self.assertNotEqual(self.rows()[-1]["psnr_db"], "")
        self.check_refused(2, *self.command("--pairs", "physics", "--seed", 3), saying="other settings")

    def test_what_does_not_belong_to_it(self):
        self.check_refused(2, *self.command(*self.arguments(), "--in_mics", self.list), saying="its own micrographs")
        self.check_refused(2, *self.command(*self.arguments(), "--loader", "resident"), saying="--loader resident")
        self.check_refused(2, *self.command("--pairs", "physics", "--micrograph_size", 20), saying="micrograph_size")
        self.assertFalse(self.file("model.safetensors").exists())


class Patience(TrainTest):
    def test_a_training_that_no_longer_improves_ends(self):
        said = self.train("--in_mics", self.list, "--epochs", 40, "--learning_rate", 1e-12, "--patience", 2)
        self.assertIn("no improvement since", said)
        self.assertLess(len(self.rows()), 8)
        again = self.train("--in_mics", self.list, "--epochs", 40, "--learning_rate", 1e-12, "--patience", 2)
        self.assertIn("no improvement since", again)
        self.assertEqual(json.loads(self.file("report.json").read_text())["skipped"], 1)


class Repetition(TrainTest):
    def setUp(self):
        super().setUp()
        self.arguments = ["--in_mics", self.list, "--epochs", 0.2]
        self.train(*self.arguments)
        self.before = {name: hashes(self.folder / "out")[name] for name in
                       ("model.safetensors", "checkpoint.safetensors", "training.csv")}

    def now(self):
        return {name: hashes(self.folder / "out")[name] for name in self.before}

    def test_a_finished_training_is_not_done_again(self):
        self.train(*self.arguments)
        self.assertEqual(self.now(), self.before)
        report = json.loads(self.file("report.json").read_text())
        self.assertEqual((report["done"], report["skipped"]), (0, 1))

    def test_redo_begins_anew_and_ends_alike(self):
        self.train(*self.arguments, "--redo")
        self.assertNotEqual(self.now()["checkpoint.safetensors"][1], self.before["checkpoint.safetensors"][1])
        self.assertEqual(self.now()["model.safetensors"][0], self.before["model.safetensors"][0])

    def test_other_settings_are_refused(self):
        for option, value in (("--seed", 1), ("--learning_rate", 0.01), ("--epochs", 0.3), ("--pairs", "truth"),
                              ("--batch_size", 1)):
            command = self.command(*self.arguments)
            if option in command:
                command[command.index(option) + 1] = value
            else:
                command += [option, value]
            self.check_refused(2, *command, saying="--redo")
            self.assertEqual(self.now(), self.before)

    def test_another_name_alone_needs_no_training(self):
        self.train(*self.arguments, "--name", "mine")
        self.assertIn("mine", self.check_done("models", "info", "./out/model.safetensors"))
        self.assertEqual(self.now()["checkpoint.safetensors"], self.before["checkpoint.safetensors"])

    def test_a_damaged_checkpoint_is_named(self):
        path = self.file("checkpoint.safetensors")
        path.write_bytes(path.read_bytes()[:-1])
        self.check_refused(3, *self.command(*self.arguments), saying="checkpoint.safetensors")
        self.train(*self.arguments, "--redo")


if __name__ == "__main__":
    limpid_program.main()
