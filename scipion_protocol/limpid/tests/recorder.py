"""A program in front of Limpid that notes how it was started, and can be made to fail or to wait."""

import json
import os
import stat
import sys

import limpid
from limpid.constants import LIMPID_HOME

_SCRIPT = '''#!{python}
import json, os, subprocess, sys, time
home = {home!r}
arguments = sys.argv[1:]

def take(name):
    """Whether `name` was asked for. Of several processes, one gets it."""
    try:
        os.remove(os.path.join(home, name))
    except FileNotFoundError:
        return False
    return True

if arguments and arguments[0] in ('denoise', 'train'):
    # Appending less than a page at once is not torn by a second process.
    with open(os.path.join(home, 'calls'), 'a') as file:
        file.write(json.dumps(arguments) + '\\n')
    if take('fail_with_4'):
        sys.exit(4)
    # There need not be a GPU: who asks for one gets the CPU.
    if 'cuda' in arguments:
        arguments[arguments.index('cuda')] = 'cpu'
        at = arguments.index('--gpu')
        del arguments[at:at + 2]
if os.path.exists(os.path.join(home, 'take_a_while')):
    time.sleep(7)
status = subprocess.call([{program!r}] + arguments)
if os.path.exists(os.path.join(home, 'wait_at_the_end')) and arguments[0] == 'denoise':
    time.sleep(600)
sys.exit(status)
'''


class Recorder:
    """Stands in for the installed program inside its block, for child processes as well."""

    def __init__(self, folder):
        self.home = os.path.abspath(folder)
        self._old_home = None

    def __enter__(self):
        real = limpid.Plugin.getHome()
        os.makedirs(os.path.join(self.home, 'bin'))
        os.symlink(os.path.join(real, 'share'), os.path.join(self.home, 'share'))
        script = os.path.join(self.home, 'bin', 'limpid')
        with open(script, 'w') as file:
            file.write(_SCRIPT.format(python=sys.executable, home=self.home,
                                      program=os.path.join(real, 'bin', 'limpid')))
        os.chmod(script, os.stat(script).st_mode | stat.S_IXUSR)
        self._old_home = real
        self._set_home(self.home)
        return self

    def __exit__(self, *error):
        self._set_home(self._old_home)

    @staticmethod
    def _set_home(home):
        os.environ[LIMPID_HOME] = home
        limpid.Plugin._vars[LIMPID_HOME] = home

    def ask(self, what):
        with open(os.path.join(self.home, what), 'w') as file:
            file.write('yes')

    def no_longer(self, what):
        os.remove(os.path.join(self.home, what))

    def calls(self):
        try:
            with open(os.path.join(self.home, 'calls')) as file:
                return [json.loads(line) for line in file]
        except FileNotFoundError:
            return []


def option(call, name):
    return call[call.index(name) + 1] if name in call else None
