"""What trainings take of a GPU's memory."""
import os
import re
import shutil
import subprocess
import tempfile
import threading

from gpu_checks.bench import bench_json
from gpu_checks.check import explain, last_line, program


class ShownMemory:
    """The most that the driver shows as used on the first GPU while it runs, less what was used before."""

    def __enter__(self):
        self.before = self.most = self.used()
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()

    def watch(self):
        while not self.done.wait(0.2):
            self.most = max(self.most, self.used())

    @staticmethod
    def used():
        try:
            shown = subprocess.run(["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits", "-i", "0"],
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=30).stdout
            return int(shown) << 20
        except (OSError, ValueError, subprocess.TimeoutExpired):
            return 0

    def gigabytes(self):
        return (self.most - self.before) / 1e9


def check_memory(check):
    """What `classic` takes in training: planned, counted by the program, and shown by the driver."""
    for batch in (2, 16):
        with ShownMemory() as shown:
            result = bench_json(check, "memory", f"memory_classic_{batch}", [
                "--network", "classic", "--mode", "train", "--patch", "1024", "--batch", str(batch), "--seconds", "1"], 90)
        if result:
            row = result["results"][0]
            check.add("memory", f"classic train 1024x1024 batch {batch}", "ok",
                      f"{row['memory_bytes'] / 1e9:.2f} GB planned for activations and gradients, "
                      f"{row['taken_bytes'] / 1e9:.2f} GB in all, {shown.gigabytes():.2f} GB shown by the driver")
    check_small_card(check)


def check_small_card(check):
    """A training of two patches on less than a card of 8 GB has; the driver's own memory is part of --gpu_memory."""
    asked = "6.9G"
    limit_gb = float(asked[:-1]) * (1 << 30) / 1e9
    folder = tempfile.mkdtemp(prefix="gpu_check_", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
    try:
        project = os.path.join(folder, "project")
        status, output = check.run("small_card.log", [program("limpid"), "simulate", "--o", project, "--count", "6",
                                                      "--width", "2048", "--height", "2048", "--no_movie", "--quiet"], 90)
        if status == 0:
            with ShownMemory() as shown:
                status, output = check.run("small_card.log", [
                    program("limpid"), "train", "--in_mics", os.path.join(project, "micrographs.star"), "--o",
                    os.path.join(folder, "train"), "--device", "cuda", "--network", "classic", "--patch_size", "1024",
                    "--batch_size", "2", "--epochs", "2", "--gpu_memory", asked], 150)
        found = re.search(r"GPU memory: .*", output)
        what = f"classic train 1024x1024 batch 2, --gpu_memory {asked}"
        if status == 0 and found:
            fits = shown.gigabytes() < limit_gb
            check.add("memory", what, "ok" if fits else "FAILED",
                      f"{found[0]}; {shown.gigabytes():.2f} GB shown by the driver, limit {limit_gb:.1f}")
        elif not check.has_gpu:
            check.add("memory", what, "SKIPPED", last_line(output))
        else:
            check.add("memory", what, "FAILED", explain(status, output))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
