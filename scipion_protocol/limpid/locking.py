"""Sets of a growing project are written and read by several processes at a time."""

try:  # of pyworkflow 3.11.3 and newer
    from pyworkflow.utils.retry_streaming import retry_on_sqlite_lock
except ImportError:
    def retry_on_sqlite_lock(**_):
        return lambda function: function


def patient(function):
    """Tries again for a while when another process has locked a set."""
    return retry_on_sqlite_lock()(function)
