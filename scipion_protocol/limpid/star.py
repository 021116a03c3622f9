"""Just enough of STAR: tables in loops, one row a line, values with spaces in quotes."""

import re

_VALUE = re.compile(r'"((?:[^"]|"(?=\S))*)"(?=\s|$)|\'((?:[^\']|\'(?=\S))*)\'(?=\s|$)|(\S+)')


def _quoted(value):
    text = str(value)
    if text and not re.search(r'\s', text) and text[0] not in '"\'#_$[];' \
            and not text.lower().startswith(('data_', 'loop_', 'save_', 'stop_', 'global_')):
        return text
    return '"%s"' % text


def write_star(path, tables):
    """`tables`: name -> list of rows, which are dicts with the same keys in the same order."""
    with open(path, 'w') as file:
        for name, rows in tables.items():
            file.write('\n# version 30001\n\ndata_%s\n\nloop_\n' % name)
            labels = list(rows[0])
            for number, label in enumerate(labels, 1):
                file.write('_%s #%d\n' % (label, number))
            for row in rows:
                file.write(' '.join(_quoted(row[label]) for label in labels) + '\n')
            file.write('\n')


def read_star(path):
    """name -> list of rows (dicts of text). Tables without rows are left out."""
    tables = {}
    name, labels, in_labels = None, [], False
    with open(path, errors='surrogateescape') as file:
        for line in file:
            text = line.strip()
            if not text or text.startswith('#'):
                continue
            if text.startswith('data_'):
                name, labels, in_labels = text[len('data_'):], [], False
            elif text == 'loop_':
                labels, in_labels = [], True
            elif in_labels and text.startswith('_'):
                labels.append(text.split()[0][1:])
            elif labels:
                in_labels = False
                values = [a or b or c for a, b, c in _VALUE.findall(text)]
                tables.setdefault(name, []).append(dict(zip(labels, values)))
    return tables
