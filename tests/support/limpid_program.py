"""The program as a user starts it, in a new folder, for tests in Python: TEST.py PROGRAM [unittest options]."""
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from micrograph_files import with_random_weights
from model_file import small_model

PROGRAM = None


def main():
    global PROGRAM
    sys.modules["limpid_program"].PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(module="__main__", warnings="ignore")  # mrcfile and numpy warn of NaN


def hashes(folder):
    """Path below the folder -> content, type and time of change of everything in it."""
    found = {}
    for path in sorted(Path(folder).rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_file() and not path.is_symlink():
            found[name] = (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        else:
            found[name] = (str(path.is_dir()), None)
    return found


class ProgramTest(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory(prefix="limpid test $(x) ")
        self.folder = Path(self._folder.name)
        self._models = tempfile.TemporaryDirectory(prefix="limpid models ")

    def tearDown(self):
        self._folder.cleanup()
        self._models.cleanup()

    def model(self, name="small"):
        """What to give to --model: a model that is quick, or a shipped one."""
        if name != "small":
            return name
        path = Path(self._models.name) / "small.safetensors"
        if not path.exists():
            path.write_bytes(with_random_weights(small_model()))
        return path

    def start(self, *arguments, **options):
        return subprocess.Popen([PROGRAM, *map(str, arguments)], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.folder,
                                **options)

    def run_program(self, *arguments, cwd=None, env=None):
        return subprocess.run([PROGRAM, *map(os.fspath, map(self._text, arguments))],
                              capture_output=True, cwd=cwd or self.folder, stdin=subprocess.DEVNULL,
                              env={**os.environ, **(env or {})}, timeout=120,
                              encoding="utf-8", errors="surrogateescape")

    @staticmethod
    def _text(argument):
        return argument if isinstance(argument, (str, bytes, Path)) else str(argument)

    def check_done(self, *arguments, **options):
        """Ends well and has nothing to say on stderr; returns stdout."""
        result = self.run_program(*arguments, **options)
        self.assertEqual((result.returncode, result.stderr), (0, ""), arguments)
        return result.stdout

    def check_refused(self, status, *arguments, saying="", **options):
        """Ends with this status and one line on stderr that holds the text."""
        result = self.run_program(*arguments, **options)
        with self.subTest(arguments=arguments, stderr=result.stderr):
            self.assertEqual(result.returncode, status)
            self.assertEqual(result.stderr.count("\n"), 1)
            self.assertTrue(result.stderr.startswith("limpid: "))
            self.assertIn(saying, result.stderr)
        return result

    def interrupt(self, which, is_time, *arguments):
        """Starts the program, sends the signal once is_time() holds. Returns what became of it, and the seconds that
        it took to end."""
        process = self.start(*arguments)
        deadline = time.monotonic() + 60
        while process.poll() is None and not is_time():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.002)
        sent = time.monotonic()
        process.send_signal(which)
        stdout, stderr = process.communicate(timeout=60)
        return process.returncode, stderr.decode(), time.monotonic() - sent

    def kill(self, is_time, *arguments):
        return self.interrupt(signal.SIGKILL, is_time, *arguments)[0]
