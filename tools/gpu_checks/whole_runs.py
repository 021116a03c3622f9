"""Whole runs of the program: micrographs from file to file, trainings that stream, trainings that are killed."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

from gpu_checks.check import BUNDLE, explain, program


def check_denoise(check):
    """Micrographs of 7420 x 7676 px from memory to memory, by the program with the shipped model, beside cp."""
    if not check.has_gpu:
        return check.add("denoise", "end_to_end", "SKIPPED", "no GPU")
    numbers = os.path.join(os.path.abspath(check.options.o), "end_to_end.json")
    status, output = check.run("denoise.log", [sys.executable, os.path.join(BUNDLE, "end_to_end"), "--device", "cuda",
                                               "--count", str(check.options.micrographs), "--json", numbers], 240)
    print(output, flush=True)
    try:
        with open(numbers) as file:
            runs = json.load(file)["runs"]
    except (OSError, ValueError):
        runs = []
    for run in runs:
        ratio = f", {run['rate'] / run['copy_rate']:.2f} of cp" if run["copy_rate"] else ""
        check.add("denoise", f"{run['micrographs']} of 7420x7676 px, {run['run']}", "ok",
                  f"{run['rate']:.2f} micrographs/s{ratio}, first after {run['first_output_s'] or 0:.2f} s, "
                  f"{run['gpu_memory_mb'] or 0:.0f} MB of GPU memory")
    if status != 0:
        check.add("denoise", "end_to_end", "FAILED", explain(status, output))


def check_feed(check):
    """Training on files that are read again and again, beside training with all of them in the GPU's memory."""
    if not check.has_gpu:
        return check.add("feed", "training from memory and streamed", "SKIPPED", "no GPU")
    folder = tempfile.mkdtemp(prefix="gpu_check_feed_", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
    try:
        # Files for ten times the memory, and room for others.
        free_bytes = min(shutil.disk_usage(folder).free,
                         os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
        memory_mb = min(2000, int(free_bytes / 15 / 1e6))
        results = os.path.join(os.path.abspath(check.options.o), "feed.json")
        what = f"classic 1024x1024 batch 16, {memory_mb} MB"
        status, output = check.run("feed.log", [sys.executable, os.path.join(BUNDLE, "loader_benchmark"), folder,
                                                "--train", "--limpid", program("limpid"), "--memory_mb", str(memory_mb),
                                                "--device", "cuda", "--json", results], 240)
        if status != 0:
            return check.add("feed", what, "FAILED" if check.has_gpu else "SKIPPED", explain(status, output))
        with open(results) as file:
            result = json.load(file)
        for name in ("resident", "stream"):
            speed = result[name]
            check.add("feed", f"{what}, {name}", "ok",
                      f"{speed['patches_per_s']:.2f} patches/s, GPU idle {100 * speed['idle_fraction']:.2f} %, "
                      f"{speed['micrographs_in_memory']} micrographs on the GPU, first there after {speed['start_s']:.1f} s")
        check.add("feed", "streamed / from memory, goal 97 %", "ok" if result["ratio"] >= 0.97 else "FAILED",
                  f"{100 * result['ratio']:.2f} %, dataset {result['dataset_bytes'] / result['memory_bytes']:.1f} times "
                  "the memory")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def train_and_kill(check, command, is_time):
    """Whether the training was still under way when it was killed."""
    with open(os.path.join(check.options.o, "resume.log"), "a") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=check.environment)
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline and not is_time():
            time.sleep(0.02)
        is_running = process.poll() is None
        process.kill()
        process.wait()
        return is_running


def check_resume(check):
    """A training that streams to the GPU is killed twice and ends with the bytes of one that ran through."""
    if not check.has_gpu:
        return check.add("resume", "a training that is killed", "SKIPPED", "no GPU")
    folder = tempfile.mkdtemp(prefix="gpu_check_resume_")
    try:
        status, output = check.run("resume.log", [program("limpid"), "simulate", "--o", os.path.join(folder, "project"),
                                                  "--count", "8", "--width", "2048", "--height", "2048", "--no_movie",
                                                  "--quiet"], 90)
        if status != 0:
            return check.add("resume", "simulate 2048x2048", "FAILED", explain(status, output))

        def command(name):
            return [program("limpid"), "train", "--in_mics", os.path.join(folder, "project", "micrographs.star"), "--o",
                    os.path.join(folder, name), "--network", "default", "--epochs", "60", "--loader", "stream",
                    "--memory", "300M", "--device", "cuda"]

        def has_rows(name, count):
            path = os.path.join(folder, name, "training.csv")
            return lambda: os.path.exists(path) and len(open(path).readlines()) > count

        status, output = check.run("resume.log", command("whole"), 120)
        if status != 0:
            return check.add("resume", "training", "FAILED" if check.has_gpu else "SKIPPED", explain(status, output))
        lines = [line.strip() for line in output.splitlines() if "GPU" in line]
        check.add("resume", "training", "ok" if "in the memory of the GPU" in output else "FAILED", "; ".join(lines))
        killed = [train_and_kill(check, command("killed"), has_rows("killed", rows)) for rows in (2, 7)]
        status, output = check.run("resume.log", command("killed"), 120)
        models = [open(os.path.join(folder, name, "model.safetensors"), "rb").read()
                  for name in ("whole", "killed")] if status == 0 else [b"", b"-"]
        check.add("resume", "killed twice, continued", "ok" if all(killed) and models[0] == models[1] else "FAILED",
                  f"killed under way: {killed}; the model has {'the same' if models[0] == models[1] else 'other'} bytes")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
