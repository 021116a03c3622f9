"""Drives limpid-relion through the real RELION: relion_test.py PROGRAM LIMPID."""
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import mrcfile
import numpy

from model_file import small_model
from relion_project import MARKS, Project, is_installed, loop_rows

PROGRAM = LIMPID = None
SOURCES = Path(__file__).resolve().parents[2]


class Relion(unittest.TestCase):
    """One project with four imported micrographs, two of them of the same name in two folders."""

    @classmethod
    def setUpClass(cls):
        cls._folder = tempfile.TemporaryDirectory(prefix="limpid_host_")
        cls.folder = Path(cls._folder.name)
        subprocess.run([LIMPID, "simulate", "--count", "4", "--size", "512", "--no_movie", "--seed",
                        "1", "--o", "simulated"], cwd=cls.folder, check=True,
                       stdout=subprocess.DEVNULL)
        cls.names = []
        for number, name in enumerate(("s1/a", "s1/b", "s2/a", "s2/c"), 1):
            for ending in ("", "_EVN", "_ODD"):
                target = cls.folder / f"Micrographs/{name}{ending}.mrc"
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(cls.folder / f"simulated/Micrographs/sim_000{number}{ending}.mrc",
                            target)
            cls.names.append(f"Micrographs/{name}.mrc")
        shutil.rmtree(cls.folder / "simulated")
        (cls.folder / "small.safetensors").write_bytes(small_model())
        cls.project = Project(cls.folder)
        imported = cls.project.do("Import", do_raw="Yes", is_multiframe="No", angpix="1.0",
                                  kV="300", fn_in_raw="Micrographs/*/?.mrc")
        cls.micrographs = imported + "micrographs.star"

    @classmethod
    def tearDownClass(cls):
        cls._folder.cleanup()

    def fields(self, *parameters, exe=None, **options):
        """Fields of an External job; parameters are pairs of label and value."""
        fields = {"fn_exe": exe or PROGRAM, "in_mic": self.micrographs, "nr_threads": 2}
        fields.update(options)
        for number, (label, value) in enumerate(parameters, 1):
            fields[f"param{number}_label"] = label
            fields[f"param{number}_value"] = value
        return fields

    def do(self, *parameters, **options):
        return self.project.do("External", **self.fields(*parameters, **options))

    def denoise(self, *parameters, **options):
        """With a model that takes no time."""
        return self.do(("model", "small.safetensors"), *parameters, **options)

    def check_succeeded(self, job):
        self.assertEqual(self.project.err(job), "")
        self.assertEqual(self.project.marks(job), [MARKS[0]])
        self.assertEqual(self.project.status(job), "finished")

    def check_failed(self, job, *texts):
        lines = self.project.err(job).splitlines()
        self.assertTrue(lines, "run.err is empty")
        for text in texts:
            self.assertIn(text, lines[-1])
        self.assertEqual(self.project.marks(job), [MARKS[1]])
        self.assertEqual(self.project.status(job), "failed")
        self.assertFalse((self.folder / job / "RELION_OUTPUT_NODES.star").exists())
        self.assertEqual(list((self.folder / job).rglob("*.tmp")), [])

    def denoised_names(self, job):
        rows = loop_rows(self.folder / job / "micrographs_denoised.star", "micrographs")
        return [row["rlnMicrographName"] for row in rows]

    def times(self, job):
        return {name: (self.folder / name).stat().st_mtime_ns for name in self.denoised_names(job)}

    def outside(self, job):
        """Contents of all files of the project but the job's and the pipeline's own."""
        contents = {}
        for path in self.folder.rglob("*"):
            name = str(path.relative_to(self.folder))
            if path.is_file() and not name.startswith((job, ".", "default_pipeline", "pipeline_")):
                contents[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        return contents


class Denoise(Relion):
    def test_from_import_to_particles(self):
        before = self.outside("External/")
        job = self.do()
        self.check_succeeded(job)
        self.assertEqual({name: text for name, text in self.outside("External/").items()
                          if name in before}, before)
        self.assertNotIn("\x1b", self.project.out(job))
        self.assertIn("4 micrographs denoised", self.project.out(job))
        self.assertIn("4 micrographs denoised", (self.folder / job / "limpid.log").read_text())

        output = job + "micrographs_denoised.star"
        self.assertEqual(self.project.nodes()[output], "1")
        self.assertEqual(self.project.nodes()[job + "logfile.pdf"], "13")
        self.assertTrue((self.folder / job / "logfile.pdf").read_bytes().startswith(b"%PDF"))
        self.assertTrue((self.folder / ".Nodes/1" / output).exists())
        self.assertEqual(self.denoised_names(job), [job + name for name in self.names])
        given = (self.folder / self.micrographs).read_text()
        self.assertEqual((self.folder / output).read_text(),
                         given.replace("Micrographs/s", f"{job}Micrographs/s"))
        for name in self.names:
            with mrcfile.open(self.folder / name) as raw, \
                    mrcfile.open(self.folder / job / name) as denoised:
                self.assertEqual(denoised.header.mode, 2)
                self.assertEqual(denoised.data.shape, raw.data.shape)
                self.assertEqual(denoised.voxel_size.x, raw.voxel_size.x)
                self.assertTrue(numpy.isfinite(denoised.data).all())
                self.assertLess(denoised.data.std(), 0.8 * raw.data.std())

        picks = self.project.do("AutoPick", fn_input_autopick=output, do_log="Yes", nr_mpi=1,
                                log_diam_min=100, log_diam_max=160)
        picked = sum(len(loop_rows(path, "")) for path in
                     (self.folder / picks).rglob("*_autopick.star"))
        self.assertGreater(picked, 8)
        extracted = self.project.do("Extract", star_mics=self.micrographs, nr_mpi=1,
                                    coords_suffix=picks + "coords_suffix_autopick.star",
                                    extract_size=64, bg_diameter=48)
        particles = loop_rows(self.folder / extracted / "particles.star", "particles")
        self.assertEqual(len(particles), picked)
        self.assertEqual({row["rlnMicrographName"] for row in particles}, set(self.names))

    def test_columns_tables_and_unusual_names_are_kept(self):
        listed = ("\n# version 30001\n\ndata_optics\n\nloop_ \n_rlnOpticsGroupName #1 \n"
                  "_rlnOpticsGroup #2 \n_rlnMicrographPixelSize #3 \n_rlnVoltage #4 \n"
                  "_rlnSphericalAberration #5 \n_rlnAmplitudeContrast #6 \n"
                  '"first group" 1 1.0 300.0 2.7 0.1 \nsecond 2 1.0 300.0 2.7 0.1 \n \n\n'
                  "# version 30001\n\ndata_micrographs\n\nloop_ \n_rlnCtfImage #1 \n"
                  "_rlnMicrographName #2 \n_rlnOpticsGroup #3 \n_rlnDefocusU #4 \n"
                  "_someOtherLabel #5 \n"
                  "CtfFind/job009/s1/a.ctf:mrc MotionCorr/job002/s1/a.mrc 2 12345.670000 x#1 \n"
                  "CtfFind/job009/s2/a.ctf:mrc MotionCorr/job002/s2/a.mrc 1 9876.5 y \n \n")
        (self.folder / "MotionCorr/job002").mkdir(parents=True, exist_ok=True)
        for session in ("s1", "s2"):
            shutil.copytree(self.folder / "Micrographs" / session,
                            self.folder / "MotionCorr/job002" / session, dirs_exist_ok=True)
        (self.folder / "ctf.star").write_text(listed)
        job = self.denoise(in_mic="ctf.star")
        self.check_succeeded(job)
        self.assertEqual((self.folder / job / "micrographs_denoised.star").read_text(),
                         listed.replace("MotionCorr/job002/", job))

    def test_half_precision_micrographs(self):
        folder = self.folder / "Half"
        folder.mkdir()
        for name in self.names[:2]:
            with mrcfile.open(self.folder / name) as raw:
                with mrcfile.new(folder / Path(name).name) as half:
                    half.set_data(raw.data.astype(numpy.float16))
                    half.voxel_size = 1.0
        (self.folder / "half.star").write_text(
            (self.folder / self.micrographs).read_text()
            .replace("Micrographs/s1/", "Half/").replace("Micrographs/s2/", "Half/")
            .replace("Half/c.mrc", "Half/b.mrc"))
        job = self.denoise(in_mic="half.star")
        self.check_succeeded(job)
        with mrcfile.open(self.folder / job / "Half/a.mrc") as denoised:
            self.assertEqual(denoised.header.mode, 2)

    def test_fields_as_people_type_them(self):
        (self.folder / "my model (1).safetensors").write_bytes(small_model())
        self.check_succeeded(self.do(("model", "'my model (1).safetensors'"), ("gpu", ""),
                                     ("device", "cpu"), ("--redo", ""), ("float16", "no")))
        (self.folder / "two words.safetensors").write_bytes(small_model())
        self.check_succeeded(self.do(("model", "two words.safetensors"), other_args="--j 1"))

    def test_relion_in_the_path_of_the_program(self):
        link = self.folder / "relion_tools"
        link.mkdir()
        for part in ("bin", "lib", "share"):
            source = Path(PROGRAM).parent.parent / part
            if source.exists():
                (link / part).symlink_to(source)
        job = self.denoise(exe="relion_tools/bin/limpid-relion")
        self.assertIn("--pipeline_control", (self.folder / job / "note.txt").read_text())
        self.check_succeeded(job)

    def test_a_queue_script_that_sends_messages_elsewhere(self):
        (self.folder / "template.sh").write_text(
            "#!/bin/sh\n#XXXoutfileXXX XXXerrfileXXX XXXqueueXXX\nXXXcommandXXX\n")
        for parameter, mark in (("small.safetensors", MARKS[0]), ("none.safetensors", MARKS[1])):
            job = self.do(("model", parameter), do_queue="Yes", qsub="sh", queuename="any",
                          qsubscript="template.sh", min_dedicated=1)
            self.assertEqual(self.project.marks(job), [mark])
        self.assertIn("none.safetensors", self.project.err(job).splitlines()[-1])
        self.assertIn("none.safetensors", (self.folder / job / "limpid.log").read_text())


class Continue(Relion):
    def test_only_what_is_missing_is_done(self):
        given = (self.folder / self.micrographs).read_text()
        short = "\n".join(line for line in given.split("\n") if "s2/c.mrc" not in line)
        (self.folder / "growing.star").write_text(short)
        job = self.denoise(in_mic="growing.star")
        self.check_succeeded(job)
        first = self.times(job)
        self.assertEqual(len(first), 3)

        (self.folder / "growing.star").write_text(given)
        self.project.run(job)
        self.check_succeeded(job)
        second = self.times(job)
        self.assertEqual(len(second), 4)
        self.assertEqual({name: second[name] for name in first}, first)

        (self.folder / list(first)[1]).unlink()
        self.project.run(job)
        third = self.times(job)
        self.assertEqual([name for name in third if third[name] != second[name]], [list(first)[1]])

        (self.folder / "small.safetensors").write_bytes(small_model("another"))
        self.project.run(job)
        self.check_succeeded(job)
        self.assertFalse(set(self.times(job).values()) & set(third.values()))


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
            self.assertEqual(self.project.status(tolerant), "finished")


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
            self.check_ended(job, pipeliner, MARKS[1], "failed")
            self.assertIn(f"signal {int(number)} ", self.project.err(job).splitlines()[-1])

    def test_the_watcher_is_killed(self):
        job, pipeliner, _, watcher = self.start()
        os.kill(watcher, signal.SIGKILL)
        self.check_ended(job, pipeliner, MARKS[1], "failed")

    def test_abort_in_the_interface(self):
        job, pipeliner, worker, _ = self.start()
        (self.folder / job / "RELION_JOB_ABORT_NOW").touch()
        self.check_ended(job, pipeliner, MARKS[2], "aborted")
        self.assertFalse(Path(f"/proc/{worker}").exists())

    def test_abort_of_a_worker_that_does_not_listen(self):
        job, pipeliner, worker, _ = self.start()
        os.kill(worker, signal.SIGSTOP)
        (self.folder / job / "RELION_JOB_ABORT_NOW").touch()
        self.check_ended(job, pipeliner, MARKS[2], "aborted")

    def test_termination_outside_a_queue(self):
        job, pipeliner, _, watcher = self.start()
        os.kill(watcher, signal.SIGTERM)
        self.check_ended(job, pipeliner, MARKS[2], "aborted")

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


class Train(Relion):
    def test_a_model_for_the_next_job(self):
        job = self.do(("mode", "train"), ("epochs", "1"), ("patch_size", "64"),
                      ("batch_size", "4"))
        self.check_succeeded(job)
        self.assertIn("halves", self.project.out(job))
        model = job + "model.safetensors"
        self.assertIn(model, self.project.out(job))
        self.assertEqual(self.project.nodes()[job + "logfile.pdf"], "13")
        self.check_succeeded(self.do(("model", model)))


    def test_movies_that_relion_has_aligned(self):
        (self.folder / "Movies").mkdir()
        for seed in (1, 2):
            subprocess.run([LIMPID, "simulate", "--count", "1", "--size", "512", "--no_halves",
                            "--seed", str(seed), "--o", "filmed"], cwd=self.folder, check=True,
                           stdout=subprocess.DEVNULL)
            shutil.move(self.folder / "filmed/Movies/sim_0001.mrcs",
                        self.folder / f"Movies/{seed}.mrcs")
            shutil.rmtree(self.folder / "filmed")
        imported = self.project.do("Import", do_raw="Yes", is_multiframe="Yes", angpix="1.0",
                                   kV="300", fn_in_raw="Movies/*.mrcs")
        aligned = self.project.do("MotionCorr", input_star_mics=imported + "movies.star",
                                  do_own_motioncor="Yes", do_dose_weighting="Yes",
                                  dose_per_frame="2", patch_x="1", patch_y="1", nr_mpi="1",
                                  nr_threads="2")
        self.assertEqual(self.project.status(aligned), "finished", self.project.err(aligned))
        job = self.do(("mode", "train"), ("epochs", "1"), ("patch_size", "64"), in_mic="",
                      in_mov=aligned + "corrected_micrographs.star")
        self.check_succeeded(job)
        self.assertIn("2 movies", self.project.out(job))
        self.check_succeeded(self.denoise(in_mic=aligned + "corrected_micrographs.star"))


class ReadyMade(Relion):
    def test_job_files_and_the_queue_template(self):
        jobs = SOURCES / "relion_wrapper/jobs"
        self.assertEqual(len(list(jobs.glob("relion[345]/*/job.star"))), 9)
        self.project.environment["PATH"] = f"{Path(PROGRAM).parent}:{os.environ['PATH']}"
        queue = ("do_queue == Yes;qsub == bash;queuename == any;"
                 f"qsubscript == {SOURCES / 'relion_wrapper/queue/slurm.sh'}")
        for name, changes in (("train", "nr_threads == 2;param4_value == 0.02"),
                              ("denoise", "nr_threads == 2;param2_value == small.safetensors"),
                              ("denoise", f"param2_value == small.safetensors;{queue}")):
            job = f"External/job{self.project.job_number():03d}/"
            self.project.pipeliner("--addJobFromStar", jobs / f"relion3/{name}/job.star",
                                   "--addJobOptions", f"in_mic == {self.micrographs};{changes}")
            self.project.run(job)
            self.check_succeeded(job)


class Remap(Relion):
    def pick(self, micrographs):
        return self.project.do("AutoPick", fn_input_autopick=micrographs, do_log="Yes", nr_mpi=1,
                               log_diam_min=100, log_diam_max=160)

    def extract(self, coordinates):
        """Micrographs and coordinates of the extracted particles."""
        job = self.project.do("Extract", star_mics=self.micrographs, coords_suffix=coordinates,
                              extract_size=64, bg_diameter=48, nr_mpi=1)
        rows = loop_rows(self.folder / job / "particles.star", "particles")
        return sorted((row["rlnMicrographName"], float(row["rlnCoordinateX"]),
                       float(row["rlnCoordinateY"])) for row in rows)

    def test_particles_of_the_originals(self):
        denoised = self.do()
        picks = self.pick(denoised + "micrographs_denoised.star")
        picked = sorted((name, float(row["rlnCoordinateX"]), float(row["rlnCoordinateY"]))
                        for name in self.names
                        for row in loop_rows(self.folder / picks /
                                             name.replace(".mrc", "_autopick.star"), ""))
        self.assertGreater(len(picked), 8)

        job = self.do(in_coords=picks + "coords_suffix_autopick.star")
        self.check_succeeded(job)
        self.assertIn(f"{len(picked)} coordinates of 4 micrographs", self.project.out(job))
        self.assertEqual(self.project.nodes()[job + "coords_suffix_autopick.star"], "2")
        self.assertEqual(self.extract(job + "coords_suffix_autopick.star"), picked)

        # RELION 4 and 5 list the files; the names in that list are what extraction goes by.
        listed = ("\n# version 50001\n\ndata_coordinate_files\n\nloop_ \n_rlnMicrographName #1 \n"
                  "_rlnMicrographCoordinates #2 \n" +
                  "".join(f"{denoised}{name} {picks}{name.replace('.mrc', '_autopick.star')} \n"
                          for name in self.names) + " \n")
        (self.folder / picks / "autopick.star").write_text(listed)
        job = self.do(in_coords=picks + "autopick.star")
        self.check_succeeded(job)
        self.assertIn(f"{len(picked)} coordinates of 4 micrographs", self.project.out(job))
        self.assertEqual((self.folder / job / "autopick.star").read_text(),
                         listed.replace(denoised, ""))

    def test_coordinates_of_other_micrographs(self):
        (self.folder / "other.star").write_text(
            "\n# version 50001\n\ndata_coordinate_files\n\nloop_ \n_rlnMicrographName #1 \n"
            "_rlnMicrographCoordinates #2 \nExternal/job002/x.mrc AutoPick/job003/x.star \n \n")
        self.check_failed(self.do(in_coords="other.star"), "External/job002/x.mrc")


if __name__ == "__main__":
    PROGRAM, LIMPID = (os.path.abspath(sys.argv.pop(1)) for _ in range(2))
    if is_installed():
        unittest.main()
    print("SKIPPED: RELION is not installed (on Debian the package relion)")
