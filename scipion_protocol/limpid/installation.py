"""Whether the program is installed and fits, and how it gets installed."""

import functools
import os
import shlex
import subprocess

from limpid.constants import (COMPATIBLE_VERSION, LIMPID_HOME, LIMPID_SOURCE, PROGRAM_VERSION)

_ADVICE = ('Install it with "scipion3 installb limpid-%s", or let %s name the folder of an installed '
           'Limpid in the configuration file of Scipion.' % (PROGRAM_VERSION, LIMPID_HOME))


def installation_problems(program):
    """Lines for the user, none when all is well."""
    if not os.path.isfile(program):
        return ['The program Limpid is missing: there is no file %s.' % program, _ADVICE]
    if not os.access(program, os.X_OK):
        return ['%s is not executable.' % program, 'Set its permission: chmod +x %s' % program]
    return list(_problems_of_file(program, os.stat(program).st_mtime_ns))


@functools.lru_cache(maxsize=16)  # the host asks for every protocol that it draws
def _problems_of_file(program, _modified_ns):
    try:
        answer = subprocess.run([program, '--version'], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, universal_newlines=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        return ('%s does not start: %s' % (program, error), _ADVICE)
    version = answer.stdout.strip()
    if answer.returncode != 0 or not version:
        reason = answer.stderr.strip() or 'it ends with status %d' % answer.returncode
        return ('%s does not start: %s' % (program, reason), _ADVICE)
    if not version.split()[-1].startswith(COMPATIBLE_VERSION):
        return ('%s has version %s, while this plugin works with versions %sx.'
                % (program, version.split()[-1], COMPATIBLE_VERSION), _ADVICE)
    return ()


def install_command(source):
    """The shell command that fills the package folder, which is the current one, from `source`: a
    source tree is built, an installed tree copied. Without `source`, the tree that holds this file.
    """
    if not source:
        source = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    if os.path.isfile(os.path.join(source, 'scripts', 'build')):
        return 'prefix=$PWD && cd / && %s "$prefix"' % shlex.quote(
            os.path.join(source, 'scripts', 'build'))
    if os.path.isfile(os.path.join(source, 'bin', 'limpid')):
        return 'cp -a %s/. .' % shlex.quote(source)
    message = ('Limpid cannot be installed from %s: it holds neither scripts/build nor bin/limpid. '
               'Let %s name a source tree or an installed tree.' % (source, LIMPID_SOURCE))
    return 'echo %s >&2; exit 1' % shlex.quote(message)
