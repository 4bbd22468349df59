"""The geometry of the map and its groups, without Qt."""

import numpy as np
import pytest

from bowerbird.gui.map.map_state import (
    OTHER,
    Camera,
    branches,
    group_levels,
    inside,
    nearest_point,
    next_point,
    ramp_levels,
)

CROSS = np.array([[0.5, 0.5], [0.2, 0.5], [0.9, 0.5], [0.5, 0.1], [0.5, 0.8], [0.55, 0.6]], np.float32)
ALL = np.ones(len(CROSS), np.bool_)


def test_everything_is_visible_at_first():
    screen = Camera().to_screen(np.array([[0, 0], [1, 1], [0.5, 0.5]], np.float32), 800, 400)
    assert screen.tolist() == [[200, 0], [600, 400], [400, 200]]


def test_zooming_keeps_what_is_under_the_pointer():
    camera = Camera(0.4, 0.6, 3.0)
    before = camera.to_screen(CROSS, 800, 400)
    at = tuple(before[4])
    closer = camera.zoomed(1.5, at, 800, 400)
    assert closer.zoom == 4.5
    assert closer.to_screen(CROSS, 800, 400)[4] == pytest.approx(at, abs=0.01)


def test_zooming_out_ends_where_everything_is_visible():
    assert Camera(0.1, 0.9, 2.0).zoomed(0.1, (0, 0), 800, 400) == Camera()


def test_dragging_moves_the_points_with_the_pointer():
    camera = Camera(0.5, 0.5, 4.0)
    moved = camera.panned(30, -20, 800, 400).to_screen(CROSS, 800, 400) - camera.to_screen(CROSS, 800, 400)
    assert np.allclose(moved, [30, -20], atol=0.01)


def test_the_map_cannot_be_dragged_out_of_sight():
    camera = Camera(0.5, 0.5, 4.0).panned(1e6, 1e6, 800, 400)
    assert (camera.x, camera.y) == (0, 0)


def test_the_nearest_point_within_reach_is_meant():
    screen = np.array([[10, 10], [20, 10], [90, 90]], np.float32)
    none = np.zeros(3, np.bool_)
    assert nearest_point(screen, (12, 10), within_px=10, preferred=none) == 0
    assert nearest_point(screen, (50, 50), within_px=10, preferred=none) is None
    assert nearest_point(screen[:0], (50, 50), within_px=10, preferred=none[:0]) is None


def test_of_two_near_points_the_one_in_the_list_is_meant():
    screen = np.array([[10, 10], [16, 10]], np.float32)
    assert nearest_point(screen, (12.5, 10), within_px=10, preferred=np.array([False, True])) == 1


@pytest.mark.parametrize(("direction", "expected"), [("left", 1), ("right", 2), ("up", 3), ("down", 5)])
def test_an_arrow_leads_to_the_nearest_point_in_its_direction(direction, expected):
    assert next_point(CROSS, 0, direction, ALL) == expected


def test_an_arrow_passes_over_points_that_are_not_in_the_list():
    allowed = ALL.copy()
    allowed[5] = False
    assert next_point(CROSS, 0, "down", allowed) == 4
    assert next_point(CROSS, 4, "down", ALL) is None


def test_an_outline_selects_what_is_inside_it():
    l_shape = np.array([[0, 0], [1, 0], [1, 0.4], [0.4, 0.4], [0.4, 1], [0, 1]], np.float32)
    points = np.array([[0.2, 0.8], [0.8, 0.2], [0.8, 0.8], [2, 0.2]], np.float32)
    assert inside(points, l_shape).tolist() == [True, True, False, False]
    assert not inside(points, l_shape[:2]).any()


def test_levels_of_a_ramp_span_its_range():
    values = np.array([-60, -48, -28.5, -9, 0, np.nan], np.float32)
    assert ramp_levels(values, lowest=-48, highest=-9).tolist() == [0, 0, 128, 255, 255, 0]


def test_the_largest_groups_have_colours_in_the_order_of_their_names():
    numbers = np.array([0, 1, 1, 2, -1], np.int32)
    colouring = group_levels(numbers, ("b", "a", "c"), other="other")
    assert colouring.labels == ("a", "b", "c", "other")
    assert colouring.levels.tolist() == [1, 0, 0, 2, OTHER]


def test_small_groups_share_the_last_colour():
    numbers = np.repeat(np.arange(12, dtype=np.int32), [3] * 10 + [1, 1])
    colouring = group_levels(numbers, tuple(f"folder {number:02}" for number in range(12)), other="other")
    assert len(colouring.labels) == 11
    assert colouring.labels[-1] == "other"
    assert colouring.levels[-2:].tolist() == [OTHER, OTHER]


def test_branches_begin_where_directories_divide():
    numbers, names = branches(("Sounds/Packs/Drums/Kick", "Sounds/Packs/Drums", "Sounds/Packs/Foley/Steps"))
    assert names == ("Drums", "Foley")
    assert numbers.tolist() == [0, 0, 1]
    assert branches(("Sounds",))[1] == ("Sounds",)
    assert branches(("Sounds", "Sounds/Kick"))[1] == ("Sounds",)
    assert branches(())[1] == ()


def test_the_rest_has_a_label_of_its_own_however_few_groups_there_are():
    with_rest = group_levels(np.array([0, 1, -1], np.int32), ("a", "b"), other="rest")
    assert (with_rest.labels, with_rest.has_other) == (("a", "b", "rest"), True)
    without = group_levels(np.array([0, 1], np.int32), ("a", "b"), other="rest")
    assert (without.labels, without.has_other) == (("a", "b"), False)
