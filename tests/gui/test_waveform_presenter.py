"""What the waveform reads, and when."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bowerbird.audio.spectrogram import Spectrogram
from bowerbird.audio.waveform import SamplePart
from bowerbird.domain.waveforms import Waveform
from bowerbird.gui.browse.waveform_presenter import WaveformPresenter
from bowerbird.gui.browse.waveform_state import DetailRequest, Viewport
from sounds import sine, write


class Queue:
    """Work that runs when the test says so; of the same name only the newest."""

    def __init__(self) -> None:
        self.waiting: dict[str, tuple[Any, Any, Any]] = {}
        self.n_run = 0

    def run(
        self, name: str, work: Callable[[], Any], *, done: Callable[[Any], None], failed: Callable[[str], None]
    ) -> None:
        self.waiting[name] = (work, done, failed)

    def work(self) -> None:
        while self.waiting:
            work, done, _ = self.waiting.pop(next(iter(self.waiting)))
            self.n_run += 1
            done(work())


class View:
    def __init__(self) -> None:
        self.wanted: DetailRequest | None = None
        self.waveforms: list[Waveform] = []
        self.parts: list[SamplePart | None] = []
        self.spectrograms: list[Spectrogram] = []
        self.show_waveform = self.waveforms.append
        self.show_samples = self.parts.append
        self.show_spectrogram = self.spectrograms.append

    def want(self, path: Path, *, zoom: float = 1.0, is_spectrogram: bool = False) -> None:
        view = Viewport.of(2.0, 44_100).zoomed(zoom, at_s=1.0)
        self.wanted = DetailRequest(path, view, 800, 100, is_spectrogram)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "a.wav", sine(duration_s=2, n_channels=2))


@pytest.fixture
def desk() -> tuple[View, Queue, WaveformPresenter]:
    view, tasks = View(), Queue()
    return view, tasks, WaveformPresenter(view, tasks)


def test_channels_are_read_once(desk: tuple[View, Queue, WaveformPresenter], path: Path):
    view, tasks, presenter = desk
    view.want(path)
    presenter.refresh()
    assert view.waveforms == []
    tasks.work()
    assert view.waveforms[0].n_channels == 2
    presenter.refresh()
    assert (len(view.waveforms), tasks.n_run) == (2, 1)
    assert view.parts == [None, None]


def test_near_the_samples_are_read(desk: tuple[View, Queue, WaveformPresenter], path: Path):
    view, tasks, presenter = desk
    view.want(path, zoom=100)
    presenter.refresh()
    tasks.work()
    part = view.parts[-1]
    assert part is not None
    assert part.first / 44_100 <= 0.99
    assert (part.first + len(part.samples)) / 44_100 >= 1.01
    assert len(part.samples) < 0.1 * 44_100


def test_a_sound_that_is_left_is_not_read_on(desk: tuple[View, Queue, WaveformPresenter], path: Path):
    view, tasks, presenter = desk
    view.want(path)
    presenter.refresh()
    view.wanted = None
    tasks.work()
    assert view.waveforms == []


def test_a_spectrogram_is_measured_once_for_each_part(desk: tuple[View, Queue, WaveformPresenter], path: Path):
    view, tasks, presenter = desk
    for zoom in (1, 2, 1, 2):
        view.want(path, zoom=zoom, is_spectrogram=True)
        presenter.refresh()
        tasks.work()
    assert tasks.n_run == 2
    assert [round(one.end_s - one.start_s, 3) for one in view.spectrograms] == [2.0, 1.0, 2.0, 1.0]
    assert view.spectrograms[0].levels.shape == (100, 800)


def test_a_file_that_was_written_since_is_read_again(desk: tuple[View, Queue, WaveformPresenter], path: Path):
    view, tasks, presenter = desk
    view.want(path)
    presenter.refresh()
    tasks.work()
    write(path, 0.1 * np.ones((1000, 1)))
    presenter.refresh()
    tasks.work()
    assert view.waveforms[-1].n_channels == 1


def test_without_a_sound_nothing_is_read(desk: tuple[View, Queue, WaveformPresenter]):
    _, tasks, presenter = desk
    presenter.refresh()
    assert not tasks.waiting
