"""How Limpid is started, and what its exit status means."""

import shlex
import subprocess

PARTLY_FAILED = 1
_MEANINGS = {
    2: 'Limpid could not use its settings or its list of micrographs.',
    3: 'Limpid could not use the model. Choose another one, or import or train it again.',
    4: 'Limpid could not write its results: the disk may be full. Free some space and continue.',
    5: 'Limpid could not use the GPU it was given. Check the GPU IDs ("limpid doctor" tells what works), '
       'or choose not to use the GPU: it then runs on the CPU.',
    137: 'Limpid was killed, perhaps because memory ran out. Limit it with the further option '
         '--memory 4G, say, or use fewer processes at a time; then continue.',
    75: 'Another run of Limpid still works in the same folder. Wait for it or stop it, then continue.',
}
_GPU = '%(GPU)s'  # filled in by the host, ids separated by blanks


class LimpidError(Exception):
    """For the user: one or two sentences that say what happened and what to do."""


def processor_arguments(uses_gpu, thread_count):
    """Never `auto`: a run that was meant for a GPU must not end on the CPU unnoticed."""
    processor = ['--device', 'cuda', '--gpu', _GPU] if uses_gpu else ['--device', 'cpu']
    return processor + ['--j', str(max(0, thread_count))]


def command_line(arguments, more='', uses_gpu=False):
    """`arguments` for a shell, with `more`, which the user typed, behind them."""
    text = ' '.join(shlex.quote(argument) for argument in arguments)
    text += ' ' + more.strip() if more.strip() else ''
    # The host fills in GPUs with the % operator.
    return text.replace('%', '%%').replace('%' + _GPU, _GPU) if uses_gpu else text


def run_program(protocol, program, arguments, more='', uses_gpu=False, environment=None):
    """Blocks until the program ends. True when some micrographs failed by more than is allowed."""
    try:
        protocol.runJob(shlex.quote(program), command_line(arguments, more, uses_gpu),
                        env=environment, numberOfMpi=1, numberOfThreads=1)
    except subprocess.CalledProcessError as error:
        if error.returncode == PARTLY_FAILED:
            return True
        raise LimpidError(exit_message(error.returncode, arguments)) from error
    return False


def exit_message(status, arguments):
    meaning = _MEANINGS.get(status, 'Limpid ended with status %d.' % status)
    folder = arguments[arguments.index('--o') + 1] if '--o' in arguments else ''
    reason = last_error(folder)
    if reason:
        meaning += ' It says: ' + reason
    return meaning + (' See %s/limpid.log and run.stderr.' % folder if folder else ' See run.stderr.')


def last_error(folder):
    """The last error that the log in `folder` holds, or nothing."""
    try:
        with open(folder + '/limpid.log', errors='replace') as log:
            errors = [line.split(' ', 2)[2].strip() for line in log
                      if line.split(' ', 2)[1:2] == ['error']]
    except OSError:
        return ''
    return errors[-1] if errors else ''
