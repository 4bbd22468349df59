"""Reading checkpoints: tensors and nothing else."""

import io
import zipfile

import numpy as np
import pytest

from bowerbird.base.errors import EncoderError
from bowerbird.encoders.weights import tensor_file
from bowerbird.encoders.weights.tensor_file import read_tensors
from torch_archive import archive, call, checkpoint, dictionary, function, number, pair, program, tensor, text

A = np.arange(6, dtype=np.float32).reshape(2, 3)
COUNT = np.array(7, np.int64)


def read(data):
    return read_tensors(io.BytesIO(data), name="checkpoint.pth")


def one(pushed, content=None):
    """An archive with one tensor, written in a way that the test chooses."""
    return archive(dictionary({"a": pushed}), {"0": A.tobytes() if content is None else content})


def test_tensors_are_read_with_their_names_shapes_and_types():
    tensors = {"net.weight": A, "net.count": COUNT, "net.bias": np.array([-1.5, 2.0], np.float32)}
    found = read(checkpoint(tensors))
    assert list(found) == list(tensors)
    for name, array in tensors.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        np.testing.assert_array_equal(found[name], array)
        assert not found[name].flags.writeable


def test_tensors_share_a_content():
    pushed = {"whole": tensor("0", A), "row": tensor("0", A, shape=(3,), strides=(1,), start=3)}
    found = read(archive(dictionary(pushed), {"0": A.tobytes()}))
    assert found["row"].tolist() == [3.0, 4.0, 5.0]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a zip file"),
        (b"PK" + bytes(100), "not a zip file"),
        (one(call("builtins print", text("x"))), "it uses builtins.print"),
        (one(function("os system")), "it uses os.system"),
        (one(tensor("0", A, storage="torch ComplexFloatStorage")), "torch.ComplexFloatStorage"),
        (one(call("torch FloatStorage", number(4))), "calls a function that does not make a tensor"),
        (one(call("collections OrderedDict", number(4))), "calls a function that does not make a tensor"),
        (one(number(1)), "values that are not tensors"),
        (one(tensor("0", A), A.tobytes()[:-4]), "has 20 bytes for 6 values"),
        (one(tensor("0", A), A.tobytes() + b"1234"), "has 28 bytes for 6 values"),
        (one(tensor("1", A)), "data/1 is missing"),
        (one(tensor("../../secret", A)), "outside the archive"),
        (one(tensor("0", A, shape=(3, 3), strides=(3, 1))), "larger than its content"),
        (one(tensor("0", A, start=1)), "larger than its content"),
        (one(tensor("0", A, start=-1)), "not a whole number"),
        (one(tensor("0", A, shape=(1000, 1000), strides=(0, 0))), "not contiguous"),
        (one(tensor("0", A, shape=(2, 3), strides=(1, 2))), "not contiguous"),
        (one(tensor("0", A, shape=(1,) * 9, strides=(1,) * 9)), "not valid"),
        (one(tensor("0", A, n_values=-6)), "not a whole number"),
        (archive(dictionary({"a": tensor("0", A), "b": tensor("0", A, n_values=7)}), {"0": A.tobytes()}), "two types"),
        (archive(dictionary({}), {}), "not tensors"),
        (archive(number(1), {}), "not a dictionary"),
        (archive(pair(), {}), "not a dictionary"),
        (archive(b"}(" + number(1), {}), "incomplete"),
        (archive(b"u", {}), "incomplete"),
        (archive(b"R", {}), "incomplete"),
        (archive(b"(0", {}), "instruction POP"),
        (archive(b"]", {}), "instruction EMPTY_LIST"),
        (archive(b"h\x05", {}), "missing value"),
        (archive(b"X\xff\xff\xff\xff", {}), ""),
        (archive(b"\xff", {}), ""),
        (archive(call("collections OrderedDict") + number(1) + b"N" + b"b", {}), "not a dictionary"),
    ],
)
def test_everything_else_is_a_sentence(data, reason):
    with pytest.raises(EncoderError, match=r"checkpoint\.pth is not a checkpoint that can be read safely") as fault:
        read(data)
    assert reason in str(fault.value)
    assert str(fault.value).endswith("Download it again from its authors.")


def test_nothing_in_a_pickle_is_called(capsys):
    with pytest.raises(EncoderError):
        read(one(call("builtins print", text("called"))))
    assert capsys.readouterr().out == ""


def test_an_archive_without_a_pickle_or_with_two_is_refused():
    for names in ([], ["a/data.pkl", "b/data.pkl"]):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as made:
            for name in names:
                made.writestr(name, b"\x80\x02}.")
        with pytest.raises(EncoderError, match=r"exactly one data\.pkl"):
            read(file.getvalue())


@pytest.mark.parametrize(
    ("limit", "value", "reason"),
    [
        ("MAX_MEMBERS", 2, "has 3 members"),
        ("MAX_PICKLE_BYTES", 10, r"data\.pkl has"),
        ("MAX_BYTES", 23, "data/0 has 24 bytes"),
    ],
)
def test_what_is_read_has_limits(monkeypatch, limit, value, reason):
    monkeypatch.setattr(tensor_file, limit, value)
    with pytest.raises(EncoderError, match=reason):
        read(one(tensor("0", A)))


def test_big_endian_numbers_are_refused():
    file = io.BytesIO(one(tensor("0", A)))
    with zipfile.ZipFile(file, "a") as made:
        made.writestr("archive/byteorder", "big")
    with pytest.raises(EncoderError, match="big-endian"):
        read(file.getvalue())


def test_a_damaged_pickle_is_a_sentence_or_harmless():
    rng = np.random.default_rng(0)
    pickle = program({"net.weight": A, "net.count": COUNT})
    members = {"0": A.tobytes(), "1": COUNT.tobytes()}
    n_refused = 0
    for _ in range(300):
        damaged = bytearray(pickle)
        for position in rng.integers(0, len(damaged), 2):
            damaged[position] = rng.integers(0, 256)
        try:
            read(archive(bytes(damaged), members))
        except EncoderError:
            n_refused += 1
    assert n_refused > 200
