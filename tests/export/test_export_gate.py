"""The export tool as a whole, where torch is installed: `sh packaging/parity.sh` runs this."""

import shutil
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
sys.path.insert(0, str(Path(__file__).parents[2] / "models" / "export"))

import untrained  # noqa: E402
from checkpoints import CheckpointError, read_checkpoint  # noqa: E402
from quantise import write_int8  # noqa: E402

import export  # noqa: E402


def test_a_network_that_differs_is_refused_and_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = untrained.untrained("tiny", seed=1)
    build = export.audio_model

    def broken(weights, shape):
        name = "audio_model.audio_encoder.layers.1.blocks.1.attention.self.relative_position_bias_table"
        return build({**weights, name: weights[name] * 1.01}, shape)

    monkeypatch.setattr(export, "audio_model", broken)
    with pytest.raises(CheckpointError, match="differs from the reference"):
        export.export(checkpoint, tmp_path / "model", (untrained.header_of("tiny"), ""))
    assert not list(tmp_path.iterdir())


def test_a_directory_that_was_written_is_exported_the_same(tmp_path: Path) -> None:
    checkpoint = untrained.untrained("tiny", seed=1)
    untrained.write_directory(checkpoint, tmp_path / "hub")
    again = read_checkpoint(tmp_path / "hub", tokenizer=None, is_unsafe_allowed=False)
    header = (untrained.header_of("tiny"), "slaney")
    export.export(checkpoint, tmp_path / "one", header)
    export.export(again, tmp_path / "two", header)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_a_checkpoint_that_would_run_code_is_refused_until_it_is_allowed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, mark, tokenizer = tmp_path / "own.pt", tmp_path / "ran", tmp_path / "tokenizer.json"
    tokenizer.write_text('{"model": {"vocab": {}}}')

    class Code:
        def __reduce__(self):
            return Path.touch, (mark,)

    torch.save({"state_dict": {}, "code": Code()}, path)
    with pytest.raises(CheckpointError, match="--allow-unsafe-pickle"):
        read_checkpoint(path, tokenizer=tokenizer, is_unsafe_allowed=False)
    assert not mark.exists()
    with pytest.raises(CheckpointError, match="no HTSAT"):
        read_checkpoint(path, tokenizer=tokenizer, is_unsafe_allowed=True)
    assert mark.exists()
    assert "WARNING" in capsys.readouterr().err


@contextmanager
def little_room(n_bytes: int):
    """Let no file grow beyond a size, as on a disk that is full."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_a_sentence_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    untrained.write_directory(untrained.untrained("tiny", seed=1), tmp_path / "hub")
    (tmp_path / "made").mkdir()
    folder = tmp_path / "made" / "model"
    monkeypatch.setattr(sys, "argv", ["export.py", str(tmp_path / "hub"), str(folder), "--id", "own-1"])
    with little_room(100_000):
        assert export.main() == 2
    assert f"{folder} cannot be read or written" in capsys.readouterr().err
    assert not list(folder.parent.iterdir())


def test_a_copy_that_is_cut_short_on_the_way_to_8_bits_is_a_full_disk(tmp_path: Path) -> None:
    whole = tmp_path / "audio.onnx"
    shutil.copy(Path(__file__).parents[1] / "encoders" / "tiny_clap" / whole.name, whole)
    with little_room(whole.stat().st_size), pytest.raises(OSError, match="no space"):
        write_int8(whole, tmp_path / "audio_int8.onnx")


def test_a_folder_that_cannot_be_created_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    untrained.write_directory(untrained.untrained("tiny", seed=1), tmp_path / "hub")
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setattr(
        sys, "argv", ["export.py", str(tmp_path / "hub"), str(tmp_path / "file" / "model"), "--id", "own-1"]
    )
    assert export.main() == 2
    assert f"{tmp_path / 'file'}" in capsys.readouterr().err
