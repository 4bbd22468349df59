"""Analyses that need no file, and a catalogue's content without its ids."""

import sqlite3

import numpy as np

from bowerbird.audio.metadata import reading
from bowerbird.catalogue.records import Analysis, FileStamp
from bowerbird.catalogue.sqlite.connection import FILE_NAME, from_text
from bowerbird.domain.metadata import metadata_of
from bowerbird.domain.peaks import Peaks

ENCODER_ID = "test-encoder"
N_DIMS = 4


def stamp(path, size_bytes=100, mtime_ns=1):
    return FileStamp(str(path), size_bytes, mtime_ns)


def analysis(seed, *, n_windows=1, metadata=None, **facts):
    """An analysis whose hash and vectors follow from a seed."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(n_windows, N_DIMS)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    bins = np.sort(rng.integers(-127, 128, (10, 2)).astype(np.int8), axis=1)
    known = {
        "hash": int(seed).to_bytes(16, "big"),
        "size_bytes": 100,
        "duration_s": 10.0 * n_windows,
        "n_channels": 1,
        "rate_hz": 44_100,
        "format": "WAV",
        "encoding": "16 bit",
        "lufs": -20.0,
        "true_peak_db": -1.0,
        "metadata": metadata_of(metadata or {}),
        "metadata_version": reading.VERSION,
        "samples_hash": b"samples" + int(seed).to_bytes(9, "big"),
        "peaks": Peaks(bins, 128),
        "overview": bins,
        "spans": tuple((10.0 * n, 10.0 * n + 10) for n in range(n_windows)),
        "vectors": vectors,
    }
    return Analysis(**(known | facts))


def dump(library):
    """Everything a catalogue says, without ids: two runs over the same files must agree on it."""
    connection = sqlite3.connect(library / FILE_NAME)
    connection.text_factory = from_text
    try:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        sounds = connection.execute(
            "SELECT sounds.path, folders.path, directory, name, name_key, sounds.size_bytes, mtime_ns, is_missing, "
            "sounds.hash, contents.hash, sounds.duration_s, sounds.n_channels, sounds.rate_hz, sounds.format, "
            "sounds.encoding, reason FROM sounds "
            "JOIN folders ON folders.id = folder_id "
            "LEFT JOIN contents ON contents.id = content_id "
            "LEFT JOIN failures ON sound_id = sounds.id ORDER BY sounds.path"
        ).fetchall()
        contents = connection.execute(
            "SELECT hash, lufs, true_peak_db, metadata, frames_per_bin, overview, bins FROM contents "
            "LEFT JOIN peaks ON content_id = contents.id ORDER BY hash"
        ).fetchall()
        windows = connection.execute(
            "SELECT hash, encoder_id, number, start_s, end_s, vector FROM windows "
            "JOIN contents ON contents.id = content_id ORDER BY hash, encoder_id, number"
        ).fetchall()
        words = connection.execute(
            "SELECT path, sound_words.name, sound_words.directory, sound_words.metadata FROM sound_words "
            "JOIN sounds ON sounds.id = sound_words.rowid ORDER BY path"
        ).fetchall()
        n_words = connection.execute("SELECT count(*) FROM sound_words").fetchone()
    finally:
        connection.close()
    return {"sounds": sounds, "contents": contents, "windows": windows, "words": words, "n_words": n_words}
