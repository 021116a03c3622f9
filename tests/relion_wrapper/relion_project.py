"""A project folder that the real relion_pipeliner drives, without its graphical interface."""
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

EMPTY_PIPELINE = ("\n# version 30001\n\ndata_pipeline_general\n\n"
                  "_rlnPipeLineJobCounter                       1\n \n")
MARKS = ("RELION_JOB_EXIT_SUCCESS", "RELION_JOB_EXIT_FAILURE", "RELION_JOB_EXIT_ABORTED")


def is_installed():
    return shutil.which("relion_pipeliner") is not None


def loop_rows(path, table):
    """The rows of a loop of a STAR file as dictionaries."""
    rows, labels, inside, in_loop = [], [], False, False
    for line in Path(path).read_text().splitlines():
        if line.startswith("data_"):
            inside, in_loop, labels = line == f"data_{table}", False, []
        elif inside and line.startswith("loop_"):
            in_loop = True
        elif in_loop and line.startswith("_"):
            labels.append(line.split()[0][1:])
        elif in_loop and labels:
            if not line.strip():
                in_loop = False
            else:
                rows.append(dict(zip(labels, line.split())))
    return rows


class Project:
    def __init__(self, folder):
        self.folder = Path(folder)
        (self.folder / ".gui_projectdir").touch()
        (self.folder / "default_pipeline.star").write_text(EMPTY_PIPELINE)
        self._schedules = 0
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.startswith(("SLURM_", "RELION_"))}

    def pipeliner(self, *arguments, wait=True):
        process = subprocess.Popen(["relion_pipeliner", *map(str, arguments)], cwd=self.folder,
                                   env=self.environment, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if not wait:
            return process
        output, _ = process.communicate(timeout=120)
        return output

    def job_number(self):
        text = (self.folder / "default_pipeline.star").read_text()
        return int(re.search(r"_rlnPipeLineJobCounter\s+(\d+)", text).group(1))

    def add(self, kind, **options):
        """Adds a job to the project and returns its folder, such as 'External/job002/'."""
        name = f"{kind}/job{self.job_number():03d}/"
        fields = dict({"do_queue": "No"}, **options)
        output = self.pipeliner("--addJob", kind, "--addJobOptions",
                                ";".join(f"{key} == {value}" for key, value in fields.items()))
        assert (self.folder / name).is_dir(), output
        return name

    def start(self, job):
        """Runs a job that was added; returns the pipeliner's process, which waits for its end."""
        self._schedules += 1
        return self.pipeliner("--RunJobs", job, "--schedule", f"run{self._schedules}",
                              "--sec_wait_after", 1, wait=False)

    def run(self, job):
        process = self.start(job)
        try:
            process.communicate(timeout=100)
        except subprocess.TimeoutExpired:
            process.kill()
            raise AssertionError(f"{job} never ended for RELION:\n{self.err(job)}")

    def do(self, kind, **options):
        job = self.add(kind, **options)
        self.run(job)
        return job

    def out(self, job):
        return self._text(job, "run.out")

    def err(self, job):
        return self._text(job, "run.err")

    def _text(self, job, name):
        path = self.folder / job / name
        return path.read_text() if path.exists() else ""

    def marks(self, job):
        return [name for name in MARKS if (self.folder / job / name).exists()]

    def wait_for_mark(self, job, seconds):
        """Seconds until there is one, at most those given."""
        begin = time.monotonic()
        while not self.marks(job) and time.monotonic() - begin < seconds:
            time.sleep(0.05)
        return time.monotonic() - begin

    def status(self, job):
        """As RELION has it in its pipeline: running, scheduled, finished, failed or aborted."""
        for row in loop_rows(self.folder / "default_pipeline.star", "pipeline_processes"):
            if row["rlnPipeLineProcessName"] == job:
                names = ["running", "scheduled", "finished", "failed", "aborted"]
                return names[int(row["rlnPipeLineProcessStatus"])]
        return "absent"

    def nodes(self):
        """Name and type of all nodes of the pipeline."""
        return {row["rlnPipeLineNodeName"]: row["rlnPipeLineNodeType"]
                for row in loop_rows(self.folder / "default_pipeline.star", "pipeline_nodes")}
