"""A project folder that the real relion_pipeliner drives, without its graphical interface.

The programs of RELION are those in PATH, which may be of version 3.1, 4 or 5. LIMPID_RELION_BIN names a folder with
those of another installation."""
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

EMPTY_PIPELINE = ("\n# version 30001\n\ndata_pipeline_general\n\n"
                  "_rlnPipeLineJobCounter                       1\n \n")
MARKS = ("RELION_JOB_EXIT_SUCCESS", "RELION_JOB_EXIT_FAILURE", "RELION_JOB_EXIT_ABORTED")
FOLDER = os.environ.get("LIMPID_RELION_BIN", "")
SEARCH_PATH = os.pathsep.join(filter(None, (FOLDER, os.environ.get("PATH", os.defpath))))

# What the pipeline of each version calls the kinds of nodes. Browse lists what is in the folder .Nodes/KIND, where
# KIND is the name up to the first dot.
NODE_TYPES = {3: {"micrographs": "1", "coordinates": "2", "logfile": "13"},
              4: {"micrographs": "MicrographsData.star.relion",
                  "coordinates": "MicrographsCoords.star.relion", "logfile": "LogFile.pdf.relion"},
              5: {"micrographs": "MicrographGroupMetadata.star.relion",
                  "coordinates": "MicrographCoordsGroup.star.relion",
                  "logfile": "LogFile.pdf.relion"}}


def program(name):
    """Its path, or None."""
    return shutil.which(name, path=SEARCH_PATH)


def is_installed():
    if FOLDER and shutil.which("relion_pipeliner", path=FOLDER) is None:
        sys.exit(f"LIMPID_RELION_BIN={FOLDER}: there is no program relion_pipeliner in that folder")
    return program("relion_pipeliner") is not None


def version():
    """3, 4 or 5."""
    text = subprocess.run([program("relion_pipeliner"), "--version"], capture_output=True,
                          text=True).stdout
    return int(re.search(r"version: (\d+)", text).group(1))


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


def positions(rows):
    """Sorted (micrograph, x, y)."""
    return sorted((row["rlnMicrographName"], float(row["rlnCoordinateX"]),
                   float(row["rlnCoordinateY"])) for row in rows)


class Project:
    def __init__(self, folder):
        self.folder = Path(folder)
        (self.folder / ".gui_projectdir").touch()
        (self.folder / "default_pipeline.star").write_text(EMPTY_PIPELINE)
        self.version = version()
        self._runs = 0
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.startswith(("SLURM_", "RELION_"))}
        self.environment["PATH"] = SEARCH_PATH

    def tool(self, name, *arguments, wait=True):
        """Output of a program of RELION, or the process that runs it."""
        process = subprocess.Popen([program(name), *map(str, arguments)], cwd=self.folder,
                                   env=self.environment, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if not wait:
            return process
        output, _ = process.communicate(timeout=120)
        return output

    def pipeliner(self, *arguments, wait=True):
        return self.tool("relion_pipeliner", *arguments, wait=wait)

    def job_number(self):
        text = (self.folder / "default_pipeline.star").read_text()
        return int(re.search(r"_rlnPipeLineJobCounter\s+(\d+)", text).group(1))

    def add(self, kind, **options):
        """Adds a job to the project and returns its folder, such as 'External/job002/'."""
        fields = dict({"do_queue": "No"}, **options)
        return self._add(kind, ["--addJob", kind], fields)

    def add_from_star(self, path, **options):
        """Adds an External job that a job.star describes; the options differ from it."""
        return self._add("External", ["--addJobFromStar", path], options)

    def _add(self, kind, arguments, fields):
        name = f"{kind}/job{self.job_number():03d}/"
        output = self.pipeliner(*arguments, "--addJobOptions",
                                ";".join(f"{key} == {value}" for key, value in fields.items()))
        assert (self.folder / name).is_dir(), output
        return name

    def start(self, job):
        """Runs a job that was added; returns the pipeliner's process, which waits for its end."""
        self._runs += 1
        return self.pipeliner("--RunJobs", job, "--schedule", f"run{self._runs}",
                              "--sec_wait_after", 1, wait=False)

    def run(self, job):
        process = self.start(job)
        try:
            process.communicate(timeout=300)
        except subprocess.TimeoutExpired:
            process.kill()
            raise AssertionError(f"{job} never ended for RELION:\n{self.err(job)}")

    def do(self, kind, **options):
        job = self.add(kind, **options)
        self.run(job)
        return job

    def pick(self, micrographs, **options):
        """Picks blobs. Returns the file that stands for the coordinates, and these as sorted
        (micrograph, x, y)."""
        job = self.do("AutoPick", fn_input_autopick=micrographs, do_log="Yes", nr_mpi=1,
                      log_diam_min=100, log_diam_max=160, **options)
        found = []
        for row in loop_rows(self.folder / micrographs, "micrographs"):
            name = row["rlnMicrographName"]
            # RELION takes the folder of a job off a name and puts that of the next in front.
            own = re.sub(r"^\w+/job\d+/", job, name) if "/job" in name else job + name
            path = self.folder / own.replace(".mrc", "_autopick.star")
            found += [dict(pick, rlnMicrographName=name) for pick in loop_rows(path, "")]
        ending = "coords_suffix_autopick.star" if self.version == 3 else "autopick.star"
        return job + ending, positions(found)

    def extract(self, micrographs, coordinates):
        """The particles that RELION extracts, as rows of its list."""
        job = self.do("Extract", star_mics=micrographs, coords_suffix=coordinates,
                      extract_size=64, bg_diameter=48, nr_mpi=1)
        return loop_rows(self.folder / job / "particles.star", "particles")

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
        """As RELION has it in its pipeline, in the words of RELION 4 and 5."""
        for row in loop_rows(self.folder / "default_pipeline.star", "pipeline_processes"):
            if row["rlnPipeLineProcessName"] == job:
                if self.version > 3:
                    return row["rlnPipeLineProcessStatusLabel"]
                names = ["Running", "Scheduled", "Succeeded", "Failed", "Aborted"]
                return names[int(row["rlnPipeLineProcessStatus"])]
        return "absent"

    def nodes(self):
        """Name and type of all nodes of the pipeline."""
        column = "rlnPipeLineNodeType" + ("" if self.version == 3 else "Label")
        return {row["rlnPipeLineNodeName"]: row[column]
                for row in loop_rows(self.folder / "default_pipeline.star", "pipeline_nodes")}

    def is_offered(self, path, kind):
        """Whether it is a node of that kind, and where Browse looks for those."""
        wanted = NODE_TYPES[self.version][kind]
        return (self.nodes().get(path, "").startswith(wanted) and
                (self.folder / ".Nodes" / wanted.split(".")[0] / path).exists())
