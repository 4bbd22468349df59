"""How smooth the map of 100,000 sounds is, and how long its layout takes."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bowerbird.ranking.projection import project

pytest.importorskip("PySide6", reason="the map needs PySide6")

from bowerbird.gui.map.map_state import Camera, Colouring, MapPoints
from bowerbird.gui.map.map_view import MapView
from bowerbird.gui.shell import theme

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]

N = 100_000


def frame_ms(view: MapView, cameras: list[Camera]) -> dict[str, float]:
    """Paint a frame for each camera; the median and the longest time, in milliseconds."""
    times = []
    for camera in cameras:
        view.canvas._move(camera)
        began = time.perf_counter()
        view.canvas.repaint()
        times.append(1000 * (time.perf_counter() - began))
    return {"median_ms": round(float(np.median(times)), 2), "max_ms": round(max(times), 2)}


@pytest.mark.parametrize("n_listed", [200, N])
def test_frames(qtbot: Any, report: Callable[..., None], n_listed: int) -> None:
    chance = np.random.default_rng(1)
    centres = chance.uniform(0.1, 0.9, (200, 2))
    positions = (centres[chance.integers(200, size=N)] + chance.normal(0, 0.02, (N, 2))).clip(0, 1).astype(np.float32)
    points = MapPoints(np.arange(N), positions, np.arange(N) < n_listed)
    view = MapView(theme.tokens("dark"))
    view.resize(1200, 760)
    view.show_points(points, Colouring("ramp", (np.arange(N) % 256).astype(np.uint8), ("a", "b")), example_ids=())
    with qtbot.waitExposed(view):
        view.show()
    view.canvas.repaint()
    pan = frame_ms(view, [Camera(0.4 + 0.002 * step, 0.5, 3.0) for step in range(100)])
    zoom = frame_ms(view, [Camera(0.5, 0.5, 1.05**step) for step in range(100)])
    report("map of 100,000 points", n_listed=n_listed, pan=pan, zoom=zoom)
    view.close()


def test_layout(report: Callable[..., None]) -> None:
    chance = np.random.default_rng(1)
    centres = chance.normal(size=(300, 256))
    vectors = (centres[chance.integers(300, size=N)] + 0.5 * chance.normal(size=(N, 256))).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    began, began_cpu = time.perf_counter(), time.process_time()
    project(vectors)
    seconds, cpu_s = time.perf_counter() - began, time.process_time() - began_cpu
    report("map layout of 100,000 embeddings", seconds=round(seconds, 1), processor_s=round(cpu_s, 1))
