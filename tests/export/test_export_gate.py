"""The export tool as a whole, where its own environment is at hand: run by hand with torch installed."""

import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
sys.path.insert(0, str(Path(__file__).parents[2] / "models" / "export"))

import untrained  # noqa: E402
from checkpoints import CheckpointError, read_checkpoint  # noqa: E402

import export  # noqa: E402


def test_a_network_that_differs_is_refused_and_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = untrained.untrained("tiny", seed=1)
    build = export.audio_model

    def broken(weights, shape):
        name = "audio_model.audio_encoder.layers.1.blocks.1.attention.self.relative_position_bias_table"
        return build({**weights, name: weights[name] * 1.01}, shape)

    monkeypatch.setattr(export, "audio_model", broken)
    with pytest.raises(CheckpointError, match="differs from the reference"):
        export.export(checkpoint, tmp_path / "model", (untrained.words_of("tiny"), ""))
    assert not list(tmp_path.iterdir())


def test_a_directory_that_was_written_is_exported_the_same(tmp_path: Path) -> None:
    checkpoint = untrained.untrained("tiny", seed=1)
    untrained.write_directory(checkpoint, tmp_path / "hub")
    again = read_checkpoint(tmp_path / "hub", tokenizer=None, is_unsafe_allowed=False)
    words = (untrained.words_of("tiny"), "slaney")
    export.export(checkpoint, tmp_path / "one", words)
    export.export(again, tmp_path / "two", words)
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
