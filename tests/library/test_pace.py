"""How fast work goes: sounds are counted, the end is foreseen by work, and only the last seconds say how fast."""

from types import SimpleNamespace

import pytest

from bowerbird.library.indexing import pace as module
from bowerbird.library.indexing.pace import Pace


@pytest.fixture
def clock(monkeypatch):
    """A clock that is set by hand."""
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


def test_nothing_is_foreseen_while_nothing_is_done(clock):
    step = Pace(10).advance(0)
    assert (step.n_done, step.n_total, step.per_second, step.left_s) == (0, 10, 0, None)


def test_where_every_sound_is_as_much_work_the_rest_takes_as_long_as_the_first(clock):
    pace = Pace(10, activity="clap-tiny")
    clock.now += 4
    step = pace.advance(2)
    assert (step.n_done, step.per_second, step.left_s, step.activity) == (2, 0.5, 16, "clap-tiny")


def test_the_end_is_foreseen_by_work_not_by_sounds(clock):
    pace = Pace(3, work_total=1000, recent_s=60)
    clock.now += 10
    step = pace.advance(2, 2)  # two short sounds; the third is an hour
    assert step.left_s == pytest.approx(998 / 0.2)
    clock.now += 10
    step = pace.advance(0, 198)  # some of the hour
    assert (step.n_done, step.left_s) == (2, pytest.approx(800 / 10))
    clock.now += 10
    step = pace.advance(1, 800)
    assert (step.n_done, step.left_s) == (3, 0)


def test_only_the_last_seconds_say_how_fast_it_goes(clock):
    pace = Pace(1000, recent_s=10)
    for _ in range(20):  # a second each: cold disks
        clock.now += 1
        pace.advance(1)
    for _ in range(20):
        clock.now += 1
        step = pace.advance(10)
    assert step.per_second == pytest.approx(10)
    assert step.left_s == pytest.approx((1000 - 220) / 10)


def test_a_pause_between_two_steps_does_not_lose_the_rate(clock):
    pace = Pace(100, recent_s=10)
    clock.now += 1
    pace.advance(10)
    clock.now += 1000
    step = pace.advance(10)
    assert step.per_second > 0
    assert step.left_s is not None


def test_more_than_was_expected_is_no_time_less_than_none(clock):
    pace = Pace(2, work_total=2)
    clock.now += 1
    step = pace.advance(3, 5)
    assert (step.n_done, step.n_total, step.left_s) == (3, 3, 0)


def test_all_at_once_divides_by_no_nought(clock):
    assert Pace(2).advance(1).left_s == pytest.approx(0.001)
