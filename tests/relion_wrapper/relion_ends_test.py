"""How jobs of limpid-relion end badly in a real RELION: relion_ends_test.py PROGRAM LIMPID [unittest options]."""
import os
import shutil
import signal
import time
from pathlib import Path

import relion_case
from relion_case import SOURCES, Relion
from relion_project import MARKS


class Failures(Relion):
    def test_fields_that_cannot_be_followed(self):
        for name in ("particles.star", "movies.star", "empty.star"):
            (self.folder / name).touch()  # RELION does not start a job before its inputs exist
        for parameters, options, texts in (
                ([("sed", "1")], {}, ["'--sed'", "'--seed'"]),
                ([("j", "many")], {}, ["--j"]),
                ([("mode", "denose")], {}, ["denose", "denoise, train or remap"]),
                ([("model", "")], {}, ["'--model'", "no value"]),
                ([("model", "none.safetensors")], {}, ["none.safetensors"]),
                ([("model", "a&b")], {}, ["--j", "shell"]),
                ([], {"in_part": "particles.star"}, ["Input particles"]),
                ([], {"in_mov": "movies.star", "in_mic": ""}, ["Input movies"]),
                ([], {"in_mic": ""}, ["Input micrographs"]),
                ([], {"in_coords": "empty.star", "in_mic": ""}, ["Input micrographs"]),
                ([], {"in_mic": "empty.star"}, ["empty.star"]),
                ([], {"in_mic": "small.safetensors"}, ["small.safetensors"])):
            with self.subTest(parameters=parameters, options=options):
                before = self.outside("External/")
                self.check_failed(self.do(*parameters, **options), *texts)
                self.assertEqual(self.outside("External/"), before)

    def test_micrographs_that_cannot_be_read(self):
        (self.folder / "Cut").mkdir()
        whole = (self.folder / self.names[0]).read_bytes()
        (self.folder / "Cut/a.mrc").write_bytes(whole[:-1000])
        given = (self.folder / self.micrographs).read_text()
        for number, name in enumerate(("Cut/a.mrc", "Cut/none.mrc")):
            (self.folder / f"bad{number}.star").write_text(given.replace(self.names[0], name))
            job = self.denoise(in_mic=f"bad{number}.star")
            self.check_failed(job, "1 of 4", name)
            self.assertEqual(len(self.denoised_names(job)), 3)
            self.assertIn(name, (self.folder / job / "failed.star").read_text())
            tolerant = self.denoise(("max_failed", "0.3"), in_mic=f"bad{number}.star")
            self.assertEqual(self.project.marks(tolerant), [MARKS[0]])
            self.assertEqual(self.project.status(tolerant), "Succeeded")


class Interruptions(Relion):
    def start(self, environment=None, **options):
        """A training that would go on for an hour: its folder, the pipeliner's process, and the
        numbers of the worker and of the watcher."""
        job = self.project.add("External", **self.fields(
            ("mode", "train"), ("minutes", "60"), ("patch_size", "64"), ("pairs", "simulated"),
            **options))
        self.project.environment.update(environment or {})
        pipeliner = self.project.start(job)
        for name in environment or {}:
            del self.project.environment[name]
        self.addCleanup(pipeliner.kill)
        lock = self.folder / job / ".limpid/lock"
        events = self.folder / job / "progress.jsonl"
        for _ in range(600):
            if events.exists() and '"step"' in events.read_text():
                break
            time.sleep(0.05)
        else:
            self.fail("no training began:\n" + self.project.err(job))
        worker = int(lock.read_text().split()[1])
        self.addCleanup(self.end, worker)
        return job, pipeliner, worker, self.parent(worker)

    @staticmethod
    def parent(process):
        return int(Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[1])

    @staticmethod
    def end(process):
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def check_ended(self, job, pipeliner, mark, status, seconds=5):
        waited = self.project.wait_for_mark(job, 20)
        pipeliner.communicate(timeout=60)
        self.assertEqual(self.project.marks(job), [mark])
        self.assertLess(waited, seconds)
        self.assertEqual(self.project.status(job), status)
        self.assertEqual(list((self.folder / job).rglob("*.tmp")), [])

    def test_the_worker_is_killed(self):
        for number in (signal.SIGKILL, signal.SIGSEGV):
            job, pipeliner, worker, _ = self.start()
            os.kill(worker, number)
            self.check_ended(job, pipeliner, MARKS[1], "Failed")
            self.assertIn(f"signal {int(number)} ", self.project.err(job).splitlines()[-1])

    def test_the_watcher_is_killed(self):
        job, pipeliner, _, watcher = self.start()
        os.kill(watcher, signal.SIGKILL)
        self.check_ended(job, pipeliner, MARKS[1], "Failed")

    def test_abort_in_the_interface(self):
        job, pipeliner, worker, _ = self.start()
        (self.folder / job / "RELION_JOB_ABORT_NOW").touch()
        self.check_ended(job, pipeliner, MARKS[2], "Aborted")
        self.assertFalse(Path(f"/proc/{worker}").exists())

    def test_abort_of_a_worker_that_does_not_listen(self):
        job, pipeliner, worker, _ = self.start()
        os.kill(worker, signal.SIGSTOP)
        (self.folder / job / "RELION_JOB_ABORT_NOW").touch()
        self.check_ended(job, pipeliner, MARKS[2], "Aborted")

    def test_termination_outside_a_queue(self):
        job, pipeliner, _, watcher = self.start()
        os.kill(watcher, signal.SIGTERM)
        self.check_ended(job, pipeliner, MARKS[2], "Aborted")

    def test_termination_of_a_slurm_job(self):
        job, pipeliner, _, watcher = self.start({"SLURM_JOB_ID": "1"})
        os.kill(watcher, signal.SIGTERM)
        self.check_left_open(job, pipeliner, watcher)

    def test_termination_of_the_queue_script(self):
        template = SOURCES / "relion_wrapper/queue/slurm.sh"
        job, pipeliner, worker, watcher = self.start({"SLURM_JOB_ID": "1"}, do_queue="Yes",
                                                     qsub="bash", qsubscript=template)
        script = watcher
        while "run_submit.script" not in Path(f"/proc/{script}/cmdline").read_text() or \
                "run_submit.script" in Path(f"/proc/{self.parent(script)}/cmdline").read_text():
            script = self.parent(script)
        os.kill(script, signal.SIGTERM)
        self.check_left_open(job, pipeliner, watcher)

    def check_left_open(self, job, pipeliner, watcher):
        """A scheduler will start it again, so for RELION it has not ended."""
        for _ in range(200):
            if not Path(f"/proc/{watcher}").exists():
                break
            time.sleep(0.05)
        self.assertFalse(Path(f"/proc/{watcher}").exists())
        self.assertEqual(self.project.marks(job), [])
        self.assertTrue((self.folder / job / "checkpoint.safetensors").exists())
        pipeliner.kill()
        pipeliner.communicate()
        # RELION leaves its lock behind when it is killed.
        shutil.rmtree(self.folder / ".relion_lock", ignore_errors=True)


if __name__ == "__main__":
    relion_case.main()
