"""Recording an example, without Qt: the recorder is the test's."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from bowerbird.base.errors import PlaybackError
from bowerbird.gui.browse.recording_presenter import N_KEPT, RecordingPresenter, RecordingState


class FakeRecorder:
    def __init__(self) -> None:
        self.is_recording = self.is_full = False
        self.duration_s, self.level_db = 1.25, -12.0
        self.problem: str | None = None
        self.n_cancelled = 0

    def start(self) -> None:
        if self.problem is not None:
            raise PlaybackError(self.problem)
        self.is_recording = True

    def stop(self) -> Any:
        self.is_recording = self.is_full = False
        return np.full((4800, 1), 0.5, np.float32), 48_000

    def cancel(self) -> None:
        self.is_recording = False
        self.n_cancelled += 1


class FakePanel:
    def __init__(self) -> None:
        self.states: list[RecordingState] = []
        self.n_closed = 0

    def show_recording(self, state: RecordingState) -> None:
        self.states.append(state)

    def close_panel(self) -> None:
        self.n_closed += 1


class Held:
    """Queries that run when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Callable[[], Any], Any, Any]] = []

    def run(self, name: str, work: Callable[[], Any], *, done: Any, failed: Any) -> None:
        self.waiting.append((work, done, failed))

    def go(self) -> None:
        work, done, failed = self.waiting.pop(0)
        try:
            result = work()
        except PlaybackError as error:
            failed(str(error))
        else:
            done(result)


class Desk:
    def __init__(self, folder: Path) -> None:
        self.recorder, self.panel, self.queries = FakeRecorder(), FakePanel(), Held()
        self.found: list[Path] = []
        self.n_stopped = 0
        self.presenter = RecordingPresenter(
            self.panel,
            self.recorder,
            self.queries,
            folder,
            found=self.found.append,
            stop_playback=self._stop,
            now=lambda: datetime(2026, 11, 27, 22, 46, 5, tzinfo=UTC),
        )

    def _stop(self) -> None:
        self.n_stopped += 1

    @property
    def text(self) -> str:
        return self.panel.states[-1].text


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "recordings")


def test_a_recording_is_stored_and_searched_by(desk: Desk):
    desk.presenter.start()
    assert desk.n_stopped == 1, "what plays would be recorded too"
    assert desk.panel.states[-1].is_busy
    desk.queries.go()
    assert (desk.text, desk.panel.states[-1].level_db) == ("Recording · 1.2 s", -12.0)
    desk.presenter.finish()
    desk.queries.go()
    (path,) = desk.found
    assert path.name == "Recording 2026-11-27 22.46.05.flac"
    samples, rate_hz = soundfile.read(path)
    assert (len(samples), rate_hz) == (4800, 48_000)
    assert desk.panel.n_closed == 1


def test_a_missing_input_is_said_in_the_panel(desk: Desk):
    desk.recorder.problem = "No microphone or line input was found. Connect one, then record again."
    desk.presenter.start()
    desk.queries.go()
    assert desk.text == desk.recorder.problem
    assert not desk.panel.states[-1].is_recording
    assert desk.found == []


def test_a_panel_that_is_closed_while_the_input_opens_records_nothing(desk: Desk):
    desk.presenter.start()
    desk.presenter.cancel()
    desk.queries.go()
    assert not desk.recorder.is_recording


def test_a_recording_that_is_full_ends_by_itself(desk: Desk):
    desk.presenter.start()
    desk.queries.go()
    desk.recorder.is_full = True
    desk.presenter.refresh()
    desk.presenter.refresh()
    desk.queries.go()
    assert len(desk.found) == 1
    assert desk.queries.waiting == []


def test_only_the_latest_recordings_are_kept(desk: Desk, tmp_path: Path):
    folder = tmp_path / "recordings"
    folder.mkdir()
    for number in range(N_KEPT + 5):
        (folder / f"old {number}.flac").write_bytes(b"")
    desk.presenter.start()
    desk.queries.go()
    desk.presenter.finish()
    desk.queries.go()
    kept = {file.name for file in folder.iterdir()}
    assert len(kept) == N_KEPT
    assert desk.found[0].name in kept
