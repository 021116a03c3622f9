"""What a model file says of itself. Its first bytes are JSON (safetensors); nothing is executed."""

import json
import os
import re
import struct

from limpid.program import LimpidError

_LARGEST_HEADER = 16 << 20


class ModelDescription:
    """Pixel sizes in angstrom, None when unknown. `patch_px` and `best_loss` are None when the
    model does not tell."""

    def __init__(self, path, fields):
        self.path = path
        self.name = fields.get('name') or os.path.splitext(os.path.basename(path))[0]
        self.summary = fields.get('summary', '')
        self.training = fields.get('training', '')
        self.licence = fields.get('licence', '')
        sizes = fields.get('pixel_size_angstrom') or [None, None]
        self.smallest_pixel_size, self.largest_pixel_size = sizes[0], sizes[-1]
        self.patch_px = _number(r'patches of (\d+) px', self.training, int)
        self.best_loss = _number(r'best validation loss ([-+.\deE]+)', self.training, float)
        self.kind = kind_of_training(self.training)

    def pixel_sizes(self):
        if self.smallest_pixel_size is None:
            return 'unknown'
        if abs(self.largest_pixel_size - self.smallest_pixel_size) < 0.001:
            return '%.3f A/px' % self.smallest_pixel_size
        return '%.2f to %.2f A/px' % (self.smallest_pixel_size, self.largest_pixel_size)

    def fits_pixel_size(self, pixel_size):
        """Whether features have about the sizes that the model has seen; as the program judges."""
        if not pixel_size or self.smallest_pixel_size is None:
            return True
        return self.smallest_pixel_size / 1.02 <= pixel_size <= 1.02 * self.largest_pixel_size

    def lines(self):
        """For a summary."""
        lines = ['Model *%s*: %s' % (self.name, self.summary or 'no description'),
                 'Pixel size of its training data: ' + self.pixel_sizes()]
        if self.training:
            lines.append('Training: ' + self.training)
        return lines


def kind_of_training(text):
    if 'movies' in text:
        return 'movies'
    if 'halves' in text:
        return 'even/odd'
    if 'noise added' in text:
        return 'simulated noise'
    if 'truth' in text:
        return 'simulated truth'
    return 'unknown'


def _number(pattern, text, kind):
    found = re.search(pattern, text)
    return kind(found.group(1)) if found else None


def read_model(path):
    """Throws LimpidError that names the file."""
    try:
        with open(path, 'rb') as file:
            start = file.read(8)
            length = struct.unpack('<Q', start)[0] if len(start) == 8 else 0
            if not 2 <= length <= _LARGEST_HEADER:
                raise ValueError('it does not begin like a safetensors file')
            text = file.read(length)
            if len(text) < length:
                raise ValueError('its header is cut off')
            header = json.loads(text.decode('utf-8'))
            end = 8 + length + max([tensor['data_offsets'][1] for name, tensor in header.items()
                                    if name != '__metadata__'], default=0)
            size = os.fstat(file.fileno()).st_size
            if size != end:
                raise ValueError('it has %d bytes, and its header promises %d' % (size, end))
            metadata = header.get('__metadata__', {})
            if 'limpid.model' not in metadata:
                raise ValueError('it is a safetensors file, but not a model of Limpid')
            return ModelDescription(path, json.loads(metadata['limpid.model']))
    except OSError as error:
        raise LimpidError('The model %s cannot be read: %s.' % (path, error.strerror)) from error
    except (ValueError, KeyError, TypeError, AttributeError, struct.error) as error:
        raise LimpidError('%s is no usable model: %s. Choose another file, or train it again.'
                          % (path, error)) from error


def shipped_models(folder):
    """Names of the models that come with the program."""
    try:
        return sorted(os.path.splitext(file)[0] for file in os.listdir(folder)
                      if file.endswith('.safetensors'))
    except OSError:
        return []


def shipped_model_path(folder, name):
    """Throws LimpidError that lists the names there are."""
    path = os.path.join(folder, name + '.safetensors')
    if not os.path.isfile(path):
        raise LimpidError('There is no model "%s" in %s. There are: %s.'
                          % (name, folder, ', '.join(shipped_models(folder)) or 'none'))
    return path
