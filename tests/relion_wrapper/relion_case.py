"""What the tests of limpid-relion in a real RELION share: TEST.py PROGRAM LIMPID [unittest options]."""
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from model_file import small_model
from relion_project import MARKS, Project, is_installed, loop_rows

PROGRAM = LIMPID = None
SOURCES = Path(__file__).resolve().parents[2]


def main():
    module = sys.modules["relion_case"]
    module.PROGRAM, module.LIMPID = (os.path.abspath(sys.argv.pop(1)) for _ in range(2))
    if is_installed():
        unittest.main(module="__main__")
    print("SKIPPED: RELION is not installed (on Debian the package relion)")


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

    def corrected(self):
        """A list of the micrographs as CTF estimation leaves it: results of motion correction, with a defocus that
        differs from micrograph to micrograph."""
        rows = []
        for number, name in enumerate(self.names):
            corrected = name.replace("Micrographs/", "MotionCorr/job900/")
            (self.folder / corrected).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(self.folder / name, self.folder / corrected)
            rows.append(f"CtfFind/job901/{name}.ctf:mrc {corrected} {2 - number % 2} "
                        f"{10000 + number}.000000 9999.000000 45.000000 x#{number} \n")
        text = ("\n# version 30001\n\ndata_optics\n\nloop_ \n_rlnOpticsGroupName #1 \n"
                "_rlnOpticsGroup #2 \n_rlnMicrographPixelSize #3 \n_rlnVoltage #4 \n"
                "_rlnSphericalAberration #5 \n_rlnAmplitudeContrast #6 \n"
                '"first group" 1 1.0 300.0 2.7 0.1 \nsecond 2 1.0 300.0 2.7 0.1 \n \n\n'
                "# version 30001\n\ndata_micrographs\n\nloop_ \n_rlnCtfImage #1 \n"
                "_rlnMicrographName #2 \n_rlnOpticsGroup #3 \n_rlnDefocusU #4 \n_rlnDefocusV #5 \n"
                "_rlnDefocusAngle #6 \n_someOtherLabel #7 \n" + "".join(rows) + " \n")
        (self.folder / "corrected.star").write_text(text)
        return "corrected.star"

    def check_succeeded(self, job):
        self.assertEqual(self.project.err(job), "")
        self.assertEqual(self.project.marks(job), [MARKS[0]])
        self.assertEqual(self.project.status(job), "Succeeded")

    def check_pdf(self, name):
        """RELION hands it to a viewer as it is."""
        content = (self.folder / name).read_bytes()
        self.assertTrue(content.startswith(b"%PDF-1."))
        self.assertTrue(content.rstrip().endswith(b"%%EOF"))
        if shutil.which("pdfinfo"):
            pages = subprocess.run(["pdfinfo", self.folder / name], capture_output=True, text=True)
            self.assertEqual((pages.returncode, pages.stderr), (0, ""))
            self.assertRegex(pages.stdout, r"Pages: +[1-9]")

    def check_failed(self, job, *texts):
        lines = self.project.err(job).splitlines()
        self.assertTrue(lines, "run.err is empty")
        for text in texts:
            self.assertIn(text, lines[-1])
        self.assertEqual(self.project.marks(job), [MARKS[1]])
        self.assertEqual(self.project.status(job), "Failed")
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
