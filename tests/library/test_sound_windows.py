"""Which windows a sound is cut into, and which of them describe the whole sound, wherever in it they are."""

import numpy as np
import pytest

from bowerbird.library.indexing.sound_windows import SoundWindows
from sounds import noise

RATE_HZ = 8_000


def loud(duration_s, level=0.2):
    return noise(1, duration_s=duration_s, rate_hz=RATE_HZ, level=level)[:, 0]


def uses_of(*parts, window_s=10.0):
    """Return the spans of the windows of consecutive parts, as pairs of seconds, and their uses."""
    cutter = SoundWindows(RATE_HZ, window_s)
    windows = [*cutter.push(np.concatenate(parts).astype(np.float32)), *cutter.finish()]
    return [(window.start_s, window.end_s) for window in windows], cutter.uses()


@pytest.mark.parametrize("level", [0.2, 0.02])
def test_windows_about_as_loud_as_the_loudest_count(level):
    spans, uses = uses_of(loud(20.0, level), loud(10.0))
    assert spans[:2] == [(0.0, 10.0), (10.0, 20.0)]
    assert uses == ("counted",) * len(spans)


@pytest.mark.parametrize(("level", "use"), [(0.0005, "uncounted"), (0.00001, "left out")])
def test_windows_before_the_loudest_are_judged_as_those_after_it(level, use):
    _, before = uses_of(loud(20.0, level), loud(20.0))
    assert before == (use, use, "counted", "counted")
    spans, after = uses_of(loud(20.0), loud(20.0, level))
    of_windows = [each for (start_s, end_s), each in zip(spans, after, strict=True) if end_s - start_s == 10.0]
    assert of_windows[:2] == ["counted", "counted"]
    assert set(of_windows[2:]) <= {use}


def test_a_sound_whose_other_windows_are_silent_has_a_single_window():
    click = np.concatenate([loud(4.0, 0.00001), loud(0.2), loud(5.8, 0.00001)])
    for parts in ([loud(20.0, 0.00001), click], [click, loud(20.0, 0.00001)]):
        spans, uses = uses_of(*parts)
        assert [use for use in uses if use != "left out"] == ["counted"]
        assert spans[uses.index("counted")] in {(0.0, 10.0), (20.0, 30.0)}


def test_a_silent_sound_has_its_first_window():
    assert uses_of(np.zeros(25 * RATE_HZ)) == ([(0.0, 10.0)], ("counted",))


@pytest.mark.parametrize("window_s", [1.0, 2.5, 10.0, 30.0])
def test_a_sound_has_an_event_for_each_ten_seconds_whatever_the_length_of_windows(window_s):
    rain = loud(120.0, 0.002)
    for number in range(240):
        first = round((0.5 * number + 0.2) * RATE_HZ)
        rain[first : first + RATE_HZ // 20] += loud(0.05, 0.05 + 0.1 * (number % 20 == 7))
    spans, uses = uses_of(rain, window_s=window_s)
    events = [start_s for (start_s, _), use in zip(spans, uses, strict=True) if use == "uncounted"]
    assert len(events) == 12
    assert sum(round(2 * start_s) % 20 == 7 for start_s in events) >= 9  # those that stand out most
