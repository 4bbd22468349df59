"""One run at a time, without Qt: the job is held by the test, its thread is a real one."""

import queue
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bowerbird.base.errors import CatalogueError
from bowerbird.domain.events import BatchRecorded, FolderUnreachable, IndexingFinished, Progress, SoundsListed
from bowerbird.gui import translation
from bowerbird.gui.browse import indexing_presenter as indexing
from bowerbird.gui.browse.indexing_presenter import IndexingPresenter, IndexingState, UnfinishedState
from bowerbird.jobs.control import Control
from bowerbird.jobs.runner import JobEnded

A, B, C = Path("/a"), Path("/b"), Path("/c")
DONE = IndexingFinished(
    n_sounds=3, n_analysed=3, n_copies=0, n_rejected=0, n_unreachable=0, seconds=1.0, is_cancelled=False
)
TIMEOUT_S = 10


class FakeView:
    def __init__(self) -> None:
        self.states: list[IndexingState | None] = []
        self.changes: list[bool] = []
        self.complaints: list[str] = []
        self.unfinished: UnfinishedState | None = None

    def show_unfinished(self, state: UnfinishedState | None) -> None:
        self.unfinished = state

    def show_indexing(self, state: IndexingState | None) -> None:
        self.states.append(state)

    def library_changed(self, *, is_final: bool) -> None:
        self.changes.append(is_final)

    def complain(self, sentence: str) -> None:
        self.complaints.append(sentence)


class Job:
    """In place of indexing: says what it was given, and ends as it is told."""

    def __init__(self) -> None:
        self.begun: queue.Queue[tuple[list[Path], Control]] = queue.Queue()
        self.ends: queue.Queue[Exception | None] = queue.Queue()
        self.n_indexes = 0

    def index(self, library: Path, folders: Sequence[Path], *, control: Control, post: Any, **_: object) -> None:
        self.begun.put((list(folders), control))
        end = self.ends.get(timeout=TIMEOUT_S)
        if end is not None:
            raise end
        post(DONE)

    def update(self, library: Path, encoder: object, control: Control) -> None:
        self.n_indexes += 1


class Desk:
    def __init__(self, job: Job, *, is_held: bool = False) -> None:
        self.job, self.view = job, FakeView()
        self.library = SimpleNamespace()
        self.events: queue.Queue[object] = queue.Queue()
        self.presenter = IndexingPresenter(
            self.view,
            self.library,  # type: ignore[arg-type]
            None,  # type: ignore[arg-type]
            self.events.put,
            is_held=is_held,
        )

    def begun(self) -> tuple[list[Path], Control]:
        return self.job.begun.get(timeout=TIMEOUT_S)

    def end(self, fault: Exception | None = None) -> None:
        """Let the run end, and the window hear of it."""
        self.job.ends.put(fault)
        self.hear()

    def hear(self) -> None:
        """Hand over what the job's thread tells, until it is done."""
        event: object = None
        while not isinstance(event, JobEnded):
            event = self.events.get(timeout=TIMEOUT_S)
            self.presenter.handle(event)

    @property
    def state(self) -> IndexingState | None:
        return self.view.states[-1]


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    job = Job()
    monkeypatch.setattr(indexing, "index_folders", job.index)
    monkeypatch.setattr(indexing, "update_index", job.update)
    desk = Desk(job)
    yield desk
    for _ in range(4):
        job.ends.put(None)
    desk.presenter.close()


def test_a_run_is_told_from_its_beginning_to_its_end(desk: Desk):
    desk.presenter.add([A])
    assert desk.begun()[0] == [A]
    assert desk.state == IndexingState("Looking for sounds", None, is_paused=False)
    desk.presenter.handle(SoundsListed("/a", 1200))
    assert desk.state == IndexingState("1,200 sounds found", None, is_paused=False)
    desk.presenter.handle(Progress(300, 1200, 20.0, 45.0))
    assert desk.state == IndexingState("300 of 1,200 · 20 a second · 45 s left", 0.25, is_paused=False)
    desk.end()
    assert (desk.state, desk.presenter.is_running) == (None, False)
    assert desk.view.changes[-1] is True


@pytest.mark.parametrize("activity", ["Reading metadata", "Hashing samples", "Reading names", "Finding copies"])
def test_what_a_run_does_is_named_in_the_language_of_the_window(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, activity: str
):
    monkeypatch.setattr(translation, "_translator", lambda _context, text: f"[{text}]")
    desk.presenter.handle(Progress(3, 10, 1.0, None, activity))
    assert desk.state is not None
    assert desk.state.text.startswith(f"[{activity}] · ")
    desk.presenter.handle(Progress(3, 10, 1.0, None, "clap"))
    assert desk.state.text.startswith("clap · "), "an encoder has its own title"


def test_folders_wait_while_a_run_goes_on_each_once(desk: Desk):
    desk.presenter.add([A])
    desk.presenter.add([B])
    desk.presenter.add([B, C])
    assert desk.begun()[0] == [A]
    desk.end()
    assert desk.begun()[0] == [B, C]
    assert desk.state is not None
    desk.end()
    assert desk.state is None


def test_a_rescan_waits_for_the_folders_that_wait(desk: Desk):
    desk.presenter.add([A])
    desk.presenter.rescan()
    desk.presenter.add([B])
    desk.begun()
    desk.end()
    assert desk.begun()[0] == [B]
    desk.end()
    assert desk.begun()[0] == []
    desk.end()
    assert not desk.presenter.is_running


def test_pause_and_resume_reach_the_job_and_the_line(desk: Desk):
    desk.presenter.add([A])
    _, control = desk.begun()
    desk.presenter.handle(Progress(1, 4, 0.0, None))
    desk.presenter.toggle_pause()
    assert control.is_paused
    assert desk.state == IndexingState("1 of 4", 0.25, is_paused=True)
    desk.presenter.toggle_pause()
    assert not control.is_paused
    assert desk.state == IndexingState("1 of 4", 0.25, is_paused=False)


def test_cancel_stops_the_run_and_gives_up_what_waits(desk: Desk):
    desk.presenter.add([A])
    desk.presenter.add([B])
    desk.presenter.rescan()
    _, control = desk.begun()
    desk.presenter.cancel()
    assert control.is_cancelled
    assert desk.state is not None
    assert desk.state.text == "Stopping"
    desk.end()
    assert not desk.presenter.is_running
    assert desk.job.begun.empty()


def test_pause_and_cancel_without_a_run_do_nothing(desk: Desk):
    desk.presenter.toggle_pause()
    desk.presenter.cancel()
    assert desk.view.states == []


def test_a_known_fault_ends_the_run_with_its_sentence(desk: Desk):
    desk.presenter.add([A])
    desk.begun()
    desk.end(CatalogueError("The disk is full. Free some space."))
    assert desk.view.complaints == ["The disk is full. Free some space."]
    assert (desk.state, desk.presenter.is_running) == (None, False)


def test_a_fault_of_the_program_is_logged_and_told_without_its_trace(desk: Desk, caplog: pytest.LogCaptureFixture):
    desk.presenter.add([A])
    desk.begun()
    desk.end(ZeroDivisionError("division by zero"))
    assert "Please report it with " in desk.view.complaints[0]
    assert "division" not in desk.view.complaints[0]
    assert "ZeroDivisionError" in caplog.text


def test_a_failed_run_does_not_hold_up_the_next(desk: Desk):
    desk.presenter.add([A])
    desk.presenter.add([B])
    desk.begun()
    desk.end(CatalogueError("It broke."))
    assert desk.begun()[0] == [B]
    desk.end()
    assert desk.view.complaints == ["It broke."]


def test_what_lies_in_the_way_is_told_and_the_rest_goes_on(desk: Desk):
    desk.presenter.add([A])
    desk.begun()
    desk.presenter.handle(FolderUnreachable("/a/x", "permission denied"))
    desk.presenter.handle(BatchRecorded(10))
    assert len(desk.view.complaints) == 1
    assert desk.view.complaints[0].startswith("Cannot read /a/x: permission denied.")
    assert desk.view.changes == [False]
    assert desk.presenter.is_running


def test_a_run_lasts_until_its_index_is_saved(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    """Else a second run could begin, and write, while the first still writes."""
    is_saved = threading.Event()
    monkeypatch.setattr(indexing, "update_index", lambda library, encoder, control: is_saved.wait(TIMEOUT_S))
    desk.presenter.add([A])
    desk.presenter.add([B])
    desk.begun()
    desk.job.ends.put(None)
    desk.presenter.handle(desk.events.get(timeout=TIMEOUT_S))
    assert desk.presenter.is_running
    assert desk.job.begun.empty()
    is_saved.set()
    desk.hear()
    assert desk.begun()[0] == [B]


def test_a_fault_while_the_index_is_saved_is_told_and_does_not_end_the_next_run(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    def update(library: Path, encoder: object, control: Control) -> None:
        monkeypatch.setattr(indexing, "update_index", lambda *_: None)
        raise CatalogueError("The index could not be saved.")

    monkeypatch.setattr(indexing, "update_index", update)
    desk.presenter.add([A])
    desk.presenter.add([B])
    desk.begun()
    desk.end()
    desk.begun()
    assert desk.view.complaints == ["The index could not be saved."]
    assert desk.presenter.is_running


def test_closing_cancels_the_saving_of_the_index_and_waits_for_the_thread(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    is_saving, controls = threading.Event(), []

    def update(library: Path, encoder: object, control: Control) -> None:
        controls.append(control)
        is_saving.set()

    monkeypatch.setattr(indexing, "update_index", update)
    desk.presenter.add([A])
    desk.begun()
    desk.job.ends.put(None)
    assert is_saving.wait(TIMEOUT_S)
    desk.presenter.close()
    assert controls[0].is_cancelled
    assert not [thread for thread in threading.enumerate() if thread.name == "bowerbird-indexing"]


def test_a_cancelled_analysis_says_how_much_is_done_until_it_is_resumed(desk: Desk):
    desk.presenter.add([A])
    desk.presenter.count(470, 2633)
    assert desk.view.unfinished is None, "it is still running"
    desk.begun()
    desk.presenter.cancel()
    desk.end()
    assert desk.view.unfinished == UnfinishedState("470 of 2,633 analysed")
    assert desk.presenter.is_held
    desk.presenter.rescan()
    assert desk.view.unfinished is None
    desk.begun()
    desk.presenter.handle(Progress(30, 2163, 0.0, None))
    assert desk.state == IndexingState("500 of 2,633", 500 / 2633, is_paused=False), "it goes on from there"
    desk.end()
    assert not desk.presenter.is_held
    assert desk.view.unfinished is None


def test_a_cancelled_analysis_that_is_complete_says_nothing(desk: Desk):
    desk.presenter.add([A])
    desk.begun()
    desk.presenter.cancel()
    desk.end()
    desk.presenter.count(3, 3)
    assert desk.view.unfinished is None


def test_an_analysis_that_the_user_stopped_does_not_resume_by_itself():
    desk = Desk(Job(), is_held=True)
    desk.presenter.resume([A])
    assert not desk.presenter.is_running
    desk.presenter.count(1, 3)
    assert desk.view.unfinished == UnfinishedState("1 of 3 analysed")
    desk.presenter.close()


@pytest.mark.parametrize(("has_learned", "n_learned"), [(False, 1), (True, 0)])
def test_a_complete_library_that_never_learned_words_learns_them_without_a_word(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, *, has_learned: bool, n_learned: int
):
    learned: list[object] = []
    monkeypatch.setattr(indexing, "has_learned_words", lambda *_: has_learned)
    monkeypatch.setattr(indexing, "update_learned_words", lambda *given: learned.append(given))
    desk.presenter.resume([])
    assert not desk.presenter.is_running, "folders can be added and removed meanwhile"
    if n_learned:
        desk.hear()
    assert len(learned) == n_learned
    assert desk.view.changes == [True] * n_learned
    assert not any(desk.view.states)


def test_closing_during_an_analysis_does_not_hold_it_and_pausing_does(desk: Desk):
    desk.presenter.add([A])
    desk.begun()
    assert not desk.presenter.is_held
    desk.presenter.toggle_pause()
    assert desk.presenter.is_held
    desk.presenter.toggle_pause()
    desk.job.ends.put(None)
    desk.presenter.close()
    assert not desk.presenter.is_held


def test_changes_are_indexed_without_a_word_after_the_current_run(desk: Desk):
    desk.presenter.add([A])
    desk.begun()
    desk.presenter.update([B])
    desk.presenter.update([B, C])
    desk.end()
    assert desk.begun()[0] == [B, C]
    n_states = len(desk.view.states)
    desk.presenter.handle(SoundsListed("/b", 3))
    desk.presenter.handle(Progress(1, 3, 1.0, 2.0))
    desk.presenter.handle(FolderUnreachable("/b", "it is not there"))
    assert len(desk.view.states) == n_states
    assert desk.view.complaints == []
    desk.end()
    assert (desk.state, desk.presenter.is_running) == (None, False)


def test_many_changes_show_their_progress(desk: Desk):
    desk.presenter.update([B])
    desk.begun()
    assert desk.view.states == []
    desk.presenter.handle(Progress(0, 500, 0.0, None))
    assert desk.state is not None
    assert desk.state.text == "0 of 500"


def test_changes_wait_while_the_analysis_is_paused_and_are_left_when_it_was_cancelled(desk: Desk):
    desk.presenter.add([A])
    desk.begun()
    desk.presenter.toggle_pause()
    desk.presenter.update([B])
    desk.presenter.toggle_pause()
    desk.end()
    assert desk.begun()[0] == [B]
    desk.presenter.cancel()
    desk.presenter.update([C])
    desk.end()
    desk.presenter.update([C])
    assert not desk.presenter.is_running
    assert desk.job.begun.empty()
