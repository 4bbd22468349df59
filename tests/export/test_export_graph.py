"""The parts of the export tool without torch: token orders, interpolation, cards, and the tiny model."""

import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest

from bowerbird.encoders.weights.cards import ROLES, read_card

pytest.importorskip("onnx")
ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "models" / "export"))

from architecture import AudioShape  # noqa: E402
from audio_tower import mask, merging, moves, relative_positions, stretch, windowed  # noqa: E402
from card import FILE_NAMES, CardHeader, card_text, shipped_header  # noqa: E402

TINY = ROOT / "tests" / "encoders" / "tiny_clap"


def test_moving_tokens_to_other_windows_and_back_changes_nothing() -> None:
    plain, shifted = windowed(16, 8, 0), windowed(16, 8, 4)
    there, back = moves(plain, shifted), moves(shifted, plain)
    assert not np.array_equal(there, np.arange(256))
    assert np.array_equal(there[back], np.arange(256))


def test_merging_joins_the_four_neighbours_from_whatever_order() -> None:
    order, wanted = windowed(16, 8, 4), windowed(8, 8, 0)
    four = order[merging(order, wanted, 16)].reshape(-1, 4)
    row, column = np.divmod(wanted, 8)
    corner = 2 * row * 16 + 2 * column
    # The reference merges vertically before horizontally.
    assert np.array_equal(four, corner[:, None] + [0, 16, 1, 17])


def test_windows_joined_only_by_the_roll_do_not_attend_to_each_other() -> None:
    masks = mask(16, 8, 4)
    assert masks.shape == (4, 64, 64)
    assert not masks[0].any()
    assert (masks[1] < 0).mean() == (masks[2] < 0).mean() == 0.5
    assert (masks[3] < 0).mean() == 0.75


def test_relative_positions_depend_only_on_the_distance() -> None:
    places = relative_positions(8)
    assert places[0, 0] == places[63, 63] == 112
    assert places[0, 1] == places[62, 63]
    assert len(np.unique(places)) == 15 * 15


def test_the_interpolation_is_aligned_at_both_ends() -> None:
    starts, taps = stretch(1001, 1024)
    line = np.clip(np.arange(-1, 1040, dtype=np.float64), 0, 1000)  # beyond its ends, a sound stays as it was there
    needed = np.stack([line[start + 1 : start + 1 + taps.shape[2]] for start in starts])
    frames = np.einsum("bft,bt->bf", taps, needed).ravel()
    assert (frames[0], frames[-1]) == (0, 1000)
    assert np.abs(frames - np.linspace(0, 1000, 1024)).max() < 0.1
    assert np.abs(taps.sum(axis=2) - 1).max() < 1e-6


@pytest.mark.parametrize(("is_fused", "scale", "norm"), [(False, "slaney", "slaney"), (True, "htk", "none")])
def test_a_written_card_is_read_by_the_program(tmp_path: Path, is_fused: bool, scale: str, norm: str) -> None:
    shape = AudioShape(64, 256, 4, 8, 96, (2, 2, 6, 2), (4, 8, 16, 32), 512, 1e-5, is_fused)
    for name in FILE_NAMES.values():
        (tmp_path / name).write_bytes(name.encode())
    words = CardHeader(id="own-1", title='A "quoted" title \\ é', about="x", licence="y", is_trained=False)
    (tmp_path / "card.toml").write_text(card_text(words, shape, tmp_path), encoding="utf-8")
    card = read_card(tmp_path / "card.toml")
    assert (card.title, card.is_trained, set(card.files)) == (words.title, False, set(ROLES))
    assert card.audio.log_mel is not None
    assert (card.audio.log_mel.scale, card.audio.log_mel.norm) == (scale, norm)
    assert card.files["audio"].sha256 == hashlib.sha256(b"audio.onnx").hexdigest()


def test_a_shipped_card_provides_its_header_and_an_unknown_card_names_the_shipped_cards() -> None:
    words, scale = shipped_header("clap-htsat-unfused")
    assert (words.id, scale) == ("clap-htsat-unfused", "slaney")
    with pytest.raises(KeyError, match="clap-htsat-unfused"):
        shipped_header("no-such-card")


def test_the_tiny_model_is_small_and_is_what_its_card_says() -> None:
    card = read_card(TINY / "card.toml")
    assert not card.is_trained
    assert sum(path.stat().st_size for path in TINY.iterdir()) <= 3_000_000
    for place in card.files.values():
        assert hashlib.sha256((TINY / place.path).read_bytes()).hexdigest() == place.sha256


def test_the_tiny_model_embeds_a_sound_alone_as_in_a_batch() -> None:
    runtime = pytest.importorskip("onnxruntime")
    session = runtime.InferenceSession(TINY / "audio.onnx", providers=["CPUExecutionProvider"])
    sounds = (-35 + 20 * np.random.default_rng(1).standard_normal((3, 1, 1001, 64))).astype(np.float32)
    crowd = session.run(None, {"input_features": sounds})[0]
    alone = np.concatenate([session.run(None, {"input_features": sound[None]})[0] for sound in sounds])
    assert np.abs(np.linalg.norm(crowd, axis=1) - 1).max() < 1e-5
    assert np.abs(crowd - alone).max() < 1e-5


def test_the_tiny_model_ignores_padding_of_texts() -> None:
    runtime = pytest.importorskip("onnxruntime")
    session = runtime.InferenceSession(TINY / "text.onnx", providers=["CPUExecutionProvider"])
    tokens = np.array([[0, 300, 301, 302, 2]])
    filled = np.pad(tokens, ((0, 0), (0, 4)), constant_values=1)
    bare = session.run(None, {"input_ids": tokens, "attention_mask": np.ones_like(tokens)})[0]
    same = session.run(None, {"input_ids": filled, "attention_mask": (filled != 1).astype(np.int64)})[0]
    assert np.abs(bare - same).max() < 1e-5
