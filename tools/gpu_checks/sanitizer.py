"""Our own kernels under compute-sanitizer."""
import os
import re
import shutil

from gpu_checks.catch_tests import test_filter, test_names
from gpu_checks.check import explain, program

# For compute-sanitizer, which is slow: the tests of our own kernels by words in their names, each group a run.
SANITIZED = {"pixel by pixel": ("resampling", "Adam", "loss", "noise", "crop", "upload", "window", "copy"),
             "first and last layers": ("first and last",), "upsampling": ("conv_transpose2d",),
             "convolutions": ("conv2d", "own convolution", "own weight gradient"),
             "pools and skip connections": ("by own kernels agree",), "simulation": ("exposer",)}
# Accesses out of bounds; hazards in shared memory; reads of memory that was never written; barriers that are misused.
SANITIZER_TOOLS = {"memcheck": ("--report-api-errors", "no"), "racecheck": (), "initcheck": (), "synccheck": ()}
# So many barriers of Hopper's kernels are followed; with room for them the tool cannot start kernels of the simulation.
BARRIERS = ("--num-cuda-barriers", "8192")
WITHOUT_BARRIERS = ("pixel by pixel", "simulation")


def check_sanitizer(check):
    tool = shutil.which("compute-sanitizer") or "/usr/local/cuda/bin/compute-sanitizer"
    if not os.path.exists(tool):
        return check.add("sanitizer", "memcheck", "SKIPPED", "compute-sanitizer is not installed")
    for what, words in SANITIZED.items():
        if check.options.sanitizer_only and what not in check.options.sanitizer_only.split(","):
            continue
        for sanitizer in SANITIZER_TOOLS:
            sanitize(check, tool, sanitizer, what, words)


def sanitize(check, tool, sanitizer, what, words):
    names = [n for n in test_names(check, "test_backend") if "Cuda" in n]
    tests = test_filter([n for n in names if any(word in n for word in words)])
    # cuDNN's kernels are not ours to mend, and take most of the time: only our own are checked.
    command = [tool, "--tool", sanitizer, "--error-exitcode", "9", "--kernel-name", "kernel_substring=limpid",
               *SANITIZER_TOOLS[sanitizer]]
    if sanitizer == "synccheck" and what not in WITHOUT_BARRIERS:
        command += BARRIERS
    # Under the tool our kernels are slow and cuDNN's are not, so that a choice by time would pass ours by.
    # Small problems on few multiprocessors go through all that large ones do, and take less time.
    status, output = check.run("sanitizer.log", command + [program("test_backend"), tests, "--durations", "yes"],
                               check.options.sanitizer_seconds, LIMPID_KERNELS="own", LIMPID_MOST_TEST_PIXELS="4500",
                               LIMPID_MULTIPROCESSORS="8")
    found = re.findall(r"(?:ERROR|RACECHECK) SUMMARY: .*", output)
    what = f"{what}, {sanitizer}"
    if status == 0 and "SKIPPED:" in output:
        check.add("sanitizer", what, "SKIPPED", output.split("SKIPPED:")[1].splitlines()[0].strip())
    elif status == 0 and found:
        check.add("sanitizer", what, "ok", found[-1])
    else:
        check.add("sanitizer", what, "FAILED", found[-1] if found else explain(status, output))
