"""The schedules of examples/relion_project in a real RELION: relion_schedule_test.py PROGRAM LIMPID [unittest
options]."""
import shutil
from pathlib import Path

import relion_case
from relion_case import SOURCES, Relion
from relion_project import loop_rows


class Schedule(Relion):
    def setUp(self):
        # RELION 4 has new names for what 3.1 calls a schedule.
        self.tool, self.kind = (("relion_scheduler", "schedule") if self.project.version == 3 else
                                ("relion_schemer", "scheme"))
        folder = f"{self.kind.capitalize()}s"
        shutil.copytree(SOURCES / "examples/relion_project" / folder, self.folder / folder)
        self.project.environment["PATH"] = (f"{Path(relion_case.PROGRAM).parent}:"
                                            f"{self.project.environment['PATH']}")

    def call(self, *arguments):
        return self.project.tool(self.tool, f"--{self.kind}", "limpid", *arguments)

    def set(self, **variables):
        for name, value in variables.items():
            self.call("--set_var", name, "--value", value, "--original_value", value)

    def denoised(self):
        rows = loop_rows(self.folder / "External/job003/micrographs_denoised.star", "micrographs")
        return {row["rlnMicrographName"]: (self.folder / row["rlnMicrographName"]).stat().st_mtime_ns
                for row in rows}

    def check_jobs(self, names):
        for job in names:
            self.assertEqual(self.project.status(job), "Succeeded", self.project.err(job))
        for job in names:
            if job.startswith("External/"):
                self.assertEqual(self.project.err(job), "")

    def test_micrographs_that_arrive_between_two_rounds(self):
        jobs = ["Import/job002/", "External/job003/", "AutoPick/job004/"]
        if self.project.version > 3:
            jobs += ["External/job005/", "Extract/job006/"]
        raw = [self.folder / name for name in self.names]
        arrived = self.folder / "Micrographs"
        for number in (1, 2):
            shutil.copy(raw[number], arrived / f"sim_000{number}.mrc")
        self.set(most=1, wait_sec=1)
        self.assertIn("reached an exit point", self.call("--run"))
        self.check_jobs(jobs)
        first = self.denoised()
        self.assertEqual(len(first), 2)

        shutil.copy(raw[3], arrived / "sim_0003.mrc")
        self.set(most=2)
        self.call("--set_current_node", "WAIT_wait_sec" if self.project.version == 3 else "WAIT")
        self.assertIn("reached an exit point", self.call("--run"))
        self.check_jobs(jobs)
        second = self.denoised()
        self.assertEqual(len(second), 3)
        self.assertEqual({name: second[name] for name in first}, first)
        self.assertEqual(len({path.parent for path in self.folder.glob("*/job*/job.star")}), len(jobs) + 1)
        if self.project.version > 3:
            particles = loop_rows(self.folder / "Extract/job006/particles.star", "particles")
            self.assertEqual({row["rlnMicrographName"] for row in particles},
                             {f"Micrographs/sim_000{number}.mrc" for number in (1, 2, 3)})


if __name__ == "__main__":
    relion_case.main()
