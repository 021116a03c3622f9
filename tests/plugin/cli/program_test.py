"""Starts the program as a user does: program_test.py PROGRAM."""
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from model_file import small_model

PROGRAM = None
ALL_COMMANDS = ["denoise", "train", "models", "doctor", "bench", "run"]


class Program(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory(prefix="limpid test $(x) ")
        self.folder = Path(self._folder.name)
        self.models = self.folder / "models"
        self.models.mkdir()
        (self.models / "small.safetensors").write_bytes(small_model())

    def tearDown(self):
        self._folder.cleanup()

    def run_program(self, *arguments, models=None):
        environment = dict(os.environ, LIMPID_MODELS=str(models or self.models))
        return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True,
                              cwd=self.folder, env=environment, stdin=subprocess.DEVNULL,
                              timeout=120)

    def check_refused(self, arguments, status, *expected):
        """One line on stderr that holds every text of `expected`, nothing on stdout."""
        result = self.run_program(*arguments)
        with self.subTest(arguments=arguments, stderr=result.stderr):
            self.assertEqual(result.returncode, status)
            self.assertEqual(result.stdout, "")
            self.assertEqual(result.stderr.count("\n"), 1)
            self.assertTrue(result.stderr.startswith("limpid: "))
            for text in expected:
                self.assertIn(text, result.stderr)

    def check_done(self, *arguments):
        result = self.run_program(*arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stderr, "")
        return result.stdout


class Help(Program):
    def test_every_command_explains_itself(self):
        overview = self.check_done("--help")
        for command in ALL_COMMANDS:
            self.assertIn(command, overview)
            self.assertIn("--help", self.check_done(command, "--help"))

    def test_version(self):
        self.assertRegex(self.check_done("--version"), r"^\d+\.\d+\.\d+\n$")


class CommandLine(Program):
    def test_misspelled_names_come_with_a_suggestion(self):
        self.check_refused(["denoice"], 2, "there is no command 'denoice'; is 'denoise' meant?")
        self.check_refused(["denoice", "--o", "x", "a.mrc"], 2, "is 'denoise' meant?")
        self.check_refused(["models", "lisst"], 2, "no command 'lisst'; is 'list' meant?")
        self.check_refused(["denoise", "--modle", "x"], 2,
                           "no option '--modle'; is '--model' meant?")
        self.check_refused(["denoise", "--modle=x"], 2, "is '--model' meant?")
        self.check_refused(["denoise", "-o", "x"], 2, "no option '-o'; is '--o' meant?")
        self.check_refused(["models", "--versoin"], 2, "no option '--versoin'")

    def test_names_without_resemblance_get_no_suggestion(self):
        for arguments in (["frobnicate"], ["denoise", "--frobnicate"]):
            self.check_refused(arguments, 2, "frobnicate'")
            self.assertNotIn("meant", self.run_program(*arguments).stderr)

    def test_missing_and_superfluous_words(self):
        self.check_refused([], 2, "a command is needed, one of denoise")
        self.check_refused(["models"], 2, "a command is needed, one of list, info, import-topaz, export")
        self.check_refused(["models", "info"], 2, "model")
        self.check_refused(["models", "info", "a", "b"], 2, "'b'")
        self.check_refused(["run"], 2, "job")

    def test_values_that_no_option_takes(self):
        for arguments in (["--seed", "-5"], ["--seed", "x"], ["--j", "-1"], ["--j", "1.5"],
                          ["--gpu", "x"], ["--gpu", "0:0"], ["--device", "gpu"],
                          ["--precision", "half"], ["--memory", "4Q"], ["--max_failed", "2"],
                          ["--max_failed", "nan"], ["--model"]):
            self.check_refused(["denoise", "--o", "out", "a.mrc", *arguments], 2)

    def test_control_characters_are_not_echoed(self):
        result = self.run_program("den\x1b[2J\noice")
        self.assertEqual(result.stderr.count("\n"), 1)
        self.assertNotIn("\x1b", result.stderr)


class Models(Program):
    def test_list_and_info(self):
        self.assertIn("small", self.check_done("models", "list"))
        info = self.check_done("models", "info", "small")
        for text in ("25633", "16-32", "0.5 to 2.5 A", "for a test"):
            self.assertIn(text, info)

    def test_names_that_are_commands_too(self):
        (self.models / "train.safetensors").write_bytes(small_model("train"))
        self.assertIn("train", self.check_done("models", "info", "train"))

    def test_names_with_spaces_and_shell_characters(self):
        names = ["two words", "$(touch hacked)", "`touch hacked`; touch hacked", "a'b\"c", "*?[x]",
                 "-dash", "--model", "\\", "ä"]
        for name in names:
            self.check_done("models", "export", "small", f"./{name}.safetensors")
            self.assertEqual((self.folder / f"{name}.safetensors").read_bytes(), small_model())
            self.check_done("models", "info", f"./{name}.safetensors")
        self.assertFalse((self.folder / "hacked").exists())
        self.assertEqual(len(list(self.folder.iterdir())), len(names) + 1)  # no temporary files

    def test_unknown_and_damaged_models(self):
        self.check_refused(["models", "info", "smal"], 3, "'smal'", "'small'")
        self.check_refused(["models", "info", "./none"], 3, "./none")
        self.check_refused(["models", "info", "."], 3)
        (self.models / "cut.safetensors").write_bytes(small_model()[:-1])
        self.check_refused(["models", "export", "cut", "x.safetensors"], 3, "cut.safetensors")
        self.assertFalse((self.folder / "x.safetensors").exists())
        self.assertIn("cannot be used", self.check_done("models", "list"))

    def test_destinations_that_cannot_be_written(self):
        self.check_refused(["models", "export", "small", "none/x"], 4, "none/x")
        self.check_refused(["models", "export", "small", "models"], 4, "models")


class Doctor(Program):
    def test_the_processor_works(self):
        report = self.check_done("doctor", "--device", "cpu")
        self.assertRegex(report, r"(?m)^ok +CPU ")
        self.assertRegex(report, r"(?m)^ok +model +'small'")

    def test_a_gpu_that_cannot_exist(self):
        result = self.run_program("doctor", "--gpu", "9999")
        self.assertEqual(result.returncode, 5)
        self.assertIn("NO  GPU", result.stdout)


class Bench(Program):
    def test_one_measurement_as_table_and_json(self):
        table = self.check_done("bench", "--device", "cpu", "--network", "default", "--mode",
                                "infer", "--patch", 64, "--batch", 1, "--seconds", 0, "--json",
                                "speed $(x).json", "--layers")
        self.assertRegex(table.splitlines()[1], r"^limits: matrix product .* TFLOP/s, copy .* GB/s$")
        self.assertRegex(table, r"(?m)^default +infer +64 +1 ")
        self.assertRegex(table, r"(?m)^dec0.conv1 +64>64 3x3 at 32x32 +forward ")
        (device,) = json.loads((self.folder / "speed $(x).json").read_text())
        (result,) = device["results"]
        self.assertEqual(result["patch_size_px"], 64)
        self.assertGreater(result["patches_per_s"], 0)
        self.assertGreater(device["limits"]["flop_per_s"], 0)
        self.assertEqual(device["layers"][0]["passes"][0]["layer"], "unshuffle")

    def test_a_network_that_is_described(self):
        network = {"unshuffle": 2, "channels": [16, 32], "kernel_size": 3, "upsampling": "nearest", "activation": "relu"}
        table = self.check_done("bench", "--device", "cpu", "--network", json.dumps(network), "--mode", "infer", "--patch", 64,
                                "--seconds", 0)
        self.assertRegex(table, r"(?m)^16-32 +infer +64 +1 ")
        self.check_refused(["bench", "--device", "cpu", "--network", "{}x"], 2, "network {}x")
        self.check_refused(["bench", "--device", "cpu", "--network", "clasic"], 2, "clasic")

    def test_a_disk_that_is_not_there(self):
        self.check_refused(["bench", "--device", "cpu", "--disk", "none"], 2, "--disk")

    def test_sizes_that_no_network_takes(self):
        self.check_refused(["bench", "--device", "cpu", "--patch", 100], 2, "multiple of")


class Run(Program):
    def test_jobs_that_cannot_be_followed(self):
        self.check_refused(["run", "none.json"], 2, "none.json")
        self.check_refused(["run", "."], 2, "folder")
        job = self.folder / "job $(x).json"
        job.write_text("{")
        self.check_refused(["run", job.name], 2, job.name, "no valid JSON")
        job.write_text('{"schema_version": 1, "job": "denoise", "modle": "x"}')
        self.check_refused(["run", job.name], 2, job.name, "unknown key 'modle'")


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
