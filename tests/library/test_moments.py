"""Further moments of a long sound that match."""

import numpy as np
import pytest
from stage import run

from bowerbird.domain.query import Example, Query
from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.library.library import Library
from bowerbird.library.search.search import Search
from sounds import noise, write

RATE_HZ = 44_100


def tone(duration_s):
    t = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    return (0.3 * sum(np.sin(2 * np.pi * 220 * n * t) / n for n in range(1, 6)))[:, None]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A tone, a minute of noise with the tone in it at two places, and many short noises."""
    folder = tmp_path_factory.mktemp("moments")
    sounds = folder / "sounds"
    write(sounds / "tone.wav", tone(3.0))
    minute = np.concatenate([noise(number, duration_s=5.0, level=0.1) for number in range(12)])
    for start_s in (10, 45):
        minute[start_s * RATE_HZ : (start_s + 5) * RATE_HZ] = tone(5.0)
    write(sounds / "minute.wav", minute)
    for number in range(60):
        write(sounds / f"noise {number}.wav", noise(20 + number, duration_s=0.5, level=0.01 * (number + 1)))
    run(folder / "library", sounds)
    return folder


@pytest.fixture
def match(folder):
    search = Search(Library.open(folder / "library"), encoder_named(DEFAULT_ENCODER))
    matches = search.similar([Example(folder / "sounds" / "tone.wav")], Query(), limit=5)
    rows = search.reader.rows([each.sound_id for each in matches])
    yield next(each for each in matches if rows[each.sound_id].name == "minute.wav")
    search.close()


def test_a_long_sound_tells_where_else_it_matches(match):
    best, further = (match.start_s, match.end_s), [(each.start_s, each.end_s) for each in match.moments]
    assert len(further) == 1
    (first_start_s, first_end_s), (second_start_s, second_end_s) = sorted([best, *further])
    assert (first_start_s < 15, first_end_s > 10) == (True, True)
    assert (second_start_s < 50, second_end_s > 45) == (True, True)
    assert match.moments[0].score <= match.score
    assert match.moments[0].percentile >= 90


def test_a_match_at_a_moment_is_that_part_of_the_sound(match):
    (moment,) = match.moments
    at = match.at(1)
    assert (at.sound_id, at.start_s, at.end_s, at.percentile) == (
        match.sound_id,
        moment.start_s,
        moment.end_s,
        moment.percentile,
    )
    assert (at.moments, at.aspects) == ((), ())
    assert match.at(0) is match


def test_a_region_finds_the_other_parts_of_its_sound_and_not_itself(folder):
    search = Search(Library.open(folder / "library"), encoder_named(DEFAULT_ENCODER))
    minute = folder / "sounds" / "minute.wav"
    matches = search.similar([Example(minute, 10.0, 15.0)], Query(), limit=5)
    rows = search.reader.rows([each.sound_id for each in matches])
    search.close()
    found = next(each for each in matches if rows[each.sound_id].path == minute)
    parts = [(found.start_s, found.end_s), *((each.start_s, each.end_s) for each in found.moments)]
    assert any(start_s < 50 and end_s > 45 for start_s, end_s in parts)
    assert all(min(end_s, 15) - max(start_s, 10) <= 2.5 for start_s, end_s in parts)


def test_a_region_of_a_short_sound_does_not_find_that_sound(folder):
    search = Search(Library.open(folder / "library"), encoder_named(DEFAULT_ENCODER))
    tone = folder / "sounds" / "tone.wav"
    matches = search.similar([Example(tone, 0.5, 2.5)], Query(), limit=70)
    rows = search.reader.rows([each.sound_id for each in matches])
    search.close()
    assert tone not in {rows[each.sound_id].path for each in matches}
