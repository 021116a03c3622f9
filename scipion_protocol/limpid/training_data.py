"""Which files belong together when a model is trained."""

import re

from limpid.batch import EVEN, MOVIE, NAME, ODD

# Motion correction (new streaming engine): names of the odd and the even sum, in this order.
HALVES_ATTRIBUTE = '_mcEvenOddMics'


def _pair_name(micrograph):
    """Common to both halves: the name of the movie, without what tells the halves apart."""
    name = micrograph.getMicName() or micrograph.getFileName()
    stem = re.sub(r'\.[^./]*$', '', name)
    return re.sub(r'_(EVN|ODD|even|odd)$', '', stem)


def rows_of_two_sets(even_micrographs, odd_micrographs):
    """Pairs by name: ids of both sets need not agree. Micrographs without partner are left out."""
    odd_files = {_pair_name(item): item.getFileName() for item in odd_micrographs}
    rows = []
    for item in even_micrographs:
        odd = odd_files.get(_pair_name(item))
        if odd is not None and odd != item.getFileName():
            rows.append({NAME: item.getFileName(), EVEN: item.getFileName(), ODD: odd})
    return rows


def halves_of(micrograph):
    """(even, odd) as motion correction has noted them, or None."""
    halves = getattr(micrograph, HALVES_ATTRIBUTE, None)
    names = [str(name) for name in halves] if halves is not None else []
    return (names[1], names[0]) if len(names) == 2 else None


def rows_of_noted_halves(micrographs):
    rows = []
    for item in micrographs:
        halves = halves_of(item)
        if halves:
            rows.append({NAME: item.getFileName(), EVEN: halves[0], ODD: halves[1]})
    return rows


def rows_of_single(micrographs):
    return [{NAME: item.getFileName()} for item in micrographs]


def rows_of_movies(movies):
    return [{MOVIE: item.getFileName()} for item in movies]
