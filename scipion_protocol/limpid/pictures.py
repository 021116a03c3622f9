"""Pictures of micrographs before and after, which the program draws."""

import os
import shutil
import subprocess

import limpid
from limpid.batch import NAME, batches_below, write_list
from limpid.program import LimpidError


def choose_evenly(items, count):
    """Up to `count` of the items, from the first to the last."""
    if count >= len(items):
        return list(items)
    if count == 1:
        return [items[len(items) // 2]]
    return [items[round(i * (len(items) - 1) / (count - 1))] for i in range(count)]


def draw_pictures(extra_folder, identities, pixel_size, acquisition):
    """id -> PNG file. Those of earlier calls are taken as they are, unless a result is newer."""
    pictures = {}
    for batch in batches_below(extra_folder):
        results, names = batch.results(), batch.micrographs()
        wanted = {identity: names[identity] for identity in identities if identity in results}
        for identity, name in wanted.items():
            target = os.path.join(extra_folder, 'pictures', '%06d.png' % identity)
            if not _is_newer(target, results[identity]):
                _draw(batch, name, target, pixel_size, acquisition)
            pictures[identity] = target
    return pictures


def _is_newer(picture, result):
    return os.path.exists(picture) and os.path.getmtime(picture) >= os.path.getmtime(result)


def _draw(batch, name, target, pixel_size, acquisition):
    folder = os.path.splitext(target)[0]
    os.makedirs(folder, exist_ok=True)
    listing = os.path.join(folder, 'micrograph.star')
    write_list(listing, [{NAME: name}], pixel_size, acquisition)
    run = subprocess.run([limpid.Plugin.getProgram(), 'preview', '--in_mics', listing, '--denoised',
                          batch.folder, '--o', folder, '--count', '1', '--device', 'cpu', '--quiet'],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True,
                         env=limpid.Plugin.getEnviron())
    drawn = [os.path.join(place, file) for place, _, files in os.walk(folder)
             for file in files if file.endswith('.png')]
    if run.returncode != 0 or not drawn:
        raise LimpidError('No picture of %s could be drawn: %s'
                          % (name, run.stderr.strip().split('\n')[-1]))
    os.replace(drawn[0], target)
    shutil.rmtree(folder)
