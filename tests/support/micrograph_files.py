"""Small micrographs and their lists, for tests in Python."""
import io
import struct

import mrcfile
import numpy


def noise(seed=0, shape=(150, 200), mean=10.0, sigma=2.0):
    """Some structure under noise."""
    random = numpy.random.default_rng(seed)
    y, x = numpy.mgrid[:shape[0], :shape[1]]
    return (mean + sigma * random.normal(size=shape) + sigma * numpy.sin(x / 9) * numpy.cos(y / 7)).astype("f4")


def write_mrc(path, image, pixel_size=1.25):
    path.parent.mkdir(parents=True, exist_ok=True)
    with mrcfile.new(path, overwrite=True) as file:
        file.set_data(image)
        file.voxel_size = pixel_size
    return path


def write_packed_mrc(path, image):
    """Mode 101: two pixels a byte, the first in the low half; rows begin at whole bytes."""
    height, width = image.shape
    write_mrc(path, numpy.zeros((height, (width + 1) // 2), "i1"))
    padded = numpy.zeros((height, width + width % 2), "u1")
    padded[:, :width] = image
    packed = padded[:, ::2] | (padded[:, 1::2] << 4)
    content = bytearray(path.read_bytes())[:1024]
    content[0:4] = struct.pack("<i", width)
    content[12:16] = struct.pack("<i", 101)
    content[28:32] = struct.pack("<i", width)
    content[40:44] = struct.pack("<f", 1.25 * width)
    path.write_bytes(bytes(content) + packed.tobytes())
    return path


def write_tiff(path, image):
    """An uncompressed little-endian TIFF of one strip, rows from top to bottom as given."""
    height, width = image.shape
    sample_format = {"u": 1, "i": 2, "f": 3}[image.dtype.kind]
    bits = image.dtype.itemsize * 8
    entries = [(256, 4, width), (257, 4, height), (258, 3, bits), (259, 3, 1), (262, 3, 1), (273, 4, 8), (277, 3, 1),
               (278, 4, height), (279, 4, image.nbytes), (339, 3, sample_format)]
    directory = struct.pack("<H", len(entries))
    for tag, kind, value in entries:
        directory += struct.pack("<HHI", tag, kind, 1) + (struct.pack("<HH", value, 0) if kind == 3
                                                            else struct.pack("<I", value))
    path.write_bytes(b"II*\0" + struct.pack("<I", 8 + image.nbytes) + image.astype(image.dtype.newbyteorder("<")).tobytes()
                     + directory + bytes(4))
    return path


def read(path):
    with mrcfile.open(path) as file:
        return file.data.copy(), float(file.voxel_size.x)


def is_valid(path):
    return mrcfile.validate(path, print_file=io.StringIO())


def with_random_weights(model):
    """A model file of small_model() that does something."""
    (header_size,) = struct.unpack("<Q", model[:8])
    start = 8 + header_size
    weights = numpy.random.default_rng(1).normal(0, 0.1, (len(model) - start) // 4).astype("<f4")
    return model[:start] + weights.tobytes()


def list_of(names):
    return "data_micrographs\n\nloop_\n_rlnMicrographName #1\n" + "".join(f"{name}\n" for name in names)


def names_in(star, label="_rlnMicrographName"):
    """The values of one column, for lists whose values hold no spaces."""
    column, names = None, []
    for line in star.read_text(errors="surrogateescape").splitlines():
        words = line.split()
        if words and words[0] == label:
            column = int(words[1][1:]) - 1
        elif column is not None and words and not words[0].startswith(("_", "loop_", "data_", "#")):
            names.append(words[column].strip("\"'"))
        elif not words and names:
            column = None
    return names
