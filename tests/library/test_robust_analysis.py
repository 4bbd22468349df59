"""Files with an inaudible fault, or with much silence, have the embedding of the sound without it."""

import sqlite3
from contextlib import closing

import numpy as np
import pytest
from stage import run

from bowerbird.audio.decode import BLOCK_FRAMES
from bowerbird.benchmark.labels import LabelledSet, LabelledSound
from bowerbird.benchmark.systems import LabelledVectors, SystemSpec
from bowerbird.catalogue.sqlite.connection import FILE_NAME
from bowerbird.catalogue.sqlite.reader import SqliteReader
from bowerbird.domain.query import Example, Query
from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.library.indexing import analysis
from bowerbird.library.indexing.analysis import analyse, content_hash, encode_example, encode_windows, hash_samples
from bowerbird.library.library import Library
from bowerbird.library.search.search import Search
from encoding_stage import vectors_of
from sounds import noise, write

RATE_HZ = 44_100


@pytest.fixture(scope="module")
def encoder():
    return encoder_named(DEFAULT_ENCODER)


def decaying(duration_s=1.0):
    """A plucked tone with some noise, shape (n_frames,)."""
    t = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    tone = sum(np.sin(2 * np.pi * 330 * n * t) / n for n in range(1, 8))
    return (0.2 * tone + noise(1, duration_s=duration_s)[:, 0]) * np.exp(-4 * t)


def steady(duration_s=1.0):
    """A hum that lasts, shape (n_frames,)."""
    t = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    return 0.2 * sum(np.sin(2 * np.pi * 110 * n * t) / n for n in range(1, 12))


def long_sound(duration_s=45.0):
    """Noise with a loud tone of 0.4 s at 33 s, shape (n_frames,)."""
    samples = noise(5, duration_s=duration_s, level=0.003)[:, 0]
    start = 33 * RATE_HZ
    samples[start : start + round(0.4 * RATE_HZ)] += decaying(0.4)
    return samples


def silence(duration_s):
    return np.zeros(round(duration_s * RATE_HZ))


def faint(duration_s):
    """The noise of a quiet room, shape (n_frames,)."""
    return noise(3, duration_s=duration_s, level=0.0005)[:, 0]


def on_one_side(mono):
    return np.stack([mono, np.zeros_like(mono)], axis=1)


def opposite(mono):
    return np.stack([mono, -mono], axis=1)


def followed_by_a_faint_tail(mono):
    tail = noise(2, duration_s=12.0, level=0.0005)[:, 0] * np.exp(-np.linspace(0, 4, 12 * RATE_HZ))
    return np.concatenate([mono, tail])


CHANGES = {
    "opposite channels": opposite,
    "left alone": on_one_side,
    "the same on both sides": lambda mono: np.stack([mono, mono], axis=1),
    "an offset": lambda mono: mono + 0.1,
    "18 dB above full scale": lambda mono: mono * 8.0,
    "24 dB quieter": lambda mono: mono / 16.0,
    "half a second of silence before": lambda mono: np.concatenate([silence(0.6), mono]),
    "as much silence after": lambda mono: np.concatenate([mono, np.zeros_like(mono)]),
    "25 s of silence after": lambda mono: np.concatenate([mono, silence(25.0)]),
    "a faint tail of 12 s": followed_by_a_faint_tail,
    "a faint lead-in of 25 s": lambda mono: np.concatenate([faint(25.0), mono]),
    "a faint lead-in of 4 s": lambda mono: np.concatenate([faint(4.0), mono]),
    "an inaudible lead-in of 25 s": lambda mono: np.concatenate([faint(25.0) / 100.0, mono]),
    "as much faint noise after": lambda mono: np.concatenate([mono, faint(25.0)]),
}


def embedding(path, encoder):
    mean = encode_example(Example(path), encoder).mean(axis=0)
    return mean / np.linalg.norm(mean)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
@pytest.mark.parametrize("sound", [decaying, steady])
def test_a_sound_keeps_its_embedding(tmp_path, encoder, sound, change):
    plain = write(tmp_path / "plain.wav", sound()[:, None], subtype="FLOAT")
    changed = change(sound())
    other = write(tmp_path / "changed.wav", changed.reshape(len(changed), -1), subtype="FLOAT")
    assert embedding(plain, encoder) @ embedding(other, encoder) > 0.97


def test_a_plain_sound_is_embedded_as_it_is(tmp_path, encoder):
    samples = steady().astype(np.float32)
    path = write(tmp_path / "plain.wav", samples[:, None], encoder.rate_hz, subtype="FLOAT")
    np.testing.assert_array_equal(analyse(path, encoder).vectors, encoder.encode([samples]))


def test_fingerprints_are_of_the_mono_sound_that_is_embedded_in_either_pass(tmp_path, encoder):
    mono = steady(4.0)
    half = on_one_side(mono)
    half[BLOCK_FRAMES:, 1] = half[BLOCK_FRAMES:, 0]  # the mean of both sides would be 6 dB quieter before
    plain = write(tmp_path / "plain.wav", mono[:, None], subtype="FLOAT")
    other = write(tmp_path / "half.wav", half, subtype="FLOAT")
    expected = analyse(plain, encoder).fingerprint
    assert analyse(other, encoder).fingerprint == expected
    assert hash_samples(other, content_hash=content_hash(other))[1] == expected


def test_silence_alone_has_an_embedding(tmp_path, encoder):
    path = write(tmp_path / "silence.wav", silence(25.0)[:, None])
    found = analyse(path, encoder)
    assert (len(found.vectors), found.is_counted, found.spans) == (1, (True,), ((0.0, 10.0),))
    np.testing.assert_array_equal(encode_example(Example(path), encoder), found.vectors)


def test_a_short_event_has_a_window_that_does_not_count_in_the_mean(tmp_path, encoder):
    found = analyse(write(tmp_path / "long.wav", long_sound()[:, None]), encoder)
    events = [span for span, counts in zip(found.spans, found.is_counted, strict=True) if not counts]
    assert len(events) == 1
    (start_s, end_s) = events[0]
    assert (33.0 - start_s, end_s - 33.4) == (pytest.approx(0.02, abs=0.03), pytest.approx(0.0, abs=0.15))
    assert sum(found.is_counted) == 5


def test_a_further_encoder_embeds_the_same_windows_wherever_a_run_was_interrupted(tmp_path, encoder):
    path = write(tmp_path / "long.wav", long_sound()[:, None])
    digest, found = content_hash(path), analyse(path, encoder)
    for n_known in range(len(found.spans) + 1):
        (part,) = encode_windows(path, encoder, content_hash=digest, n_known=n_known)
        np.testing.assert_array_equal(part.vectors, found.vectors[n_known:])
        assert [use == "counted" for use in part.uses] == list(found.is_counted)
        assert [start_s for start_s, _ in part.spans] == [start_s for start_s, _ in found.spans[n_known:]]


def test_what_windows_are_used_for_is_known_with_the_last_part(tmp_path, encoder, monkeypatch):
    monkeypatch.setattr(analysis, "N_WINDOWS_AT_ONCE", 1)
    path = write(tmp_path / "late.wav", np.concatenate([faint(20.0), steady(5.0)])[:, None])
    *parts, last = encode_windows(path, encoder, content_hash=content_hash(path), n_known=0)
    assert [part.uses for part in parts] == [(), ()]
    assert last.uses == ("uncounted", "uncounted", "counted")
    assert analyse(path, encoder).is_counted == (False, False, True)


@pytest.fixture
def library(tmp_path):
    """A long sound with an event and short noises."""
    write(tmp_path / "sounds" / "long.wav", long_sound()[:, None])
    for number in range(30):
        write(tmp_path / "sounds" / f"{number}.wav", noise(number, duration_s=0.3, level=0.01 * (number + 1)))
    run(tmp_path / "library", tmp_path / "sounds")
    return tmp_path / "library"


def test_an_event_in_a_long_sound_is_found_by_a_clean_copy(tmp_path, library, encoder):
    clean = write(tmp_path / "clean.wav", decaying(0.4)[:, None])
    search = Search(Library.open(library), encoder)
    match = search.similar([Example(clean)], Query(), limit=1)[0]
    assert search.reader.rows([match.sound_id])[match.sound_id].name == "long.wav"
    assert (match.start_s, match.end_s) == (pytest.approx(33.0, abs=0.1), pytest.approx(33.4, abs=0.2))
    search.close()


def test_events_are_left_out_of_the_mean_of_a_sound(tmp_path, library, encoder):
    with SqliteReader(library) as reader:
        contents, means = reader.mean_vectors(encoder.id, encoder.n_dims)
        content_id = reader.sound_at(tmp_path / "sounds" / "long.wav").content_id
        counted = reader.sound_windows(content_id, encoder.id, encoder.n_dims)
        named, named_means = reader.content_vectors([content_id], encoder.id, encoder.n_dims)
    expected = counted.mean(axis=0) / np.linalg.norm(counted.mean(axis=0))
    np.testing.assert_allclose(means[contents == content_id][0], expected, atol=1e-5)
    assert named.tolist() == [content_id]
    np.testing.assert_allclose(named_means[0], expected, atol=1e-5)


def test_evaluations_measure_the_embeddings_that_searches_use(tmp_path, library, encoder):
    labels = [("long.wav", "hum"), ("copy/long", "absent"), ("3.wav", "noise")]
    sounds = LabelledSet(tuple(LabelledSound(name, (label,), name) for name, label in labels))
    vectors = LabelledVectors(sounds, tmp_path / "sounds", Library.open(library)).vectors(SystemSpec("ear", "ear"))
    paths = [tmp_path / "sounds" / name for name in ("long.wav", "3.wav")]
    with SqliteReader(library) as reader:
        stored, means = reader.all_vectors(encoder.id, encoder.n_dims)
        ids = [reader.sound_at(path).content_id for path in paths]
        counted = [reader.sound_windows(content_id, encoder.id, encoder.n_dims) for content_id in ids]
        owners, windows = reader.counted_windows(ids[::-1], encoder.id, encoder.n_dims)
    np.testing.assert_allclose(
        vectors[[0, 2]] / np.linalg.norm(vectors[[0, 2]], axis=1, keepdims=True),
        means[[stored.index(path) for path in paths]],
        atol=1e-5,
    )
    assert np.isnan(vectors[1]).all()
    for content_id, own in zip(ids, counted, strict=True):
        np.testing.assert_array_equal(windows[owners == content_id], own)


def test_embeddings_of_an_older_version_are_replaced_once(tmp_path, library, encoder):
    before = vectors_of(library, encoder.id)
    with closing(sqlite3.connect(library / FILE_NAME)) as connection, connection:
        connection.execute("UPDATE encoded SET windows_version = 1")
        connection.execute("UPDATE windows SET vector = zeroblob(length(vector))")
        connection.execute(
            "INSERT INTO windows (content_id, encoder_id, number, start_s, end_s, vector) "
            "SELECT content_id, encoder_id, 99, 0, 1, vector FROM windows WHERE number = 0"
        )
    with SqliteReader(library) as reader:
        assert reader.count_unencoded(encoder.id) == 0  # searches go on with the older embeddings
        assert reader.pending_folders(encoder.id) == [tmp_path / "sounds"]
    summary, _ = run(library, tmp_path / "sounds")
    assert summary.n_analysed == 31
    assert vectors_of(library, encoder.id) == before
    summary, _ = run(library, tmp_path / "sounds")
    assert summary.n_analysed == 0
