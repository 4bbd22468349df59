"""The visible part of a sound, its axis and its texts."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.gui.browse.waveform_state import (
    Viewport,
    edge_at,
    lane_name,
    n_lanes,
    peak_text,
    region_text,
    ticks,
)

WHOLE = Viewport.of(10.0, 48_000)


def test_zooming_keeps_the_position_under_the_pointer():
    zoomed = WHOLE.zoomed(2, at_s=3.0)
    assert (zoomed.start_s, zoomed.end_s) == (1.5, 6.5)
    assert zoomed.x_of(3.0, 1000) == pytest.approx(WHOLE.x_of(3.0, 1000))
    assert not zoomed.is_whole
    assert zoomed.zoomed(0.1, at_s=3.0).is_whole


def test_the_nearest_zoom_shows_single_samples():
    nearest = WHOLE.zoomed(1e9, at_s=5.0)
    assert nearest.length_s == pytest.approx(16 / 48_000)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("zoom"), st.floats(0.01, 100), st.floats(-1, 12)),
            st.tuples(st.just("scroll"), st.floats(-20, 20), st.just(0.0)),
        )
    )
)
def test_the_visible_part_stays_inside_the_sound(steps: list[tuple[str, float, float]]):
    view = WHOLE
    for kind, amount, at_s in steps:
        view = view.zoomed(amount, at_s=view.second_at(at_s, 10)) if kind == "zoom" else view.scrolled(amount)
        assert -1e-9 <= view.start_s < view.end_s <= 10 + 1e-9
    assert view.whole() == WHOLE


def test_positions_and_pixels_are_inverse_and_clamped():
    view = WHOLE.zoomed(4, at_s=5.0)
    assert view.second_at(view.x_of(5.5, 640), 640) == pytest.approx(5.5)
    assert WHOLE.second_at(-50, 640) == 0.0
    assert WHOLE.second_at(9999, 640) == 10.0


def test_the_next_part_follows_the_playhead():
    view = WHOLE.zoomed(5, at_s=1.0)
    assert view.following(view.start_s + 0.1) == view
    assert view.following(7.0).start_s == pytest.approx(6.9)
    assert WHOLE.following(7.0) == WHOLE


@pytest.mark.parametrize(
    ("x", "edge"), [(100, "start"), (95, "start"), (107, None), (150, None), (204, "end"), (190, None)]
)
def test_edges_are_taken_near_them(x: float, edge: str | None):
    assert edge_at(x, 100, 200) == edge


def test_a_narrow_region_can_be_widened_on_both_sides():
    assert edge_at(99, 100, 100) == "start"
    assert edge_at(101, 100, 100) == "end"


@pytest.mark.parametrize(
    ("n_channels", "height", "is_split", "n"),
    [
        (2, 132, True, 2),
        (2, 60, True, 1),
        (2, 132, False, 1),
        (1, 132, True, 1),
        (8, 300, True, 8),
        (8, 200, True, 1),
        (64, 2000, True, 1),
    ],
)
def test_channels_get_lanes_where_they_fit(n_channels: int, height: float, is_split: bool, n: int):
    assert n_lanes(n_channels, height, is_split=is_split) == n


def test_lanes_have_names():
    assert [lane_name(k, 2) for k in range(2)] == ["L", "R"]
    assert lane_name(5, 6) == "6"


@pytest.mark.parametrize(
    ("duration_s", "zoom", "texts"),
    [
        (1.0, 1, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (10.0, 1, ["0", "2", "4", "6", "8", "10"]),
        (430.0, 1, ["0:00", "1:00", "2:00", "3:00", "4:00", "5:00", "6:00", "7:00"]),
        (7200.0, 1, ["0:00", "15:00", "30:00", "45:00", "1:00:00", "1:15:00", "1:30:00", "1:45:00", "2:00:00"]),
        (100.0, 100, ["0:00.0", "0:00.2", "0:00.4", "0:00.6", "0:00.8", "0:01.0"]),
    ],
)
def test_the_time_axis(duration_s: float, zoom: float, texts: list[str]):
    view = Viewport.of(duration_s, 48_000).zoomed(zoom, at_s=0.0)
    assert [text for _, text in ticks(view, 640)] == texts


@given(st.floats(0.0005, 100_000), st.floats(1, 1e6), st.floats(40, 4000))
def test_ticks_never_crowd(duration_s: float, zoom: float, width: float):
    view = Viewport.of(duration_s, 48_000).zoomed(zoom, at_s=duration_s / 3)
    at = [view.x_of(second, width) for second, _ in ticks(view, width)]
    assert all(later - earlier > 70 for earlier, later in itertools.pairwise(at))
    assert len({text for _, text in ticks(view, width)}) == len(at)


@pytest.mark.parametrize(
    ("start_s", "end_s", "text"),
    [
        (17.38, 25.04, "17.38–25.04 s · 7.66 s"),
        (0.01, 0.0123, "0.0100–0.0123 s · 0.0023 s"),
        (425.5, 432.25, "7:05.50–7:12.25 · 6.75 s"),
    ],
)
def test_the_readout_of_a_region(start_s: float, end_s: float, text: str):
    assert region_text(start_s, end_s) == text


@pytest.mark.parametrize(
    ("peak", "text"),
    [(8.0, "peak +18 dB"), (1.0, "peak 0 dB"), (0.49, "peak −6.2 dB"), (0.0, ""), (0.1, "peak −20 dB")],
)
def test_the_peak_in_decibels(peak: float, text: str):
    assert peak_text(peak) == text
