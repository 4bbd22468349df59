"""Examples at half and double speed, on request."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soxr
from stage import run

from bowerbird.domain.query import Example, Query
from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.library.indexing.analysis import encode_example
from bowerbird.library.library import Library
from bowerbird.library.search.search import Search
from sounds import RATE_HZ, noise, sine, write

AT_OTHER_SPEEDS = Query(has_other_speeds=True)


def whistle():
    """A tone that rises from 400 to 1,600 Hz within a second, with some noise, shape (n_frames,)."""
    t = np.arange(RATE_HZ) / RATE_HZ
    phase = 2 * np.pi * (400 * t + 600 * t**2)
    tone = 0.3 * np.sin(phase) + 0.1 * np.sin(2 * phase)
    return tone * np.sin(np.pi * t) + noise(1, level=0.002)[:, 0]


def at_speed(samples, speed):
    """Return samples that last 1 / speed as long at the same rate."""
    return soxr.resample(samples, RATE_HZ * speed, RATE_HZ)[:, None]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The whistle outside the library; in it, the whistle at half and at double speed, tones and noises."""
    folder = tmp_path_factory.mktemp("speeds")
    write(folder / "whistle.wav", whistle()[:, None])
    sounds = folder / "sounds"
    write(sounds / "slow.wav", at_speed(whistle(), 0.5))
    write(sounds / "fast.wav", at_speed(whistle(), 2.0))
    for number in range(25):
        write(sounds / f"tone {number}.wav", sine(120 * 1.15**number, duration_s=0.5 + 0.05 * number))
        write(sounds / f"noise {number}.wav", noise(20 + number, duration_s=0.5, level=0.01 * (number + 1)))
    run(folder / "library", sounds)
    return folder


@pytest.fixture
def search(folder):
    search = Search(Library.open(folder / "library"), encoder_named(DEFAULT_ENCODER))
    yield search
    search.close()


def found(search, examples, query, *, limit=5):
    """Name, speed and reason of each match."""
    matches = search.similar(examples, query, limit=limit)
    rows = search.reader.rows([match.sound_id for match in matches])
    return [(rows[match.sound_id].name, match.speed, match.why) for match in matches]


def test_a_sound_at_half_and_at_double_speed_is_found_first_and_says_so(folder, search):
    first, second, *others = found(search, [Example(folder / "whistle.wav")], AT_OTHER_SPEEDS)
    assert {first[:2], second[:2]} == {("slow.wav", 0.5), ("fast.wav", 2.0)}
    texts = {"slow.wav": ", at half speed", "fast.wav": ", at double speed"}
    assert all(why.endswith(texts[name]) for name, _, why in (first, second))
    assert all(why.endswith(("speed",)) == (speed != 1.0) for _, speed, why in others)


def test_an_example_at_half_speed_has_the_embedding_of_the_slow_sound(folder, search):
    encoder = search.encoder
    slow = encode_example(Example(folder / "sounds" / "slow.wav"), encoder)
    tried = encode_example(Example(folder / "whistle.wav", speed=0.5), encoder)
    plain = encode_example(Example(folder / "whistle.wav"), encoder)
    assert (tried @ slow.T)[0, 0] > 0.99
    assert (plain @ slow.T)[0, 0] < 0.95


def test_a_region_of_the_slow_sound_is_tried_at_double_speed(folder, search):
    example = Example(folder / "sounds" / "slow.wav", 0.0, 2.0)
    names = found(search, [example], AT_OTHER_SPEEDS)
    assert names[0][:2] == ("fast.wav", 2.0)
    assert "slow.wav" not in {name for name, *_ in names}  # at any speed, the region is the example


def test_without_being_asked_nothing_is_tried_at_other_speeds(folder, search):
    example = Example(folder / "whistle.wav")
    plain = found(search, [example], Query(), limit=60)
    assert {speed for _, speed, _ in plain} == {1.0}
    assert not any("speed" in why for _, _, why in plain)
    both = found(search, [example], AT_OTHER_SPEEDS, limit=60)
    assert {name for name, *_ in both} == {name for name, *_ in plain}  # each sound once


def test_unlike_examples_keep_their_speed(folder, search):
    unlike = [replace(Example(folder / "whistle.wav"), is_unlike=True)]
    assert found(search, unlike, AT_OTHER_SPEEDS) == found(search, unlike, Query())


def test_an_example_of_the_library_is_not_among_its_matches_at_any_speed(folder, search):
    names = found(search, [Example(Path(folder / "sounds" / "slow.wav"))], AT_OTHER_SPEEDS, limit=60)
    assert "slow.wav" not in {name for name, *_ in names}
