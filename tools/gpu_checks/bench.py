"""Results of limpid bench as its --json has them."""
import json
import os

from gpu_checks.check import explain, last_line, program


def bench_json(check, part, name, extra, limit_s):
    """Runs limpid bench on the GPU; the result of its --json, or None after a row that says why."""
    path = os.path.join(check.options.o, f"{name}.json")
    status, output = check.run(f"{name}.log", [program("limpid"), "bench", "--device", "cuda", "--json", path] + extra,
                               limit_s)
    if status == 0:
        with open(path) as file:
            return json.load(file)[0]
    what = " ".join(name.split("_")[1:])
    if not check.has_gpu:
        check.add(part, what, "SKIPPED", last_line(output))
    else:
        check.add(part, what, "FAILED", explain(status, output))
    return None
