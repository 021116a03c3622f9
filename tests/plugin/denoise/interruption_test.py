"""limpid denoise that is stopped on the way: interruption_test.py PROGRAM."""
import signal

import numpy

import limpid_program
from limpid_program import ProgramTest
from micrograph_files import is_valid, names_in, noise, write_mrc


class Interruptions(ProgramTest):
    COUNT = 10

    def setUp(self):
        super().setUp()
        image = noise(shape=(480, 480))
        for index in range(self.COUNT):
            write_mrc(self.folder / f"in/{index:02}.mrc", numpy.roll(image, 7 * index))
        self.command = ["denoise", "--device", "cpu", "--model", self.model(), "--o", "out", "in"]

    def results(self, out="out"):
        return {path.name: path.read_bytes() for path in (self.folder / out).glob("*.mrc")}

    def has(self, count):
        return lambda: len(self.results()) >= count

    def temporary_files(self):
        return [path for path in (self.folder / "out").rglob("*") if path.name.endswith(".tmp")]

    def check_completed(self):
        """The same command does the rest; the bytes are those of a run without a break."""
        before = {path: path.stat().st_mtime_ns for path in (self.folder / "out").glob("*.mrc")}
        self.check_done(*self.command)
        whole = [*self.command]
        whole[whole.index("out")] = "whole"
        self.check_done(*whole)
        self.assertEqual(self.results(), self.results("whole"))
        self.assertEqual(len(self.results()), self.COUNT)
        self.assertEqual(self.temporary_files(), [])
        self.assertEqual([name.split("/")[1] for name in names_in(self.folder / "out/micrographs_denoised.star")],
                         [name.split("/")[1] for name in names_in(self.folder / "whole/micrographs_denoised.star")])
        return before

    def test_killed_again_and_again(self):
        kills = 0
        for count in (1, 4, 7):
            kills += self.kill(self.has(count), *self.command) == -signal.SIGKILL
            for name in self.results():
                self.assertTrue(is_valid(self.folder / "out" / name))
        self.assertGreater(kills, 0)
        before = self.check_completed()
        # All but the one that was finished at the moment of a kill were not done again.
        kept = [path for path, time in before.items() if path.stat().st_mtime_ns == time]
        self.assertGreaterEqual(len(kept), len(before) - 1)

    def check_stopped(self, which, status):
        code, stderr, seconds = self.interrupt(which, self.has(2), *self.command)
        self.assertEqual(code, status)
        self.assertLess(seconds, 5)
        self.assertEqual(stderr.count("\n"), 1)
        self.assertIn("the same command", stderr)
        self.assertEqual(self.temporary_files(), [])
        self.assertLess(len(self.results()), self.COUNT)
        before = self.check_completed()
        for path, time in before.items():
            self.assertEqual(path.stat().st_mtime_ns, time)

    def test_asked_to_terminate(self):
        self.check_stopped(signal.SIGTERM, 143)

    def test_interrupted_from_the_keyboard(self):
        self.check_stopped(signal.SIGINT, 130)

    def test_a_large_micrograph_is_left_in_the_middle(self):
        image = numpy.tile(noise(shape=(512, 512)), (3, 3))
        for name in "ab":
            write_mrc(self.folder / f"large/{name}.mrc", image)
        # With the shipped model the second takes long enough to be met in its middle.
        command = ["denoise", "--device", "cpu", "--o", "out", "large"]
        code, stderr, seconds = self.interrupt(signal.SIGTERM, self.has(1), *command)
        self.assertEqual(code, 143)
        self.assertLess(seconds, 5)
        self.assertEqual(list(self.results()), ["a.mrc"])


if __name__ == "__main__":
    limpid_program.main()
