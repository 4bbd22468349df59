"""How much aspects and examples count in a search by examples."""

from dataclasses import replace

import numpy as np
import pytest
from stage import run

from bowerbird.base.errors import QueryError
from bowerbird.domain.query import Example, Query, parse_aspect
from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.library.library import Library
from bowerbird.library.search.search import Search
from sounds import noise, write


def tone(hz, level, *, duration_s=1.0, rate_hz=44_100):
    t = np.arange(round(duration_s * rate_hz)) / rate_hz
    return (level * sum(np.sin(2 * np.pi * hz * n * t) / n for n in range(1, 6)))[:, None]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("aspects")
    sounds = folder / "sounds"
    write(sounds / "query.wav", tone(220, 0.05))
    write(sounds / "same pitch, loud.wav", tone(220, 0.4))
    write(sounds / "other pitch, quiet.wav", tone(880, 0.05))
    for number in range(12):
        write(sounds / f"noise {number}.wav", noise(number, duration_s=0.3 + 0.1 * number, level=0.02 * (number + 1)))
    run(folder / "library", sounds)
    return folder


@pytest.fixture
def search(folder):
    search = Search(Library.open(folder / "library"), encoder_named(DEFAULT_ENCODER))
    yield search
    search.close()


def names(search, examples, **aspects):
    query = Query(aspects=tuple(aspects.items()))
    matches = search.similar(examples, query, limit=20)
    rows = search.reader.rows([match.sound_id for match in matches])
    return [rows[match.sound_id].name for match in matches]


def test_the_aspect_that_counts_most_leads_the_ranking(search, folder):
    query = [Example(folder / "sounds" / "query.wav")]
    by_pitch = names(search, query, pitch=5.0, loudness=0.0)
    by_loudness = names(search, query, loudness=9.0, meaning=0.0, pitch=0.0, timbre=0.0)
    assert by_pitch.index("same pitch, loud.wav") < by_pitch.index("other pitch, quiet.wav")
    assert by_loudness.index("other pitch, quiet.wav") < by_loudness.index("same pitch, loud.wav")


def test_weights_of_one_change_nothing(search, folder):
    query = [Example(folder / "sounds" / "query.wav")]
    assert names(search, query, pitch=1.0, timbre=1.0) == names(search, query)


def test_an_example_that_counts_more_draws_the_matches_to_itself(search, folder):
    loud = Example(folder / "sounds" / "same pitch, loud.wav")
    hiss = Example(folder / "sounds" / "noise 5.wav")
    few = names(search, [replace(hiss, weight=0.2), loud])
    many = names(search, [replace(hiss, weight=5.0), loud])
    assert few[0] in {"query.wav", "other pitch, quiet.wav"}
    assert many[0].startswith("noise")


def test_an_aspect_that_the_encoder_lacks_is_named_with_those_it_has(search, folder):
    with pytest.raises(QueryError, match=r"has no aspect “mood”\. Its aspects: .*timbre"):
        names(search, [Example(folder / "sounds" / "query.wav")], mood=2.0)


def test_each_match_says_how_close_it_is_in_each_aspect(search, folder):
    (match, *_) = search.similar([Example(folder / "sounds" / "query.wav")], Query(), limit=3)
    shares = dict(match.aspects)
    assert set(shares) == set(search.encoder.blocks)
    assert all(0 <= share <= 100 for share in shares.values())
    assert match.why == "similar in " + " and ".join(sorted(shares, key=lambda name: -shares[name])[:2])


@pytest.mark.parametrize("text", ["timbre", "timbre=", "=2", "timbre=-1", "timbre=loud", "timbre=inf", "timbre=nan"])
def test_what_is_not_a_weight_is_refused(text):
    with pytest.raises(QueryError, match="is not a valid weight"):
        parse_aspect(text)


def test_a_weight_is_a_name_and_a_number():
    assert parse_aspect("Timbre=0.5") == ("timbre", 0.5)
