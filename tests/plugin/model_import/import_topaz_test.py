"""Models of Topaz's weights, and hostile files in their place: import_topaz_test.py PROGRAM."""
import importlib.util
import os
import pickle
import random
import struct
import zipfile
from collections import OrderedDict
from pathlib import Path

import limpid_program
from limpid_program import ProgramTest
from torch_file import DoubleStorage, Tensor, legacy_file, zip_file

SCRIPT = Path(__file__).resolve().parents[3] / "plugin" / "model_import" / "torch_weights.py"


def load_reader():
    spec = importlib.util.spec_from_file_location("torch_weights", SCRIPT)
    reader = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reader)
    return reader


READER = load_reader()


def filter_state(**changes):
    """A small network of Topaz: one filter."""
    weight = Tensor([1, 1, 5, 5], [0.01 * i for i in range(25)])
    weight.__dict__.update(changes)
    state = OrderedDict({"filter.weight": weight, "filter.bias": Tensor([1], [0.5])})
    state._metadata = OrderedDict({"": {"version": 1}})  # as a module's state_dict has
    return state


class Call:
    """Pickles as the call of a function."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


class ImportTopaz(ProgramTest):
    def write(self, content, name="weights.sav"):
        (self.folder / name).write_bytes(content)
        return name

    def check_import_refused(self, content, *texts):
        name = self.write(content)
        result = self.run_program("models", "import-topaz", name, "-o", "model.safetensors")
        with self.subTest(expected=texts, stderr=result.stderr):
            self.assertEqual((result.returncode, result.stdout), (3, ""))
            self.assertEqual(result.stderr.count("\n"), 1)
            for text in ("limpid: importing 'weights.sav': ", *texts):
                self.assertIn(text, result.stderr)
            self.assertEqual(sorted(os.listdir(self.folder)), ["weights.sav"])

    def check_reader_refused(self, content, *texts):
        """As the program does, without starting it; nothing but Refused may come."""
        with self.subTest(expected=texts), self.assertRaises(READER.Refused) as caught:
            READER.convert(self.folder / self.write(content))
        for text in texts:
            self.assertIn(text, str(caught.exception))
        self.assertEqual(os.listdir(self.folder), ["weights.sav"])

    def test_both_formats_give_the_same_model(self):
        for content, name in ((legacy_file(filter_state()), "old.sav"), (zip_file(filter_state()), "new.sav")):
            output = self.check_done("models", "import-topaz", self.write(content, name), "-o", name + ".safetensors")
            self.assertIn("topaz", output)
        data = [(self.folder / f"{name}.sav.safetensors").read_bytes() for name in ("old", "new")]
        tensors = [content[8 + struct.unpack("<Q", content[:8])[0]:] for content in data]
        self.assertEqual(*tensors)
        self.assertIn(struct.pack("<3f", 0.01, 0.02, 0.03), tensors[0])

    def test_info_tells_where_it_comes_from(self):
        self.check_done("models", "import-topaz", self.write(legacy_file(filter_state())), "-o", "model.safetensors")
        info = self.check_done("models", "info", "./model.safetensors")
        for text in ("weights.sav", "GPL-3.0", "not stated", "5x5", "all pixels"):
            self.assertIn(text, info)

    def test_it_cannot_be_trained(self):
        self.check_done("models", "import-topaz", self.write(legacy_file(filter_state())), "-o", "model.safetensors")
        self.check_done("simulate", "--o", "data", "--count", "2", "--size", "64", "--no_movie")
        self.check_refused(3, "train", "--in_mics", "data/micrographs.star", "--pairs", "halves", "--from",
                           "./model.safetensors", "--o", "trained", saying="can be applied, not trained")

    def test_a_file_is_not_replaced_by_its_model(self):
        content = legacy_file(filter_state())
        self.write(content)
        self.check_refused(2, "models", "import-topaz", "weights.sav", "-o", "weights.sav", saying="would be replaced")
        self.assertEqual((self.folder / "weights.sav").read_bytes(), content)

    def test_without_python(self):
        self.write(legacy_file(filter_state()))
        self.check_refused(2, "models", "import-topaz", "weights.sav", "-o", "model.safetensors",
                           saying="'python3' is not in PATH", env={"PATH": str(self.folder)})

    def test_nothing_in_a_pickle_is_executed(self):
        touch = f"touch {self.folder}/hacked"
        for value, name in ((Call(os.system, touch), "system"), (Call(eval, f"open('{self.folder}/hacked', 'w')"), "eval"),
                            (Call(getattr, OrderedDict, "fromkeys"), "getattr"), (Call(OrderedDict, [("a", 1)]), "OrderedDict"),
                            (Call(__import__, "os"), "builtin__")):
            state = filter_state()
            state["hidden"] = value
            for content in (legacy_file(state), zip_file(state)):
                self.check_reader_refused(content, name)
        self.check_import_refused(content, "asks for '__builtin__ __import__', which is refused")
        self.check_reader_refused(pickle.dumps(Call(os.system, touch), protocol=2), "system")
        for protocol in (0, 3, 4, 5):
            self.check_reader_refused(pickle.dumps(Call(os.system, touch), protocol=protocol), "no file of torch.save()")
        for opcodes, name in ((b"\x80\x02(No.", "OBJ"), (b"\x80\x02(ios\nsystem\n.", "INST"),
                              (b"\x80\x02\x82\x01.", "EXT1"), (b"\x80\x02ctorch\nFloatStorage\n)\x81.", "NEWOBJ"),
                              (b"\x80\x02X\x02\x00\x00\x00osX\x06\x00\x00\x00system\x93.", "STACK_GLOBAL")):
            self.check_reader_refused(opcodes, name)

    def test_tensors_that_are_not_what_they_say(self):
        for changes, text in (({"count": 1 << 29}, "another size"), ({"count": 1 << 60}, "described wrongly"),
                              ({"count": -1}, "described wrongly"), ({"offset": 1}, "larger than its data"),
                              ({"offset": -1}, "impossible size"), ({"shape": [1, 1, 1 << 20, 1 << 20]}, "not stored in rows"),
                              ({"strides": [25, 25, 1, 5]}, "not stored in rows"), ({"shape": [5, 5]}, "dimensions"),
                              ({"kind": DoubleStorage}, "torch DoubleStorage")):
            self.check_reader_refused(legacy_file(filter_state(**changes)), text)
            self.check_reader_refused(zip_file(filter_state(**changes)), text)
        self.check_import_refused(legacy_file(filter_state(values=[float("nan")] * 25)), "filter.weight")

    def test_archives_that_are_not_plain(self):
        self.check_reader_refused(zip_file(filter_state(), without=("data.pkl",)), "no single data.pkl")
        self.check_reader_refused(zip_file(filter_state(), without=("data/1",)), "no 'archive/data/1'")
        self.check_reader_refused(zip_file(filter_state(), zipfile.ZIP_DEFLATED), "not plainly stored")

    def test_states_that_are_no_network(self):
        def weights(shape, name="filter.weight"):
            return legacy_file({name: Tensor(shape, [0.0] * 9)})
        self.check_import_refused(weights([1, 1, 3, 3], "other.weight"), "no denoising network")
        self.check_import_refused(weights([1, 1, 3, 3]), "'filter.bias' is missing")
        self.check_import_refused(weights([1, 1, 3, 3, 1]), "volumes")
        for value in ([1, 2], {"epoch": 3}, {}, {"state": filter_state()}, {1: 2}, "text"):
            self.check_reader_refused(legacy_file(value))

    def test_cut_and_lengthened_files(self):
        for content in (legacy_file(filter_state()), zip_file(filter_state())):
            for length in (0, 1, 10, 60, len(content) // 2, len(content) - 1):
                self.check_reader_refused(content[:length])
        self.check_reader_refused(legacy_file(filter_state()) + b"x", "left over")
        self.check_refused(3, "models", "import-topaz", "none.sav", "-o", "x.safetensors", saying="none.sav")
        self.check_refused(3, "models", "import-topaz", ".", "-o", "x.safetensors")

    def test_mutated_files_are_refused_or_read(self):
        generator = random.Random(7)
        path = self.folder / "mutated.sav"
        refused = 0
        for content in (legacy_file(filter_state()), zip_file(filter_state())):
            for _ in range(400):
                changed = bytearray(content)
                for _ in range(generator.randint(1, 3)):
                    changed[generator.randrange(len(changed))] = generator.choice((0, 1, 0x28, 0x7F, 0xFF, generator.randrange(256)))
                path.write_bytes(changed)
                try:
                    READER.convert(path)
                except READER.Refused:
                    refused += 1
        self.assertGreater(refused, 200)


if __name__ == "__main__":
    limpid_program.main()
