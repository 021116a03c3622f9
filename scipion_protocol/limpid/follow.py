"""Follows a program while it runs."""

import threading


class Follower:
    """Calls `look` every few seconds while its block runs, and once more when it ends, failed or
    not. `look` is never called twice at a time."""

    def __init__(self, look, seconds, on_error):
        self._look = look
        self._seconds = seconds
        self._on_error = on_error
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, kind, error, traceback):
        self._stop.set()
        self._thread.join()
        if error is None:
            self._look()
        else:
            self._try_to_look()  # what ended the block is worth more than what this may raise

    def _follow(self):
        while not self._stop.wait(self._seconds):
            self._try_to_look()

    def _try_to_look(self):
        try:
            self._look()
        except Exception as error:  # the last look, in the thread of the block, tells if it lasts
            self._on_error(error)


class LogTail:
    """New lines of a log at every call."""

    def __init__(self, path):
        self._path = path
        self._position = 0
        try:  # of an earlier run
            with open(path, 'rb') as file:
                self._position = file.seek(0, 2)
        except OSError:
            pass

    def new_lines(self):
        try:
            with open(self._path, 'rb') as file:
                file.seek(self._position)
                text = file.read()
        except OSError:
            return []
        end = text.rfind(b'\n') + 1
        self._position += end
        return text[:end].decode('utf-8', 'replace').splitlines()
