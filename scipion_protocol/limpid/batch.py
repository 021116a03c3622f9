"""The micrographs of one start of the program, and what became of them."""

import json
import os
import re

from limpid.star import read_star, write_star

NAME = 'rlnMicrographName'
EVEN = 'rlnMicrographNameEven'
ODD = 'rlnMicrographNameOdd'
MOVIE = 'rlnMicrographMovieName'
ID = 'scipionMicrographId'
INPUT = 'micrographs.star'
OUTPUT = 'micrographs_denoised.star'


def optics_row(pixel_size, acquisition):
    """The columns that RELION 3.1 has, with what is known."""
    row = {'rlnOpticsGroupName': 'opticsGroup1', 'rlnOpticsGroup': 1}
    if pixel_size:
        row['rlnMicrographOriginalPixelSize'] = '%.6f' % pixel_size
    if acquisition is not None:
        for label, value in (('rlnVoltage', acquisition.getVoltage()),
                             ('rlnSphericalAberration', acquisition.getSphericalAberration()),
                             ('rlnAmplitudeContrast', acquisition.getAmplitudeContrast())):
            if value is not None:
                row[label] = '%.6f' % value
    if pixel_size:
        row['rlnMicrographPixelSize'] = '%.6f' % pixel_size
    return row


def write_list(path, rows, pixel_size, acquisition):
    """A list for the program. `rows` are dicts, their first key is NAME or MOVIE."""
    table = 'movies' if MOVIE in rows[0] else 'micrographs'
    write_star(path, {'optics': [optics_row(pixel_size, acquisition)],
                      table: [dict(row, rlnOpticsGroup=1) for row in rows]})


def micrograph_rows(path):
    """Rows of the list, whichever program wrote it."""
    tables = read_star(path)
    return tables.get('micrographs') or tables.get('') or []


def _expected_result(name):
    """Where the program puts the result of a micrograph, below its output folder."""
    parts = [part for part in name.split('/') if part not in ('', '.')]
    for i in reversed(range(len(parts) - 1)):
        if re.fullmatch(r'job\d{3,}', parts[i]):
            parts = parts[i + 1:]
            break
    return os.path.splitext('/'.join(parts))[0] + '.mrc'


class Batch:
    """A folder: the list for the program and all that it wrote."""

    def __init__(self, folder):
        self.folder = folder

    def write(self, micrographs, halves, pixel_size, acquisition):
        """`micrographs`: id -> file name; `halves`: id -> (even, odd), where these are known."""
        os.makedirs(self.folder, exist_ok=True)
        rows = []
        for number, name in micrographs.items():
            row = {NAME: name, ID: number}
            if halves:
                row[EVEN], row[ODD] = halves.get(number, ('', ''))
            rows.append(row)
        write_list(self.input_list(), rows, pixel_size, acquisition)

    def input_list(self):
        return os.path.join(self.folder, INPUT)

    def micrographs(self):
        """id -> file name."""
        if not os.path.exists(self.input_list()):
            return {}
        return {int(row[ID]): row[NAME] for row in micrograph_rows(self.input_list())}

    def failures(self):
        """id -> reason."""
        states, ids = self._states(), self._ids()
        return {ids[name]: reason for name, (state, reason) in states.items()
                if state == 'failed' and name in ids}

    def results(self):
        """id -> complete result. While the program runs, and after it was killed, as well."""
        results = self._early_results()
        final = os.path.join(self.folder, OUTPUT)
        if os.path.exists(final):
            results.update((int(row[ID]), row[NAME]) for row in micrograph_rows(final))
        return {number: path for number, path in results.items() if os.path.exists(path)}

    def numbers(self):
        """id -> name -> value, what the program has measured. None until it has ended."""
        try:
            with open(os.path.join(self.folder, 'report.json')) as file:
                items = json.load(file)['items']
        except FileNotFoundError:
            return {}
        ids = self._ids()
        return {ids[item['name']]: item['numbers'] for item in items
                if item['name'] in ids and item.get('numbers')}

    def _early_results(self):
        by_result = {}
        for number, name in self.micrographs().items():
            by_result.setdefault(_expected_result(name).lower(), []).append((number, name))
        states = self._states()
        results = {}
        for sharers in by_result.values():
            if len(sharers) > 1:
                continue  # the program renames some of them: its list tells which
            number, name = sharers[0]
            if states.get(name, ('', ''))[0] in ('done', 'skipped'):
                results[number] = os.path.join(self.folder, _expected_result(name))
        return results

    def _ids(self):
        return {name: number for number, name in self.micrographs().items()}

    def _states(self):
        """File name -> (state, reason), the latest."""
        states = {}
        try:
            with open(os.path.join(self.folder, 'progress.jsonl'), errors='replace') as file:
                for line in file:
                    if not line.endswith('\n'):
                        break  # being written
                    event = json.loads(line)
                    if event.get('event') == 'item':
                        states[event['name']] = (event['state'], event.get('reason', ''))
        except FileNotFoundError:
            pass
        return states


def batches_below(folder):
    """All batches in the order of their numbers."""
    if not os.path.isdir(folder):
        return []
    return [Batch(os.path.join(folder, name)) for name in sorted(os.listdir(folder))
            if re.fullmatch(r'batch_\d+', name)]


def batch_folder(folder, number):
    return os.path.join(folder, 'batch_%04d' % number)


def group_batches(ids, is_open, smallest, largest, slot_count):
    """Cuts waiting ids into batches: as many as there are slots once the input is closed, `largest`
    at most while it grows, when a rest below `smallest` waits for more."""
    if not is_open:
        size = -(-len(ids) // max(1, slot_count))
        return [ids[i:i + size] for i in range(0, len(ids), size)] if ids else []
    groups = [ids[i:i + largest] for i in range(0, len(ids), largest)]
    return [group for group in groups if len(group) >= smallest]
