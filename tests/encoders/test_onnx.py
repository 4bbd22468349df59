"""ONNX encoders: vectors depend on their own window only, and mismatching cards are reported.

The little networks of `graphs` give back what they are given, so pooling and filling can be foreseen.
"""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import tiny_weights
from bowerbird.base.errors import EncoderError
from bowerbird.encoders.onnx import encoder as onnx
from bowerbird.encoders.onnx.encoder import OnnxEncoder, unit
from bowerbird.encoders.registry import encoder_named
from bowerbird.encoders.weights.cards import AudioTower, Card, LogMel, Source, WeightFile, is_id_of
from bowerbird.encoders.weights.store import Weights, sha256_of

GRAPHS = Path(__file__).parent / "graphs"
RATE_HZ = 8
TOWER = AudioTower(
    front_end="waveform",
    rate_hz=RATE_HZ,
    n_dims=4,
    layout="bt",
    input="samples",
    output="vectors",
    window_s=2.0,
    short="zeros",
)


@pytest.fixture
def general(tmp_path):
    """Create an encoder from a tiny network, with settings of its audio tower."""

    def made(graph="frames", **facts):
        folder = tmp_path / graph
        folder.mkdir(exist_ok=True)
        path = folder / "audio.onnx"
        shutil.copyfile(GRAPHS / f"{graph}.onnx", path)
        file = WeightFile("audio.onnx", path.stat().st_size, sha256_of(path))
        card = Card("general", "", "", "CC0-1.0", Source("own"), {"audio": file}, replace(TOWER, **facts))
        return OnnxEncoder(Weights(card, folder))

    return made


@pytest.fixture
def tiny():
    return tiny_weights.have()


def noise(seed, duration_s=10.0, rate_hz=48_000):
    return np.random.default_rng(seed).normal(0, 0.1, round(duration_s * rate_hz)).astype(np.float32)


def normal(vector):
    vector = np.asarray(vector, np.float64)
    return vector / np.linalg.norm(vector)


# The real architecture


@pytest.mark.parametrize("is_int8", [False, True])
def test_vectors_do_not_depend_on_batch_mates_or_on_what_was_encoded_before(tiny, is_int8):
    windows = [noise(seed, duration_s) for seed, duration_s in enumerate([10, 0.3, 3, 10, 0.001])]
    encoder = OnnxEncoder(tiny, is_int8=is_int8)
    together = encoder.encode(windows)
    assert together.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-6)
    backwards = encoder.encode(windows[::-1])[::-1]
    alone = np.concatenate([OnnxEncoder(tiny, is_int8=is_int8).encode([window]) for window in windows])
    np.testing.assert_array_equal(together, backwards)
    np.testing.assert_array_equal(together, alone)
    assert len({vector.tobytes() for vector in together}) == len(windows)


def test_no_windows_give_no_vectors(tiny):
    assert OnnxEncoder(tiny).encode([]).shape == (0, 64)


def test_full_and_8_bit_weights_are_two_encoders_that_nearly_agree(tiny):
    full, small = OnnxEncoder(tiny), OnnxEncoder(tiny, is_int8=True)
    assert (full.name, small.name) == ("clap-tiny", "clap-tiny-int8")
    assert full.id != small.id
    a, b = full.encode([noise(0)])[0], small.encode([noise(0)])[0]
    assert a @ b > 0.9
    assert not np.array_equal(a, b)


@pytest.mark.parametrize("name", ["clap-tiny", "clap-tiny-int8"])
def test_a_name_and_a_full_id_give_the_same_encoder(tiny, name):
    encoder = encoder_named(name)
    assert encoder.id.startswith(f"{name}-")
    assert encoder_named(encoder.id).id == encoder.id
    assert encoder_named(encoder.name).name == name


def test_the_id_changes_with_the_weights_and_with_what_they_are_given(tiny):
    card = tiny.card
    other_file = replace(card.files["audio"], sha256="0" * 64)
    others = [
        replace(card, files={**card.files, "audio": other_file}),
        replace(card, audio=replace(card.audio, short="zeros")),
        replace(card, audio=replace(card.audio, log_mel=replace(card.audio.log_mel, scale="htk"))),
    ]
    ids = {OnnxEncoder(Weights(one, tiny.folder)).id for one in [card, *others]}
    assert len(ids) == 4
    assert OnnxEncoder(Weights(replace(card, title="Another"), tiny.folder)).id in ids


def test_nothing_is_read_until_the_first_window(tiny):
    encoder = OnnxEncoder(tiny)
    (tiny.folder / "audio.onnx").write_bytes(b"")
    assert encoder.n_dims == 64
    with pytest.raises(EncoderError, match="is truncated"):
        encoder.encode([noise(0)])


@pytest.mark.parametrize("harm", tiny_weights.HARMS)
@pytest.mark.parametrize("name", ["audio.onnx", "audio_int8.onnx"])
def test_harmed_weights_are_refused_with_a_remedy(tiny, name, harm):
    encoder = OnnxEncoder(tiny, is_int8="int8" in name)
    harm(tiny.folder / name)
    with pytest.raises(EncoderError, match=rf"{name} of clap-tiny .+\. Run `bowerbird models import DIR`"):
        encoder.encode([noise(0)])


def test_without_8_bit_weights_there_is_a_sentence(tiny):
    (tiny.folder / "audio_int8.onnx").unlink()
    with pytest.raises(EncoderError, match="is installed without its 8-bit weights"):
        OnnxEncoder(tiny, is_int8=True)


# Cards that do not fit


@pytest.mark.parametrize(("fact", "wrong"), [("input", "waveform"), ("output", "embedding")])
def test_a_wrong_name_in_the_card_is_reported_with_the_right_names(general, fact, wrong):
    with pytest.raises(
        EncoderError, match=rf"has inputs samples and outputs vectors; its card says .*{wrong}.*Correct"
    ):
        general(**{fact: wrong}).encode([np.ones(8, np.float32)])


@pytest.mark.parametrize("n_dims", [3, 8])
def test_a_wrong_number_of_dimensions_is_reported_with_the_right_number(general, n_dims):
    with pytest.raises(EncoderError, match=rf"returns 4 dimensions; its card says {n_dims}\. Correct"):
        general(n_dims=n_dims).encode([np.ones(8, np.float32)])


@pytest.mark.parametrize("layout", ["bct", "btc", "t"])
def test_a_wrong_layout_is_a_sentence(general, layout):
    with pytest.raises(EncoderError, match=r"rejected an input that matches its card .*\. Correct"):
        general(layout=layout).encode([np.ones(8, np.float32)])


def test_a_front_end_of_another_kind_is_a_sentence(general):
    log_mel = LogMel(8, 8, 4, 2, 0.0, 4.0, scale="htk", norm="none")
    with pytest.raises(EncoderError, match="rejected an input that matches its card"):
        general(front_end="log-mel", layout="btm", log_mel=log_mel).encode([np.ones(8, np.float32)])


def test_a_file_that_is_not_a_network_is_a_sentence(general):
    encoder = general()
    path = encoder._weights.folder / "audio.onnx"
    for content in (b"PK" + bytes(500), b"", bytes(100), b"<html>no such file</html>"):
        path.write_bytes(content)
        files = {"audio": WeightFile("audio.onnx", len(content), sha256_of(path))}
        broken = OnnxEncoder(Weights(replace(encoder._weights.card, files=files), path.parent))
        with pytest.raises(EncoderError, match=r"audio\.onnx .+\. (Download or import it again|Correct the card)"):
            broken.encode([np.ones(8, np.float32)])


def test_a_sound_that_the_network_refuses_is_a_sentence_and_the_next_is_encoded(general):
    encoder = general(short="nothing")
    with pytest.raises(EncoderError, match="rejected an input"):
        encoder.encode([np.ones(7, np.float32)])
    assert encoder.encode([np.ones(8, np.float32)]).shape == (1, 4)


def test_a_network_that_gives_a_single_number_is_a_sentence(general):
    with pytest.raises(EncoderError, match="Correct the card"):
        general("sum").encode([np.ones(8, np.float32)])


@pytest.mark.parametrize("pooling", ["mean", "median", "max"])
def test_a_network_that_gives_nothing_is_a_unit_vector_or_a_sentence(general, pooling):
    encoder = general("rest", pooling=pooling, short="nothing")
    np.testing.assert_allclose(encoder.encode([np.array([9, 9, 9, 9, 3, 0, 4, 0], np.float32)])[0], [0.6, 0, 0.8, 0])
    try:
        vectors = encoder.encode([np.ones(4, np.float32)])
    except EncoderError:
        return
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1)


# The general encoder


WINDOW = np.array([1, 2, 3, 4, 5, 0, 7, 0, 2, 2, 2, 9], np.float32)


@pytest.mark.parametrize(("pooling", "pool"), [("mean", np.mean), ("median", np.median), ("max", np.max)])
def test_frames_are_pooled(general, pooling, pool):
    vector = general(pooling=pooling, short="nothing").encode([WINDOW])[0]
    np.testing.assert_allclose(vector, normal(pool(WINDOW.reshape(3, 4), axis=0)), atol=1e-6)


def test_what_is_too_short_is_filled_as_the_card_says(general):
    window = np.array([1, 2, 3], np.float32)
    zeros = np.zeros(16)
    zeros[:3] = window
    repeated = np.append(np.tile(window, 5), 0)
    for short, full in (("zeros", zeros), ("repeat", repeated)):
        vector = general(short=short).encode([window])[0]
        np.testing.assert_allclose(vector, normal(full.reshape(4, 4).mean(axis=0)), atol=1e-6)


@pytest.mark.parametrize(
    ("hop_s", "starts"), [(0.0, [0, 4, 8]), (0.5, [0, 4, 8]), (0.25, [0, 2, 4, 6, 8]), (1.0, [0, 8])]
)
def test_patches_are_cut_and_pooled(general, hop_s, starts):
    vector = general(patch_s=0.5, patch_hop_s=hop_s, pooling="max").encode([WINDOW])[0]
    patches = np.stack([WINDOW[start : start + 4] for start in starts])
    np.testing.assert_allclose(vector, normal(patches.max(axis=0)), atol=1e-6)


def test_every_frame_of_every_patch_counts_alike(general):
    vector = general(patch_s=1.0, pooling="mean").encode([WINDOW])[0]
    frames = np.concatenate([WINDOW, np.zeros(4)]).reshape(4, 4)
    np.testing.assert_allclose(vector, normal(frames.mean(axis=0)), atol=1e-6)


def test_silence_has_a_unit_vector(general):
    np.testing.assert_array_equal(general().encode([np.zeros(16, np.float32)]), [[1, 0, 0, 0]])


@pytest.mark.parametrize("pooling", ["mean", "median", "max"])
@pytest.mark.parametrize("window", [[-1, 2, 2, 2], [0, 2, 2, 2], [np.nan, 2, 2, 2], [-1, 0, 2, 2, 0, 2, -1, 2]])
def test_a_network_that_gives_no_numbers_is_a_sentence_and_the_next_sound_is_encoded(general, pooling, window):
    encoder = general("log", pooling=pooling, short="nothing")
    with pytest.raises(
        EncoderError, match=r"general returned invalid values for this sound\. Run `bowerbird models verify"
    ):
        encoder.encode([np.array(window, np.float32)])
    assert encoder.encode([np.full(4, 2, np.float32)]).any()


def test_a_sound_without_numbers_is_silence(general):
    window = WINDOW.copy()
    window[1] = np.nan
    window[6] = np.inf
    cleaned = WINDOW.copy()
    cleaned[[1, 6]] = 0
    np.testing.assert_array_equal(general().encode([window]), general().encode([cleaned]))


def test_a_card_without_a_text_network_has_no_text_encoder(general, tiny):
    assert general().text is None
    assert OnnxEncoder(tiny).text is not None


def test_zeros_point_along_the_first_axis_and_all_else_keeps_its_direction():
    np.testing.assert_array_equal(unit(np.zeros(2, np.float32)), [1, 0])
    for size in (1e-30, 1.0, 1e30):
        np.testing.assert_allclose(unit(np.array([0, -3 * size, 4 * size], np.float32)), [0, -0.6, 0.8], atol=1e-6)


def test_vectors_that_another_provider_computed_are_another_encoders(tiny, monkeypatch):
    monkeypatch.setattr(onnx, "require_provider", lambda provider: None)
    plain, elsewhere = OnnxEncoder(tiny), OnnxEncoder(tiny, provider="cuda")
    assert (plain.name, elsewhere.name) == ("clap-tiny", "clap-tiny@cuda")
    assert elsewhere.id == f"{plain.id}@cuda"
    assert encoder_named(elsewhere.id).id == encoder_named(elsewhere.name).id == elsewhere.id
    assert is_id_of(plain.id, "clap-tiny")
    assert is_id_of(OnnxEncoder(tiny, is_int8=True, provider="cuda").id, "clap-tiny")
