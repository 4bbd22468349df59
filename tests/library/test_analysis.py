"""What is found out about one file, and that it takes bounded memory however long the file is."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bowerbird.base.errors import AudioError, UnreachableError
from bowerbird.domain.query import Example
from bowerbird.encoders.registry import encoder_named
from bowerbird.library.indexing import analysis
from bowerbird.library.indexing.analysis import analyse, content_hash, encode_example, encode_windows
from privileges import bound_by_permissions
from sounds import noise, sine, write


@pytest.fixture(scope="module")
def encoder():
    return encoder_named("acoustic")


@pytest.mark.parametrize(
    ("samples", "rate_hz", "n_windows"),
    [
        (sine(duration_s=0.5), 44_100, 1),
        (np.full((1, 1), 0.5), 44_100, 1),
        (np.full((1, 1), 0.5), 192_000, 1),
        (noise(1, duration_s=11, rate_hz=5_000), 5_000, 2),
        (noise(1, duration_s=10.5, rate_hz=8_000), 8_000, 1),
        (noise(1, duration_s=0.3, rate_hz=192_000), 192_000, 1),
        (noise(1, duration_s=0.3, n_channels=8), 44_100, 1),
        (np.zeros((4410, 2)), 44_100, 1),
    ],
)
def test_every_sound_has_facts_and_a_unit_vector_for_each_window(tmp_path, encoder, samples, rate_hz, n_windows):
    found = analyse(write(tmp_path / "x.wav", samples, rate_hz), encoder)
    assert (found.rate_hz, found.n_channels, found.format) == (rate_hz, samples.shape[1], "WAV")
    assert found.duration_s == pytest.approx(len(samples) / rate_hz)
    assert found.vectors.shape == (n_windows, encoder.n_dims)
    assert found.vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=1), 1, atol=1e-5)
    assert len(found.spans) == n_windows
    assert found.spans[0][0] == 0
    assert np.isfinite([found.lufs, found.true_peak_db]).all()


def test_the_same_file_analysed_twice_is_the_same_bit_for_bit(tmp_path, encoder):
    path = write(tmp_path / "x.ogg", noise(3, n_channels=2))
    first, second = analyse(path, encoder), analyse(path, encoder)
    np.testing.assert_array_equal(first.vectors, second.vectors)
    np.testing.assert_array_equal(first.peaks.bins, second.peaks.bins)
    assert (first.hash, first.lufs) == (second.hash, second.lufs)


def test_an_example_from_outside_has_the_vector_that_analysis_gives_it(tmp_path, encoder):
    path = write(tmp_path / "x.wav", noise(3, duration_s=12, n_channels=2))
    np.testing.assert_array_equal(encode_example(Example(path), encoder), analyse(path, encoder).vectors)


@pytest.mark.parametrize(
    "work",
    [
        lambda path, encoder, _: analyse(path, encoder),
        lambda path, encoder, digest: list(encode_windows(path, encoder, content_hash=digest, n_known=0)),
    ],
    ids=["analyse", "encode"],
)
def test_a_file_that_is_written_to_while_it_is_read_gets_no_vectors(tmp_path, encoder, monkeypatch, work):
    path = write(tmp_path / "x.wav", noise(1, duration_s=0.5))
    digest = content_hash(path)
    open_sound = analysis.open_sound

    def replaced(opened):
        write(path, noise(2, duration_s=0.6))  # between the hash and the samples
        return open_sound(opened)

    monkeypatch.setattr(analysis, "open_sound", replaced)
    with pytest.raises(UnreachableError, match=r"x\.wav changed while it was read\. Index again\."):
        work(path, encoder, digest)


def test_a_header_without_a_frame_is_rejected_with_a_remedy(tmp_path, encoder):
    path = write(tmp_path / "x.wav", np.zeros((0, 1)))
    with pytest.raises(AudioError, match=r"x\.wav contains no audio\. Re-export it\."):
        analyse(path, encoder)


def test_a_hash_stands_for_content_alone(tmp_path):
    (tmp_path / "a").write_bytes(b"same")
    (tmp_path / "b").write_bytes(b"same")
    (tmp_path / "c").write_bytes(b"Same")
    assert content_hash(tmp_path / "a") == content_hash(tmp_path / "b") != content_hash(tmp_path / "c")
    assert len(content_hash(tmp_path / "a")) == 16


def test_a_file_that_may_not_be_read_is_rejected_with_a_remedy(tmp_path, encoder):
    path = write(tmp_path / "x.wav", sine())
    path.chmod(0)
    with bound_by_permissions(), pytest.raises(AudioError, match=r"permission denied\)\. Check its permissions"):
        analyse(path, encoder)


MEASURE = """
import json, resource, sys
from pathlib import Path
from bowerbird.encoders.registry import encoder_named
from bowerbird.library.indexing.analysis import analyse

def peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)

encoder = encoder_named("acoustic")
analyse(Path(sys.argv[1]), encoder)
before = peak_mb()
found = analyse(Path(sys.argv[2]), encoder)
print(json.dumps({"grown_mb": peak_mb() - before, "duration_s": found.duration_s, "n_windows": len(found.vectors)}))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="memory is measured in another way there")
def test_a_thirty_minute_sound_is_analysed_in_bounded_memory(tmp_path):
    short = write(tmp_path / "short.wav", noise(0, duration_s=1))
    long = tmp_path / "long.wav"
    minute = noise(1, duration_s=60)
    with soundfile.SoundFile(long, "w", 44_100, 1, subtype="PCM_16") as file:
        for _ in range(30):
            file.write(minute)
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(short), str(long)],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2] / "app")},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert (found["duration_s"], found["n_windows"]) == (1800, 180)
    assert found["grown_mb"] < 100
