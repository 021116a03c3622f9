"""limpid denoise --watch: watch_test.py PROGRAM."""
import json
import signal
import time

import numpy

import limpid_program
from limpid_program import ProgramTest
from micrograph_files import list_of, names_in, noise, read, write_mrc

CLOSE = "stop_watching"


class WatchTest(ProgramTest):
    results = "out"  # where those of the micrographs in "in" go

    def setUp(self):
        super().setUp()
        self.process = None
        (self.folder / "in").mkdir()

    def tearDown(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
        super().tearDown()

    def watch(self, *arguments):
        self.process = self.start("denoise", "--device", "cpu", "--model", self.model(), "--o", "out", "--watch",
                                  "--watch_interval", 0.1, *arguments)

    def add(self, name, seed=0):
        return write_mrc(self.folder / f"in/{name}.mrc", noise(seed, shape=(40, 50)))

    def wait_until(self, is_true):
        deadline = time.monotonic() + 90
        while not is_true():
            self.assertIsNone(self.process.poll(), "ended early")
            self.assertLess(time.monotonic(), deadline, "waited in vain")
            time.sleep(0.02)

    def listed(self):
        star = self.folder / "out/micrographs_denoised.star"
        return names_in(star) if star.exists() else []

    def wait_for(self, *names):
        self.wait_until(lambda: self.listed() == [f"{self.results}/{name}.mrc" for name in names])

    def events(self):
        return [json.loads(line) for line in (self.folder / "out/progress.jsonl").read_text().splitlines()]

    def end(self, status=0):
        stdout, stderr = self.process.communicate(timeout=90)
        self.assertEqual(self.process.returncode, status, stderr)
        return stdout.decode(), stderr.decode()

    def close(self, status=0):
        (self.folder / "out" / CLOSE).touch()
        return self.end(status)


class Folder(WatchTest):
    def test_micrographs_are_denoised_as_they_come(self):
        self.watch("in")
        self.wait_until(lambda: (self.folder / "out/limpid.log").exists()
                        and "Waiting for micrographs" in (self.folder / "out/limpid.log").read_text())
        self.add("b")
        self.wait_for("b")
        self.add("a", 1)
        self.wait_for("a", "b")
        stdout, stderr = self.close()
        self.assertEqual(stderr, "")
        self.assertIn("2 micrographs denoised", stdout)
        self.assertFalse((self.folder / "out" / CLOSE).exists())
        report = json.loads((self.folder / "out/report.json").read_text())
        self.assertEqual((report["done"], report["failed"]), (2, 0))
        self.assertEqual([event["count"] for event in self.events() if event["event"] == "count"], [1, 2])
        # As without a watch.
        said = self.check_done("denoise", "--device", "cpu", "--model", self.model(), "--o", "out", "in")
        self.assertIn("2 were finished before", said)
        self.check_done("denoise", "--device", "cpu", "--model", self.model(), "--o", "plain", "in")
        for name in ("micrographs_denoised.star", "trust.star"):
            self.assertEqual((self.folder / "out" / name).read_text().split(),
                             (self.folder / "plain" / name).read_text().replace("plain/", "out/").split())

    def test_a_half_written_micrograph_waits(self):
        content = self.add("whole").read_bytes()
        slow = self.folder / "in/slow.mrc"
        slow.write_bytes(content[:700])
        self.watch("in")
        self.wait_for("whole")
        slow.write_bytes(content[:-100])
        self.add("later", 2)
        self.wait_for("later", "whole")
        with open(slow, "ab") as file:
            file.write(content[-100:])
        self.wait_for("later", "slow", "whole")
        self.assertEqual(self.close()[1], "")
        numpy.testing.assert_array_equal(read(self.folder / "out/slow.mrc")[0], read(self.folder / "out/whole.mrc")[0])

    def test_what_is_incomplete_in_the_end_fails(self):
        for name in "abcdefghij":
            self.add(name)
        content = self.add("k").read_bytes()
        (self.folder / "in/k.mrc").write_bytes(content[:-100])
        self.watch("in/*.mrc")
        self.wait_for(*"abcdefghij")
        _, stderr = self.close()
        self.assertIn("k.mrc", stderr)
        self.assertIn("in/k.mrc", (self.folder / "out/failed.star").read_text())

    def test_a_stopped_watch_is_complete_and_goes_on(self):
        self.add("a")
        self.watch("in")
        self.wait_for("a")
        self.process.send_signal(signal.SIGTERM)
        _, stderr = self.end(143)
        self.assertIn("stopped as asked; 1 micrographs are done", stderr)
        for name in ("report.json", "logfile.pdf", "trust.star"):
            self.assertTrue((self.folder / "out" / name).exists(), name)
        self.add("b")
        self.watch("in")
        self.wait_for("a", "b")
        self.assertIn("1 micrographs denoised", self.close()[0])

    def test_it_ends_by_itself(self):
        self.add("a")
        self.watch("in", "--watch_idle_minutes", 0.02)
        self.assertIn("Nothing new", self.end()[0])
        self.assertEqual(self.listed(), ["out/a.mrc"])
        self.watch("in", "--watch_minutes", 0.01)
        self.assertIn("minutes of the watch are over", self.end()[0])

    def test_an_end_without_any_micrograph_says_so(self):
        self.watch("in", "--watch_idle_minutes", 0.005)
        self.assertIn("there are no micrographs in 'in'", self.end(2)[1])

    def test_options_of_the_watch_need_it(self):
        self.add("a")
        self.check_refused(2, "denoise", "--o", "out", "--watch_minutes", 1, "in", saying="--watch")
        said = self.check_done("denoise", "--device", "cpu", "--model", self.model(), "--dry_run", "--watch", "none")
        self.assertIn("the micrographs that come would be denoised", said)


class List(WatchTest):
    results = "out/in"

    def write_list(self, *names):
        (self.folder / "list.star").write_text(list_of(f"in/{name}.mrc" for name in names))

    def test_a_growing_list(self):
        self.watch("--in_mics", "list.star")
        self.wait_until(lambda: (self.folder / "out/limpid.log").exists()
                        and "Waiting for 'list.star'" in (self.folder / "out/limpid.log").read_text())
        self.add("a")
        self.write_list("a")
        self.wait_for("a")
        # Half-written, empty and gone lists are waited for; micrographs may come after their row.
        (self.folder / "list.star").write_text("data_micrographs\n\nloop_\n_rlnMicro")
        time.sleep(0.5)
        (self.folder / "list.star").write_text("")
        time.sleep(0.5)
        (self.folder / "list.star").unlink()
        self.write_list("a", "b", "c")
        self.add("c", 3)
        self.wait_for("a", "c")
        self.add("b", 2)
        self.wait_for("a", "b", "c")
        stdout, stderr = self.close()
        self.assertEqual(stderr, "")
        self.assertIn("3 micrographs denoised", stdout)

    def test_a_broken_micrograph_does_not_end_the_watch(self):
        self.add("a")
        (self.folder / "in/b.mrc").write_text("no micrograph\n" * 200)
        self.write_list("a", "b")
        self.watch("--in_mics", "list.star", "--max_failed", 0.5)
        self.wait_for("a")
        self.wait_until(lambda: any(event.get("state") == "failed" for event in self.events()))
        self.add("c", 3)
        self.write_list("a", "b", "c")
        self.wait_for("a", "c")
        self.close()
        self.assertIn("in/b.mrc", (self.folder / "out/failed.star").read_text())


if __name__ == "__main__":
    limpid_program.main()
