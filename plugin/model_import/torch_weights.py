#!/usr/bin/env python3
"""Writes the tensors of a file of torch.save() as safetensors: torch_weights.py FILE > RESULT

FILE holds a state_dict: names and float32 tensors, in either format of torch.save(). Such a file is a pickle, a small
program that can start any other. Nothing of it is executed here: the opcodes that a state_dict consists of build
plain containers, the few names it needs stand for themselves, and everything else is refused. One line on stderr says
why. Only Python's standard library is used.
"""
import io
import json
import pickletools
import struct
import sys
import zipfile

MOST_BYTES = 1 << 30
MOST_PICKLE_BYTES = 16 << 20
MOST_OPCODES = 1000000
MOST_DIMENSIONS = 5
ELEMENT_BYTES = 4

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
LEGACY_PROTOCOL = 1001

DICTIONARY = "collections OrderedDict"
FLOAT_STORAGE = "torch FloatStorage"
REBUILD_TENSOR = "torch._utils _rebuild_tensor_v2"
REBUILD_PARAMETER = "torch._utils _rebuild_parameter"
KNOWN_NAMES = {DICTIONARY, FLOAT_STORAGE, REBUILD_TENSOR, REBUILD_PARAMETER}

MARK = object()


class Refused(Exception):
    """The message is for the user."""


class Name(str):
    """A global that a pickle asks for, as 'module name'. It is never looked up."""


class Storage:
    def __init__(self, key, count):
        self.key, self.count = key, count


class Tensor:
    def __init__(self, storage, offset, shape):
        self.storage, self.offset, self.shape = storage, offset, shape

    def count(self):
        count = 1
        for size in self.shape:
            count *= size
        return count


def is_count(value):
    return type(value) is int and 0 <= value <= MOST_BYTES


def require(condition, message):
    if not condition:
        raise Refused(message)


def contiguous_strides(shape):
    strides, step = [], 1
    for size in reversed(shape):
        strides.insert(0, step)
        step *= size
    return strides


def tensor_of(arguments):
    """What _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks) describes."""
    require(type(arguments) is tuple and len(arguments) >= 4, "a tensor is described wrongly")
    storage, offset, shape, strides = arguments[:4]
    require(type(storage) is Storage and type(shape) is tuple and type(strides) is tuple,
            "a tensor is described wrongly")
    require(len(shape) <= MOST_DIMENSIONS and len(shape) == len(strides), "a tensor has too many dimensions")
    require(all(map(is_count, (offset, *shape, *strides))), "a tensor has an impossible size")
    for size, stride, expected in zip(shape, strides, contiguous_strides(shape)):
        require(size <= 1 or stride == expected, "a tensor is not stored in rows")
    tensor = Tensor(storage, offset, shape)
    require(offset + tensor.count() <= storage.count, "a tensor is larger than its data")
    return tensor


def call(name, arguments):
    """Stands for the call of a known name."""
    if name == DICTIONARY and arguments == ():
        return {}
    if name == REBUILD_TENSOR:
        return tensor_of(arguments)
    if name == REBUILD_PARAMETER and type(arguments) is tuple and arguments and type(arguments[0]) is Tensor:
        return arguments[0]
    raise Refused(f"its pickle calls '{name}' in a way that no state_dict does")


def storage_of(identity):
    """('storage', type, key, location, count) and, in the older format, a view: None."""
    require(type(identity) is tuple and len(identity) in (5, 6) and identity[0] == "storage",
            "its pickle refers to something that is no tensor; save the state_dict() of a module, not the module")
    _, kind, key, _, count = identity[:5]
    require(type(kind) is Name, "a storage has no type")
    require(kind == FLOAT_STORAGE, f"its numbers are of type '{kind}'; expected '{FLOAT_STORAGE}'")
    require(type(key) is str and is_count(count), "a storage is described wrongly")
    require(len(identity) == 5 or identity[5] is None, "a storage is a view of another one")
    return Storage(key, count)


class Pickle:
    """Reads one pickle from a stream. Containers are dict, list and tuple; nothing is imported or called."""

    def __init__(self, stream):
        self.stack, self.memo = [], {}
        self.value = None
        try:
            for count, (opcode, argument, _) in enumerate(pickletools.genops(stream)):
                require(count < MOST_OPCODES, "its pickle is too long")
                step = getattr(self, "do_" + opcode.name, None)
                require(step is not None, f"its pickle uses the opcode {opcode.name}, which no state_dict needs")
                step(argument)
        except (IndexError, KeyError, ValueError, TypeError, AttributeError, OverflowError) as error:
            raise Refused(f"its pickle is damaged ({type(error).__name__})") from None

    def pop_to_mark(self):
        items = []
        while True:
            item = self.stack.pop()
            if item is MARK:
                return items[::-1]
            items.append(item)

    def top(self, kind):
        require(type(self.stack[-1]) is kind, "its pickle fills something that is no container")
        return self.stack[-1]

    def push(self, value):
        self.stack.append(value)

    do_BININT = do_BININT1 = do_BININT2 = do_LONG1 = do_BINFLOAT = do_BINUNICODE = do_SHORT_BINUNICODE = push

    def do_PROTO(self, version):
        require(version == 2, f"its pickle has protocol {version}; expected 2")

    def do_STOP(self, _):
        self.value = self.stack.pop()

    def do_MARK(self, _):
        self.stack.append(MARK)

    def do_NONE(self, _):
        self.stack.append(None)

    def do_NEWTRUE(self, _):
        self.stack.append(True)

    def do_NEWFALSE(self, _):
        self.stack.append(False)

    def do_EMPTY_DICT(self, _):
        self.stack.append({})

    def do_EMPTY_LIST(self, _):
        self.stack.append([])

    def do_EMPTY_TUPLE(self, _):
        self.stack.append(())

    def do_TUPLE(self, _):
        self.stack.append(tuple(self.pop_to_mark()))

    def take_tuple(self, size):
        items = [self.stack.pop() for _ in range(size)]
        self.stack.append(tuple(items[::-1]))

    def do_TUPLE1(self, _):
        self.take_tuple(1)

    def do_TUPLE2(self, _):
        self.take_tuple(2)

    def do_TUPLE3(self, _):
        self.take_tuple(3)

    def do_APPEND(self, _):
        item = self.stack.pop()
        self.top(list).append(item)

    def do_APPENDS(self, _):
        items = self.pop_to_mark()
        self.top(list).extend(items)

    def do_SETITEM(self, _):
        value, key = self.stack.pop(), self.stack.pop()
        self.set_items([key, value])

    def do_SETITEMS(self, _):
        self.set_items(self.pop_to_mark())

    def set_items(self, items):
        target = self.top(dict)
        for key, value in zip(items[::2], items[1::2]):
            require(type(key) is str, "its pickle has a key that is no text")
            target[key] = value

    def do_BINPUT(self, index):
        self.memo[index] = self.stack[-1]

    do_LONG_BINPUT = do_BINPUT

    def do_BINGET(self, index):
        self.stack.append(self.memo[index])

    do_LONG_BINGET = do_BINGET

    def do_GLOBAL(self, name):
        require(name in KNOWN_NAMES, f"its pickle asks for '{name}', which is refused; a state_dict of float32 tensors "
                                     f"is expected, as torch.save(module.state_dict(), FILE) writes it")
        self.stack.append(Name(name))

    def do_REDUCE(self, _):
        arguments, name = self.stack.pop(), self.stack.pop()
        require(type(name) is Name, "its pickle calls something that is no name")
        self.stack.append(call(name, arguments))

    def do_BUILD(self, _):
        self.stack.pop()  # attributes of a state_dict, such as the versions of its modules
        self.top(dict)

    def do_BINPERSID(self, _):
        self.stack.append(storage_of(self.stack.pop()))


def named_tensors(value):
    require(type(value) is dict and value and all(type(v) is Tensor for v in value.values()),
            "it holds something else than a state_dict of tensors")
    return value


def check_storages(tensors):
    """Storages by key; all tensors of a key agree on its size."""
    counts = {}
    for tensor in tensors.values():
        key, count = tensor.storage.key, tensor.storage.count
        require(counts.setdefault(key, count) == count, f"its storage '{key}' has two sizes")
    return counts


def read_exactly(stream, size):
    content = stream.read(size)
    require(len(content) == size, "it ends too early")
    return content


def read_legacy(stream):
    """Five pickles (magic number, protocol, system, state_dict, keys), then for each key a count and the numbers."""
    require(stream.getvalue().startswith(b"\x80\x02") and Pickle(stream).value == LEGACY_MAGIC,
            "it is no file of torch.save()")
    require(Pickle(stream).value == LEGACY_PROTOCOL, "its format is not known")
    system = Pickle(stream).value
    require(type(system) is dict and system.get("little_endian") is True, "its numbers are not little-endian")
    tensors = named_tensors(Pickle(stream).value)
    counts = check_storages(tensors)
    keys = Pickle(stream).value
    require(type(keys) is list and all(type(key) is str for key in keys) and sorted(keys) == sorted(counts),
            "its list of storages does not fit its tensors")
    storages = {}
    for key in keys:
        count, = struct.unpack("<q", read_exactly(stream, 8))
        require(count == counts[key], f"its storage '{key}' has another size than its tensors say")
        storages[key] = read_exactly(stream, count * ELEMENT_BYTES)
    require(not stream.read(1), "bytes are left over at its end")
    return tensors, storages


def read_member(archive, name, most_bytes):
    try:
        entry = archive.getinfo(name)
    except KeyError:
        raise Refused(f"its archive has no '{name}'") from None
    require(entry.compress_type == zipfile.ZIP_STORED and not entry.flag_bits & 1, f"'{name}' in it is not plainly stored")
    require(entry.file_size <= most_bytes, f"'{name}' in it is too large")
    return archive.read(entry)


def read_zip(stream):
    """FOLDER/data.pkl and FOLDER/data/KEY, stored as they are."""
    try:
        with zipfile.ZipFile(stream) as archive:
            names = [name for name in archive.namelist() if name.count("/") == 1 and name.endswith("/data.pkl")]
            require(len(names) == 1, "its archive has no single data.pkl")
            folder = names[0].split("/")[0]
            if folder + "/byteorder" in archive.namelist():
                require(read_member(archive, folder + "/byteorder", 16) == b"little", "its numbers are not little-endian")
            tensors = named_tensors(Pickle(io.BytesIO(read_member(archive, names[0], MOST_PICKLE_BYTES))).value)
            storages = {}
            for key, count in check_storages(tensors).items():
                storages[key] = read_member(archive, f"{folder}/data/{key}", MOST_BYTES)
                require(len(storages[key]) == count * ELEMENT_BYTES,
                        f"its storage '{key}' has another size than its tensors say")
            return tensors, storages
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, struct.error, OSError) as error:
        raise Refused(f"its archive is damaged ({error})") from None


def safetensors(tensors, storages):
    header, parts, position = {}, [], 0
    for name, tensor in tensors.items():
        size = tensor.count() * ELEMENT_BYTES
        begin = tensor.offset * ELEMENT_BYTES
        require(position + size <= MOST_BYTES, "its tensors are too large")
        parts.append(storages[tensor.storage.key][begin:begin + size])
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [position, position + size]}
        position += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return b"".join([struct.pack("<Q", len(text)), text, *parts])


def convert(path):
    with open(path, "rb") as file:
        content = file.read(MOST_BYTES + 1)
    require(len(content) <= MOST_BYTES, "it is larger than 1 GiB")
    stream = io.BytesIO(content)
    return safetensors(*(read_zip(stream) if content.startswith(b"PK\x03\x04") else read_legacy(stream)))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__.splitlines()[0])
    try:
        sys.stdout.buffer.write(convert(sys.argv[1]))
        sys.stdout.buffer.flush()
    except Refused as error:
        sys.exit("".join(letter if letter.isprintable() else "?" for letter in str(error)[:400]))
    except (OSError, MemoryError, RecursionError) as error:
        sys.exit(str(error).splitlines()[0] if str(error) else type(error).__name__)


if __name__ == "__main__":
    main()
