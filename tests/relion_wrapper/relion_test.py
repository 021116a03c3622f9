"""The jobs of limpid-relion in a real RELION: relion_test.py PROGRAM LIMPID [unittest options]."""
import os
import shutil
import subprocess
from pathlib import Path

import mrcfile
import numpy

import relion_case
from model_file import small_model
from relion_case import SOURCES, Relion
from relion_project import MARKS, loop_rows, positions


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
        for star in (self.micrographs, output):
            self.assertTrue(self.project.is_offered(star, "micrographs"), self.project.nodes())
        self.assertTrue(self.project.is_offered(job + "logfile.pdf", "logfile"))
        self.check_pdf(job + "logfile.pdf")
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

        coordinates, picked = self.project.pick(output)
        self.assertGreater(len(picked), 8)
        extracted = self.project.extract(self.micrographs, coordinates)
        # RELION 4 and 5 know a micrograph by its whole name; coordinates have to be remapped first.
        self.assertEqual(positions(extracted), [(name.removeprefix(job), x, y) for name, x, y in picked]
                         if self.project.version == 3 else [])

    def test_particles_that_are_looked_for_in_what_was_removed(self):
        rows = "".join(f" {x} {y} \n" for x in (140, 256, 370) for y in (140, 256, 370))
        for name in self.names:
            picks = self.folder / "Picks" / name.replace(".mrc", "_manual.star")
            picks.parent.mkdir(parents=True, exist_ok=True)
            picks.write_text("\ndata_\n\nloop_ \n_rlnCoordinateX #1 \n_rlnCoordinateY #2 \n" + rows + " \n")
        (self.folder / "Picks/coords_suffix_manual.star").write_text(self.micrographs + "\n")
        (self.folder / "Picks/manual.star").write_text(
            "\ndata_coordinate_files\n\nloop_ \n_rlnMicrographName #1 \n_rlnMicrographCoordinates #2 \n" +
            "".join(f"{name} Picks/{name.replace('.mrc', '_manual.star')} \n" for name in self.names) + " \n")
        for coordinates in ("coords_suffix_manual.star", "manual.star"):
            job = self.denoise(("mode", "denoise"), ("particle_diameter", "100"), in_coords="Picks/" + coordinates)
            self.check_succeeded(job)
            found = loop_rows(self.folder / job / "trust.star", "trust")
            self.assertEqual(len(found), 4)
            for row in found:
                self.assertLess(abs(float(row["limpidResidualAtPicks"])), 100)

    def test_columns_tables_and_unusual_names_are_kept(self):
        corrected = self.corrected()
        job = self.denoise(in_mic=corrected)
        self.check_succeeded(job)
        self.assertEqual((self.folder / job / "micrographs_denoised.star").read_text(),
                         (self.folder / corrected).read_text().replace("MotionCorr/job900/", job))

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
            source = Path(relion_case.PROGRAM).parent.parent / part
            if source.exists():
                (link / part).symlink_to(source)
        for exe in ("relion_tools/bin/limpid-relion", link / "bin/limpid-relion"):
            job = self.denoise(exe=exe)
            self.assertIn("--pipeline_control", (self.folder / job / "note.txt").read_text())
            self.check_succeeded(job)

    def test_relion_in_the_name_of_an_input(self):
        shutil.copy(self.folder / self.micrographs, self.folder / "relion_list.star")
        (self.folder / "relion_model.safetensors").write_bytes(small_model())
        job = self.do(("model", "relion_model.safetensors"), ("gpu", ""),
                      in_mic="relion_list.star", other_args="--redo")
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


class Train(Relion):
    def train(self, *parameters, **options):
        """As short as can be."""
        job = self.do(("mode", "train"), ("epochs", "1"), ("patch_size", "64"),
                      ("batch_size", "4"), *parameters, **options)
        self.check_succeeded(job)
        return job

    def test_a_model_for_the_next_job(self):
        job = self.train()
        self.assertIn("halves", self.project.out(job))
        model = job + "model.safetensors"
        self.assertIn(model, self.project.out(job))
        self.assertTrue(self.project.is_offered(job + "logfile.pdf", "logfile"))
        self.check_pdf(job + "logfile.pdf")
        self.check_succeeded(self.do(("model", model)))

    def test_halves_that_columns_name(self):
        head = ("\n# version 50001\n\ndata_optics\n\nloop_ \n_rlnOpticsGroupName #1 \n"
                "_rlnOpticsGroup #2 \n_rlnMicrographPixelSize #3 \nopticsGroup1 1 1.0 \n \n\n"
                "# version 50001\n\ndata_micrographs\n\nloop_ \n_rlnMicrographName #1 \n"
                "_rlnOpticsGroup #2 \n_rlnMicrographNameEven #3 \n_rlnMicrographNameOdd #4 \n")
        rows = []
        for number, name in enumerate(self.names[:2]):
            files = [f"Apart/{folder}{number}.mrc" for folder in ("sum", "first/", "second/")]
            for ending, target in zip(("", "_EVN", "_ODD"), files):
                (self.folder / target).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(self.folder / name.replace(".mrc", f"{ending}.mrc"),
                            self.folder / target)
            rows.append(f"{files[0]} 1 {files[1]} {files[2]} \n")
        (self.folder / "columns.star").write_text(head + "".join(rows) + " \n")
        job = self.train(("pairs", "halves"), in_mic="columns.star")
        self.assertIn("even and odd halves of 2 micrographs", self.project.out(job))

        (self.folder / "Apart/first/0.mrc").unlink()
        job = self.do(("mode", "train"), ("pairs", "halves"), ("epochs", "1"), in_mic="columns.star")
        self.check_failed(job, "at least two are needed")
        self.assertIn("Apart/first/0.mrc", self.project.err(job))

    def test_movies_that_relion_has_aligned(self):
        (self.folder / "Movies").mkdir()
        for seed in (1, 2):
            subprocess.run([relion_case.LIMPID, "simulate", "--count", "1", "--size", "512", "--no_halves",
                            "--seed", str(seed), "--o", "filmed"], cwd=self.folder, check=True,
                           stdout=subprocess.DEVNULL)
            shutil.move(self.folder / "filmed/Movies/sim_0001.mrcs",
                        self.folder / f"Movies/{seed}.mrcs")
            shutil.rmtree(self.folder / "filmed")
        imported = self.project.do("Import", do_raw="Yes", is_multiframe="Yes", angpix="1.0",
                                   kV="300", fn_in_raw="Movies/*.mrcs")
        # RELION 4 and 5 write half precision unless told not to; only 5 can keep halves.
        split = "--even_odd_split" if self.project.version == 5 else ""
        aligned = self.project.do("MotionCorr", input_star_mics=imported + "movies.star",
                                  do_own_motioncor="Yes", do_dose_weighting="Yes",
                                  dose_per_frame="2", do_save_noDW="Yes", patch_x="1",
                                  patch_y="1", nr_mpi="1", nr_threads="2",
                                  other_args=f"--ps_size 256 {split}")
        self.assertEqual(self.project.status(aligned), "Succeeded", self.project.err(aligned))
        micrographs = aligned + "corrected_micrographs.star"
        with mrcfile.open(self.folder / aligned / "Movies/1.mrc") as average:
            self.assertEqual(average.header.mode, 2 if self.project.version == 3 else 12)
        job = self.train(in_mic="", in_mov=micrographs)
        self.assertIn("2 movies", self.project.out(job))
        if split:
            job = self.train(("pairs", "halves"), in_mic=micrographs)
            self.assertIn("even and odd halves of 2 micrographs", self.project.out(job))
        self.check_succeeded(self.denoise(in_mic=micrographs))


class ReadyMade(Relion):
    def setUp(self):
        self.jobs = SOURCES / f"relion_wrapper/jobs/relion{self.project.version}"
        self.project.environment["PATH"] = (f"{Path(relion_case.PROGRAM).parent}:"
                                            f"{self.project.environment['PATH']}")

    def load(self, name, **changes):
        job = self.project.add_from_star(self.jobs / name / "job.star",
                                         **dict({"in_mic": self.micrographs}, **changes))
        self.project.run(job)
        self.check_succeeded(job)
        return job

    def test_job_files_from_the_first_to_the_last(self):
        self.assertEqual(len(list(self.jobs.parent.glob("relion[345]/*/job.star"))), 9)
        trained = self.load("train", nr_threads=2, param4_value=0.02)
        denoised = self.load("denoise", nr_threads=2, param2_value=trained + "model.safetensors")
        coordinates, _ = self.project.pick(denoised + "micrographs_denoised.star")
        self.load("remap", in_coords=coordinates)

    def test_the_queue_template(self):
        job = self.load("denoise", nr_threads=2, param2_value="small.safetensors",
                        do_queue="Yes", qsub="bash", queuename="any",
                        qsubscript=SOURCES / "relion_wrapper/queue/slurm.sh")
        script = (self.folder / job / "run_submit.script").read_text()
        for line in (f"--job-name={job}", "--partition=any", "--cpus-per-task=2",
                     f"--output={job}run.out", f"--error={job}run.err"):
            self.assertIn(f"#SBATCH {line}\n", script)
        self.assertNotIn("XXX", script)


class Remap(Relion):
    def test_particles_of_the_originals(self):
        originals = self.corrected()
        denoised = self.do(in_mic=originals)
        coordinates, picked = self.project.pick(denoised + "micrographs_denoised.star")
        self.assertEqual({name for name, _, _ in picked}, set(self.denoised_names(denoised)))
        self.assertGreater(len(picked), 8)
        self.assertTrue(self.project.is_offered(coordinates, "coordinates"), self.project.nodes())
        given = (self.folder / coordinates).read_text()

        job = self.do(in_mic=originals, in_coords=coordinates)
        self.check_succeeded(job)
        self.assertIn(f"{len(picked)} coordinates of 4 micrographs", self.project.out(job))
        result = job + Path(coordinates).name
        self.assertTrue(self.project.is_offered(result, "coordinates"), self.project.nodes())
        particles = self.project.extract(originals, result)
        self.assertEqual(positions(particles),
                         [(name.replace(denoised, "MotionCorr/job900/"), x, y)
                          for name, x, y in picked])
        defocus = {row["rlnMicrographName"]: float(row["rlnDefocusU"])
                   for row in loop_rows(self.folder / originals, "micrographs")}
        for particle in particles:
            self.assertEqual(float(particle["rlnDefocusU"]), defocus[particle["rlnMicrographName"]])
        self.assertEqual((self.folder / coordinates).read_text(), given)
        if self.project.version > 3:
            self.assertEqual((self.folder / result).read_text(),
                             given.replace(denoised, "MotionCorr/job900/"))

    def test_micrographs_without_picks(self):
        if self.project.version == 3:
            self.skipTest("the picker of RELION 3.1.3 crashes when it finds nothing at all")
        denoised = self.denoise()
        coordinates, picked = self.project.pick(denoised + "micrographs_denoised.star",
                                                log_adjust_thr=80)
        self.assertEqual(picked, [])
        job = self.do(in_coords=coordinates)
        self.check_succeeded(job)
        self.assertIn("0 coordinates of 4 micrographs", self.project.out(job))

    def test_the_lists_of_other_versions(self):
        denoised = self.denoise()
        (self.folder / "picks").mkdir()
        for name in self.names:
            (self.folder / "picks" / f"{Path(name).parent.name}_{Path(name).stem}.star").write_text(
                "\ndata_\n\nloop_ \n_rlnCoordinateX #1 \n_rlnCoordinateY #2 \n 100.5 200.25 \n \n")
        listed = ("\n# version 50001\n\ndata_coordinate_files\n\nloop_ \n_rlnMicrographName #1 \n"
                  "_rlnMicrographCoordinates #2 \n" +
                  "".join(f"{denoised}{name} picks/{Path(name).parent.name}_{Path(name).stem}.star \n"
                          for name in self.names) + " \n")
        (self.folder / "picks/autopick.star").write_text(listed)
        job = self.do(in_coords="picks/autopick.star")
        self.check_succeeded(job)
        self.assertIn("4 coordinates of 4 micrographs", self.project.out(job))
        self.assertEqual((self.folder / job / "autopick.star").read_text(),
                         listed.replace(denoised, ""))

    def test_coordinates_of_other_micrographs(self):
        (self.folder / "other.star").write_text(
            "\n# version 50001\n\ndata_coordinate_files\n\nloop_ \n_rlnMicrographName #1 \n"
            "_rlnMicrographCoordinates #2 \nExternal/job002/x.mrc AutoPick/job003/x.star \n \n")
        self.check_failed(self.do(in_coords="other.star"), "External/job002/x.mrc")


if __name__ == "__main__":
    relion_case.main()
