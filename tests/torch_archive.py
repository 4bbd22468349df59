"""Checkpoints as torch.save writes them, without torch: a zip archive with a pickle and the content of each tensor."""

import io
import zipfile

import numpy as np

STORAGES = {np.dtype(np.float32): "torch FloatStorage", np.dtype(np.int64): "torch LongStorage"}


def function(name):
    """Push a function or class, written "module name"."""
    module, _, own = name.partition(" ")
    return b"c" + f"{module}\n{own}\n".encode()


def text(value):
    data = value.encode()
    return b"X" + len(data).to_bytes(4, "little") + data


def number(value):
    return b"J" + value.to_bytes(4, "little", signed=True)


def pair(*items):
    """Push a tuple of any length."""
    return b"(" + b"".join(items) + b"t"


def call(name, *arguments):
    return function(name) + pair(*arguments) + b"R"


def dictionary(items):
    """Push an OrderedDict of pushed values by key."""
    return call("collections OrderedDict") + b"(" + b"".join(text(key) + value for key, value in items.items()) + b"u"


def tensor(key, array, *, storage=None, n_values=None, shape=None, strides=None, start=0):
    """Push a tensor whose content is a member."""
    array = np.asarray(array)
    shape = array.shape if shape is None else shape
    strides = tuple(step // array.itemsize for step in array.strides) if strides is None else strides
    content = pair(
        text("storage"),
        function(storage or STORAGES[array.dtype]),
        text(key),
        text("cpu"),
        number(array.size if n_values is None else n_values),
    )
    return call(
        "torch._utils _rebuild_tensor_v2",
        content + b"Q",
        number(start),
        pair(*map(number, shape)),
        pair(*map(number, strides)),
        b"\x89",  # requires_grad
        call("collections OrderedDict"),
    )


def scalar(value):
    """Push a number of numpy, as it stands in aiSFX's checkpoint."""
    kind = call("numpy dtype", text("i8"), b"\x89", b"\x88")
    state = pair(number(3), text("<"), b"N", b"N", b"N", number(-1), number(-1), number(0))
    content = call("_codecs encode", text(value.to_bytes(8, "little").decode("latin1")), text("latin1"))
    return call("numpy.core.multiarray scalar", kind + state + b"b", content)


def program(tensors):
    """A pair: the tensors by name, with attributes of the dictionary, and a dictionary of other values."""
    arrays = dictionary({name: tensor(str(key), array) for key, (name, array) in enumerate(tensors.items())})
    attributes = b"}" + text("_metadata") + call("collections OrderedDict") + b"s"
    others = b"}(" + text("soundly") + pair(scalar(0), number(81)) + b"u"
    return pair(arrays + attributes + b"b", others)


def archive(pickle, members):
    """An archive with a pickle (without its frame) and members by key."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("archive/data.pkl", b"\x80\x02" + pickle + b".")
        for key, content in members.items():
            made.writestr(f"archive/data/{key}", content)
        made.writestr("archive/version", "3\n")
    return file.getvalue()


def checkpoint(tensors):
    """The whole file of some tensors."""
    return archive(program(tensors), {str(key): array.tobytes() for key, array in enumerate(tensors.values())})
