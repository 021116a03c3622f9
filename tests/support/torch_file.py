"""Writes files as torch.save() does, without PyTorch, for tests of what reads them."""
import io
import pickle
import struct
import sys
import types
import zipfile

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C


class FloatStorage:
    pass


class DoubleStorage:
    pass


def _rebuild_tensor_v2():
    pass


# So that the pickler writes the names that PyTorch's would have.
for module, member in (("torch", FloatStorage), ("torch", DoubleStorage), ("torch._utils", _rebuild_tensor_v2)):
    member.__module__ = module
    sys.modules.setdefault(module, types.ModuleType(module))
    setattr(sys.modules[module], member.__name__, member)


class Tensor:
    """Shape and values of a tensor; what its pickle says can be changed to something untrue."""

    def __init__(self, shape, values, **changes):
        self.shape, self.values = shape, values
        self.strides = []
        for size in reversed(shape):
            self.strides.insert(0, self.strides[0] * shape[len(shape) - len(self.strides)] if self.strides else 1)
        self.kind, self.count, self.offset = FloatStorage, len(values), 0
        self.__dict__.update(changes)


class TensorPickler(pickle.Pickler):
    def __init__(self, stream, legacy):
        super().__init__(stream, protocol=2)
        self.legacy = legacy
        self.storages = {}

    def persistent_id(self, value):
        if not isinstance(value, StorageOf):
            return None
        tensor = value.tensor
        key = str(len(self.storages))
        self.storages[key] = tensor
        return ("storage", tensor.kind, key, "cpu", tensor.count) + ((None,) if self.legacy else ())

    def reducer_override(self, value):
        if not isinstance(value, Tensor):
            return NotImplemented
        from collections import OrderedDict
        return _rebuild_tensor_v2, (StorageOf(value), value.offset, tuple(value.shape), tuple(value.strides), False,
                                    OrderedDict())


class StorageOf:
    def __init__(self, tensor):
        self.tensor = tensor


def numbers(tensor):
    return struct.pack(f"<{len(tensor.values)}f", *tensor.values)


def legacy_file(state):
    stream = io.BytesIO()
    pickle.dump(LEGACY_MAGIC, stream, protocol=2)
    pickle.dump(1001, stream, protocol=2)
    pickle.dump({"protocol_version": 1001, "little_endian": True, "type_sizes": {"int": 4}}, stream, protocol=2)
    pickler = TensorPickler(stream, legacy=True)
    pickler.dump(state)
    pickle.dump(sorted(pickler.storages), stream, protocol=2)
    for _, tensor in sorted(pickler.storages.items()):
        stream.write(struct.pack("<q", len(tensor.values)) + numbers(tensor))
    return stream.getvalue()


def zip_file(state, compression=zipfile.ZIP_STORED, without=()):
    description = io.BytesIO()
    pickler = TensorPickler(description, legacy=False)
    pickler.dump(state)
    members = {"data.pkl": description.getvalue(), "byteorder": b"little", "version": b"3\n"}
    members.update({f"data/{key}": numbers(tensor) for key, tensor in pickler.storages.items()})
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in members.items():
            if name not in without:
                archive.writestr("archive/" + name, content)
    return stream.getvalue()
