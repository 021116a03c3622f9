"""Which GPU there is, and whether the program finds it."""
import subprocess

from gpu_checks.check import STATUS_SKIPPED, explain, last_line, program


def check_device(check):
    """The GPU must be found if the driver shows one: else all tests would be skipped in silence."""
    try:
        shown = subprocess.run(["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=30).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        shown = ""
    check.has_gpu = bool(shown)
    check.add("device", "nvidia-smi", "ok" if shown else "SKIPPED", shown.replace("\n", "; ") or "shows no GPU")
    status, output = check.run("devices.log", [program("network_probe"), "devices"], 60)
    detail = "; ".join(output.replace("SKIPPED: ", "").strip().splitlines())
    if status == 0:
        check.add("device", "GPU library", "ok", detail)
    elif status == STATUS_SKIPPED and not shown:
        check.add("device", "GPU library", "SKIPPED", detail)
    else:
        check.add("device", "GPU library", "FAILED", detail or explain(status, output))
    status, output = check.run("devices.log", [program("limpid"), "--version"], 30)
    check.add("device", "limpid --version", "ok" if status == 0 else "FAILED", last_line(output))
