"""The download script against a server in this process: download_empiar_10025_test.py SCRIPT. Needs curl."""
import hashlib
import http.server
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

SCRIPT = None
FILES = {f"14sep05c_{index:05}es.mrc": bytes([index]) * (20000 + index) for index in range(5)}


class Handler(http.server.BaseHTTPRequestHandler):
    """A folder of an archive: an index page, sizes, ranges. Breaks off where the test asks for it."""
    files, requests, break_off = FILES, [], set()

    def log_message(self, *_):
        pass

    def answer(self, status, content, headers=()):
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        for header in headers:
            self.send_header(*header)
        self.end_headers()

    def do_HEAD(self):
        name = self.path.rsplit("/", 1)[1]
        self.answer(200 if name in self.files else 404, self.files.get(name, b""))

    def do_GET(self):
        name = self.path.rsplit("/", 1)[1]
        if not name:
            page = "".join(f'<a href="{entry}">{entry}</a>\n' for entry in ["?C=N;O=D", "/", *self.files])
            self.answer(200, page.encode())
            self.wfile.write(page.encode())
            return
        if name not in self.files:
            self.answer(404, b"")
            return
        content = self.files[name]
        begin = int(self.headers.get("Range", "bytes=0-").split("=")[1].split("-")[0])
        self.requests.append((name, begin))
        rest = content[begin:]
        self.answer(206 if begin else 200, rest,
                    [("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")] if begin else [])
        if name in self.break_off:
            self.break_off.discard(name)
            rest = rest[:7000]
            self.close_connection = True
        self.wfile.write(rest)


@unittest.skipUnless(shutil.which("curl"), "curl is not installed")
class Download(unittest.TestCase):
    def setUp(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.temporary = tempfile.TemporaryDirectory(prefix="limpid download $(x) ")
        self.folder = Path(self.temporary.name) / "mics"
        Handler.requests, Handler.break_off, Handler.files = [], set(), dict(FILES)

    def tearDown(self):
        self.server.shutdown()
        self.server.server_close()
        self.temporary.cleanup()

    def download(self, *options):
        environment = {**os.environ, "no_proxy": "*"}
        return subprocess.run([SCRIPT, "--url", f"http://127.0.0.1:{self.server.server_port}/data", *options,
                               self.folder], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              env=environment, timeout=60)

    def there(self):
        if not self.folder.exists():
            return {}
        return {path.name: path.read_bytes() for path in self.folder.iterdir()}

    def test_all(self):
        result = self.download("--yes")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("5 of 5 micrographs, 0.00 GB", result.stdout)
        self.assertEqual(self.there(), FILES)
        again = self.download("--yes")
        self.assertEqual(again.returncode, 0)
        self.assertIn("All 5 micrographs are in", again.stdout)
        self.assertEqual(len(Handler.requests), 5)

    def test_part_and_dry_run(self):
        result = self.download("--micrographs", "2", "--dry_run")
        self.assertEqual(result.returncode, 0)
        self.assertIn("2 of 2 micrographs", result.stdout)
        self.assertIn("at 100 MB/s", result.stdout)
        self.assertEqual(self.there(), {})
        self.assertEqual(self.download("--micrographs", "2", "--yes").returncode, 0)
        self.assertEqual(sorted(self.there()), sorted(FILES)[:2])

    def test_goes_on_where_it_was_broken_off(self):
        name = sorted(FILES)[3]
        Handler.break_off = {name}
        result = self.download("--yes")
        self.assertEqual(result.returncode, 1)
        self.assertIn("bytes came, expected 20003", result.stderr)
        self.assertNotIn(name, self.there())
        self.assertEqual(len(self.there()[f"{name}.part"]), 7000)
        self.assertEqual(self.download("--yes").returncode, 0)
        self.assertEqual(self.there(), FILES)
        self.assertEqual(Handler.requests[-1], (name, 7000))

    def test_checksums_of_the_server(self):
        Handler.files["md5sums.txt"] = "".join(
            f"{hashlib.md5(content).hexdigest()}  data/{name}\n" for name, content in FILES.items()).encode()
        damaged = sorted(FILES)[1]
        Handler.files[damaged] = b"x" + FILES[damaged][1:]
        result = self.download("--yes")
        self.assertEqual(result.returncode, 1)
        self.assertIn("Checked by checksum", result.stdout)
        self.assertIn("another checksum than the expected", result.stderr)
        self.assertEqual(sorted(self.there()), sorted(set(FILES) - {damaged}))
        Handler.files[damaged] = FILES[damaged]
        self.assertEqual(self.download("--yes").returncode, 0)
        self.assertEqual(self.there(), FILES)

    def test_refusals(self):
        self.assertEqual(self.download().returncode, 2)  # nobody to ask
        self.assertEqual(self.there(), {})
        for options in (["--micrographs", "0"], ["--parallel", "x"], ["--by", "post"], ["--no_such"], ["--checksums", "/no"]):
            result = self.download(*options)
            self.assertEqual((result.returncode, result.stderr.count("\n")), (2, 1), options)
        Handler.files = {"readme.txt": b""}
        result = self.download("--yes")
        self.assertEqual(result.returncode, 1)
        self.assertIn("no .mrc files", result.stderr)


if __name__ == "__main__":
    SCRIPT = os.path.abspath(sys.argv.pop(1))
    unittest.main()
