"""What the parts of gpu_check share: how they run programs, and the rows that they report."""
import json
import os
import subprocess
import sys
import time

BUNDLE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
STATUS_SKIPPED = 77


class Check:
    def __init__(self, options):
        self.options = options
        self.deadline = time.monotonic() + 60 * options.minutes
        self.has_gpu = True  # until check_device knows better
        self.rows = []  # part, what, status, detail
        self.speeds = {}  # (network, mode, batch) -> patches/s
        self.peer_speeds = {}  # (variant, mode, batch) -> patches/s
        self.environment = dict(os.environ, PYTHONUNBUFFERED="1", LIMPID_CACHE_DIR=os.path.join(options.o, "cache"))
        if options.cudnn:
            self.environment["LIMPID_CUDNN_DIR"] = cudnn_folder(options.cudnn)

    def seconds_left(self):
        return self.deadline - time.monotonic()

    def add(self, part, what, status, detail=""):
        self.rows.append((part, what, status, detail))
        print(f"[{60 * self.options.minutes - self.seconds_left():5.0f} s] {part:<10} {what:<44} {status:<8} {detail}",
              flush=True)
        self.write_report()

    def write_report(self):
        report = {"rows": [dict(zip(("part", "what", "status", "detail"), row)) for row in self.rows],
                  "patches_per_s": {" ".join(map(str, key)): value for key, value in self.speeds.items()},
                  "peer_patches_per_s": {" ".join(map(str, key)): value for key, value in self.peer_speeds.items()}}
        with open(os.path.join(self.options.o, "report.json"), "w") as file:
            json.dump(report, file, indent=1)

    def run(self, log, command, limit_s, **variables):
        """Returns (exit status or None at the time limit, output); the output also goes to a log."""
        limit_s = min(limit_s, self.seconds_left() - 5)
        path = os.path.join(self.options.o, log)
        if limit_s < 5:
            return None, "no time left"
        with open(path, "a") as file:
            file.write(f"$ {' '.join(command)}\n")
            file.flush()
            begin = file.tell()
            process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, start_new_session=True,
                                       env=dict(self.environment, **variables))
            try:
                status = process.wait(limit_s)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)  # its own session only
                process.wait()
                status = None
        with open(path, errors="replace") as file:
            file.seek(begin)
            return status, file.read()


def cudnn_folder(choice):
    if choice != "torch":
        return choice
    code = "import nvidia.cudnn, os; print(os.path.join(list(nvidia.cudnn.__path__)[0], 'lib'))"
    return subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True).stdout.strip()


def program(name):
    return os.path.join(BUNDLE, "bin", name)


def last_line(text):
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1].strip()[:160] if lines else ""


def explain(status, output):
    return "time limit" if status is None else f"exit status {status}: {last_line(output)}"
