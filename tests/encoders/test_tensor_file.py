"""Reading checkpoints: tensors and nothing else."""

import errno
import io
import re
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
        ("MAX_DIRECTORY_BYTES", 100, "list or member of"),
        ("MAX_STACK", 3, "too many values"),
        ("MAX_BYTES", 23, "its tensors are too large"),
    ],
)
def test_what_is_read_has_limits(monkeypatch, limit, value, reason):
    monkeypatch.setattr(tensor_file, limit, value)
    with pytest.raises(EncoderError, match=reason):
        read(one(tensor("0", A)))


def test_contents_that_are_hardly_used_count(monkeypatch):
    monkeypatch.setattr(tensor_file, "MAX_BYTES", A.nbytes - 1)
    with pytest.raises(EncoderError, match="data/0 has 24 bytes"):
        read(one(tensor("0", A, shape=(1,), strides=(1,))))


def test_tensors_that_share_a_content_count_each(monkeypatch):
    data = archive(dictionary({name: tensor("0", A) for name in "abc"}), {"0": A.tobytes()})
    monkeypatch.setattr(tensor_file, "MAX_BYTES", 3 * A.nbytes)
    assert list(read(data)) == ["a", "b", "c"]
    monkeypatch.setattr(tensor_file, "MAX_BYTES", 3 * A.nbytes - 1)
    with pytest.raises(EncoderError, match="its tensors are too large"):
        read(data)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compressed_members_are_refused_before_they_are_expanded(method):
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(one(tensor("0", A)))) as stored, zipfile.ZipFile(file, "w", method) as made:
        for name in stored.namelist():
            made.writestr(name, stored.read(name))
    with pytest.raises(EncoderError, match=r"its member data\.pkl is compressed"):
        read(file.getvalue())


def test_a_member_that_declares_another_size_than_it_has_is_refused():
    data = bytearray(one(tensor("0", A)))
    entry = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 1)  # of data/0 in the list of members
    data[entry + 24 : entry + 28] = (1000).to_bytes(4, "little")
    with pytest.raises(EncoderError, match="its member data/0 is compressed"):
        read(bytes(data))


def test_encrypted_members_are_refused():
    data = bytearray(one(tensor("0", A)))
    for start, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(start) + flags] |= 1
    with pytest.raises(EncoderError, match=r"its member data\.pkl is encrypted"):
        read(bytes(data))


def test_a_long_reason_is_cut():
    with pytest.raises(EncoderError, match=r"it uses x+…") as fault:
        read(one(function("x" * 10_000 + " y")))
    assert len(str(fault.value)) < 500


def test_a_file_that_cannot_be_read_is_not_called_a_wrong_checkpoint():
    class Disconnected(io.BytesIO):
        def read(self, n_bytes=-1):
            if n_bytes == 30:  # the header of a member
                raise OSError(errno.EIO, "Input/output error")
            return super().read(n_bytes)

    with pytest.raises(OSError, match="Input/output error"):
        read_tensors(Disconnected(one(tensor("0", A))), name="checkpoint.pth")


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


def test_a_damaged_archive_is_a_sentence_or_harmless():
    rng = np.random.default_rng(0)
    whole = checkpoint({"net.weight": A, "net.count": COUNT})
    headers = [match.start() + offset for match in re.finditer(rb"PK[\x01-\x06]", whole) for offset in range(4, 46)]
    headers = [position for position in headers if position < len(whole)]
    n_refused = 0
    for _ in range(2000):
        damaged = bytearray(whole)
        for position in (*rng.choice(headers, 2), rng.integers(0, len(damaged))):
            damaged[position] = rng.integers(0, 16)  # small numbers: flags and methods of compression
        try:
            read(bytes(damaged if rng.random() < 0.9 else damaged[: rng.integers(len(damaged))]))
        except EncoderError:
            n_refused += 1
    assert n_refused > 1000
