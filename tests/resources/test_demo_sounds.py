"""The shipped demo sounds: reproducible, and of good quality."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

DEMO = Path(__file__).parents[2] / "resources" / "demo"
SHIPPED = sorted(DEMO.rglob("*.flac"))
KINDS = {
    *("Kick", "Snare", "Hat", "Clap", "Bass", "Pad", "Bell", "Pluck", "Laser", "Beep"),
    *("Rain", "Wind", "Thunder", "Footsteps", "Chirp", "Engine"),
}


def every(paths: list[Path]) -> list:
    return [pytest.param(path, id=path.stem) for path in paths]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo")
    subprocess.run([sys.executable, DEMO / "generate.py", out], check=True, capture_output=True)
    return out


def test_the_generator_makes_what_is_shipped(made: Path):
    names = [path.relative_to(DEMO) for path in SHIPPED]
    assert sorted(path.relative_to(made) for path in made.rglob("*.flac")) == names
    for name in names:
        shipped, rate_hz = soundfile.read(DEMO / name, dtype="int16")
        again, rate_again_hz = soundfile.read(made / name, dtype="int16")
        assert rate_hz == rate_again_hz
        assert shipped.shape == again.shape, name
        assert np.abs(shipped.astype(int) - again).max() <= 2, name


def test_there_are_sixteen_kinds_of_at_least_three():
    kinds = Counter(path.parent.name for path in SHIPPED)
    assert set(kinds) == KINDS
    assert min(kinds.values()) >= 3
    assert 60 <= len(SHIPPED) <= 64


def test_they_are_small():
    assert sum(path.stat().st_size for path in SHIPPED) <= 3_000_000


def test_each_is_named_after_its_kind_and_says_whose_it_is():
    for path in SHIPPED:
        assert path.stem.startswith(path.parent.name)
        with soundfile.SoundFile(path) as file:
            assert file.title == path.stem
            assert "CC0" in file.comment


@pytest.mark.parametrize("path", every(SHIPPED))
def test_it_is_clean(path: Path):
    samples, rate_hz = soundfile.read(path, always_2d=True)
    info = soundfile.info(path)
    assert (rate_hz, info.subtype, info.format) == (44_100, "PCM_16", "FLAC")
    assert 0.1 <= info.duration <= 3.0
    assert 20 * np.log10(np.abs(samples).max()) == pytest.approx(-1, abs=0.05)
    assert np.abs(samples.mean(axis=0)).max() < 2e-3  # no DC
    assert np.abs(samples[[0, -1]]).max() < 2e-3  # no click at the ends
    parts = np.array_split(samples, 8)
    assert sum(np.sqrt(np.mean(part**2)) > 10 ** (-60 / 20) for part in parts) >= 4  # no long silence


def test_rain_wind_and_pads_are_wide_and_the_rest_is_mono():
    for path in SHIPPED:
        samples, _ = soundfile.read(path, always_2d=True)
        if path.parent.name in {"Rain", "Wind", "Pad"}:
            assert np.corrcoef(samples.T)[0, 1] < 0.95, path
        else:
            assert samples.shape[1] == 1, path
