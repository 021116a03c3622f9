"""The speed of networks and of each of their layers, and of the CPU."""
import os
import re
import sys
import time

from gpu_checks.bench import bench_json
from gpu_checks.check import BUNDLE, explain, last_line, program


def check_speed(check, network):
    patch = check.options.patch
    for batch in check.options.batches:
        command = [program("limpid"), "bench", "--network", network, "--patch", str(patch), "--batch", str(batch),
                   "--seconds", str(check.options.seconds), "--device", "cuda"]
        begin = time.monotonic()
        status, output = check.run("bench.log", command, 120)
        for mode in ("train", "infer"):
            what = f"{network} {mode} {patch}x{patch} batch {batch}"
            row = re.search(rf"^{network}\s+{mode}\s+{patch}\s+{batch}" + 9 * r"\s+([\d.]+)", output, re.M)
            if status == 0 and row:
                check.speeds[network, mode, batch] = float(row[1])
                check.add("speed", what, "ok", f"{row[1]} patches/s, {row[2]} ms (slowest {row[3]}), {row[4]} TFLOP/s, "
                                               f"{row[5]} GiB, {row[9]} % of the limit of {row[8]} ms; "
                                               f"{time.monotonic() - begin:.0f} s for both modes")
            elif not check.has_gpu:
                check.add("speed", what, "SKIPPED", last_line(output))
            else:
                check.add("speed", what, "FAILED", explain(status, output))


def describe_passes(passes):
    """By how much each pass of all layers misses its limit, and where most of that time is lost."""
    parts = []
    for name in ("forward", "data gradient", "weight gradient"):
        some = [p for p in passes if p["pass"] == name]
        if some:
            measured = sum(p["measured_us"] for p in some)
            parts.append(f"{name} {measured:.0f} us ({100 * sum(p['limit_us'] for p in some) / measured:.0f} %)")
    lost = sorted(passes, key=lambda p: p["limit_us"] - p["measured_us"])[:4]
    parts.append("most lost: " + ", ".join(
        f"{p['layer']} {p['pass']} {p['measured_us'] - p['limit_us']:.0f} us" for p in lost))
    return "; ".join(parts)


def check_layers(check):
    """Every layer alone beside its limit; the tables are in layers_*.log."""
    for network in ("classic", "default"):
        for batch in (16, 4):
            result = bench_json(check, "layers", f"layers_{network}_{batch}", [
                "--network", network, "--mode", "train", "--patch", "1024", "--batch", str(batch), "--layers",
                "--seconds", str(min(check.options.seconds, 1.0))], 120)
            if not result:
                continue
            if batch == 16:
                rates = ", ".join(f"{key} {value:.4g}" for key, value in result["limits"].items())
                check.add("layers", f"limits, {network}", "ok", rates)
            check.add("layers", f"{network} train batch {batch}, us an image", "ok",
                      describe_passes(result["layers"][0]["passes"]))


def check_cpu(check):
    """The CPU of this machine beside PyTorch on it, with Topaz's network where --peer knows it."""
    command = [sys.executable, os.path.join(BUNDLE, "cpu_speed"), "--limpid", program("limpid"), "--rounds", "1",
               "--seconds", str(min(check.options.seconds, 2.0)), "--types", "float32,bfloat16",
               "--json", os.path.join(check.options.o, "cpu_speed.json")]
    if check.options.peer:
        command += ["--peer", check.options.peer]
    status, output = check.run("cpu.log", command, check.options.cpu_seconds)
    rows = re.findall(r"^(\S+)\s+(float32|bfloat16)\s+(infer|train)\s+([\d.]+)\s+([\d.]+)\s+([\d.]+)", output, re.M)
    for network, data_type, mode, ours, peer, ratio in rows:
        check.add("cpu", f"{network} {data_type} {mode} 512x512", "ok", f"{ours} patches/s, PyTorch {peer}, ratio {ratio}")
    if status != 0 or not rows:
        check.add("cpu", "cpu_speed", "FAILED", explain(status, output))
