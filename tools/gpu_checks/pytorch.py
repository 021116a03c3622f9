"""Predictions, gradients and trainings beside PyTorch's, and PyTorch's speed."""
import json
import os
import re
import sys

from gpu_checks.check import BUNDLE, STATUS_SKIPPED, explain, last_line, program

# Batch, height, width; compare_with_pytorch.py says why bfloat16 needs more pixels.
PYTORCH_SIZE = {"float32": ("2", "64", "96"), "bfloat16": ("2", "256", "256")}


def check_pytorch(check):
    for network in ("classic", "default"):
        for precision in ("float32", "bfloat16"):
            command = [sys.executable, os.path.join(BUNDLE, "tests", "pytorch", "compare_with_pytorch.py"),
                       "--probe", program("network_probe"), "--network", network, "--device", "cuda",
                       "--precision", precision, "--size", *PYTORCH_SIZE[precision]]
            status, output = check.run("pytorch.log", command, 90)
            what = f"{network} {precision}"
            if status in (0, 1) and "limit" in output:
                parts = re.findall(r"^(\w+)\s+(\S+)  limit (\S+)  (ok|FAILED)", output, re.M)
                detail = ", ".join(f"{p[0]} {p[1]}{'' if p[3] == 'ok' else ' > ' + p[2] + ' FAILED'}" for p in parts)
                check.add("pytorch", what, "ok" if status == 0 else "FAILED", detail)
            elif status == STATUS_SKIPPED:
                check.add("pytorch", what, "SKIPPED", last_line(output).replace("SKIPPED: ", ""))
            else:
                check.add("pytorch", what, "FAILED", explain(status, output))


def check_training(check):
    """Trainings of 500 steps beside PyTorch's in float32: loss curves and what the networks do in the end."""
    for network, precision in (("classic", "bfloat16"), ("default", "bfloat16")):
        command = [sys.executable, os.path.join(BUNDLE, "tests", "pytorch", "compare_training.py"),
                   "--probe", program("network_probe"), "--network", network, "--device", "cuda", "--precision", precision]
        status, output = check.run("training.log", command, 120)
        what = f"{network} {precision}, 500 steps"
        found = re.findall(r"(?:difference|means) (\S+ (?:%|dB))  limit", output)
        trainings = re.search(r"^PSNR (.*) dB, PyTorch's (.*) dB, noisy", output, re.M)
        if status == STATUS_SKIPPED:
            check.add("training", what, "SKIPPED", last_line(output).replace("SKIPPED: ", ""))
        elif status in (0, 1) and len(found) == 2 and trainings:
            check.add("training", what, "ok" if status == 0 else "FAILED",
                      f"loss differs by {found[0]} at most; mean PSNR by {found[1]} ({trainings[1]}; PyTorch {trainings[2]})")
        else:
            check.add("training", what, "FAILED", explain(status, output))


def json_lines(text):
    for line in text.splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict):
            yield record


def check_peer(check):
    """One process a variant, with a time limit of its own: what it had measured until then counts."""
    if not check.options.peer or not check.has_gpu:
        return check.add("peer", "PyTorch's speed", "SKIPPED", "no GPU" if check.options.peer else "no --peer")
    for variant in check.options.peer_only.split(","):
        what = {"job": "bench", "device": "cuda", "net": "S", "variant": variant, "size": check.options.patch,
                "batches": check.options.batches, "modes": ["train", "infer"], "min_s": min(check.options.seconds, 1.0)}
        status, output = check.run("peer.log", [sys.executable, check.options.peer, "--worker", json.dumps(what)],
                                   check.options.peer_seconds)
        records = list(json_lines(output))
        for record in records:
            if record.get("kind") == "bench":
                check.peer_speeds[variant, record["mode"], record["batch"]] = record["patches_s"]
                check.add("peer", f"{variant} {record['mode']} batch {record['batch']}", "ok",
                          f"{record['patches_s']:.2f} patches/s, {record['ms']:.2f} ms, {record['peak_GiB']:.2f} GiB")
            elif record.get("kind") == "error":
                check.add("peer", f"{variant} {record.get('mode')} batch {record.get('batch')}", "FAILED",
                          record.get("error", ""))
        if status != 0 or not records:
            check.add("peer", variant, "FAILED", explain(status, output))
