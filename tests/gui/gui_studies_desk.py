"""Presenters of listening tests without a window: the library and the thread are real. No Qt."""

import queue
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bowerbird.base.errors import BowerbirdError
from bowerbird.gui.listening.comparing_presenter import CompareState
from bowerbird.gui.listening.studies_texts import StudyRow
from bowerbird.gui.listening.study_design_texts import DesignState
from bowerbird.jobs.progress import Progress
from bowerbird.jobs.runner import JobEnded, JobRunner

TIMEOUT_S = 30


class Queries:
    """Runs queries immediately."""

    def run(self, name: str, work: Callable[[], Any], *, done: Callable[[Any], None], failed: Any) -> None:
        try:
            result = work()
        except BowerbirdError as error:
            failed(str(error))
        else:
            done(result)


class Thread:
    """A job runner whose events are handled when the test asks for it."""

    def __init__(self) -> None:
        self.events: queue.Queue[object] = queue.Queue()
        self.jobs = JobRunner(self.events.put, name="test")

    def finish(self) -> None:
        """Handle events until the job has ended."""
        event: object = None
        while not isinstance(event, JobEnded):
            event = self.events.get(timeout=TIMEOUT_S)
            self.jobs.handle(event)

    def close(self) -> None:
        self.jobs.close()


class FakeStudies:
    def __init__(self) -> None:
        self.rows: list[StudyRow] = []
        self.jobs: list[tuple[Progress | None, str | None, str | None]] = []
        self.opened: list[Path] = []

    def show_studies(self, rows: Sequence[StudyRow]) -> None:
        self.rows = list(rows)

    def show_studies_job(self, job: Progress | None, message: str | None, error: str | None) -> None:
        self.jobs.append((job, message, error))

    def open_file(self, path: Path) -> None:
        self.opened.append(path)

    @property
    def message(self) -> str | None:
        return self.jobs[-1][1]

    @property
    def error(self) -> str | None:
        return self.jobs[-1][2]


class FakeDesign:
    def __init__(self) -> None:
        self.states: list[DesignState] = []
        self.jobs: list[tuple[Progress | None, str | None]] = []
        self.created: list[str] = []
        self.n_closed = 0

    def show_design(self, state: DesignState) -> None:
        self.states.append(state)

    def show_design_job(self, job: Progress | None, error: str | None) -> None:
        self.jobs.append((job, error))

    def show_created(self, sentence: str, notes: Sequence[str]) -> None:
        self.created.append(sentence)

    def close_design(self) -> None:
        self.n_closed += 1

    @property
    def state(self) -> DesignState:
        return self.states[-1]

    @property
    def error(self) -> str | None:
        return self.jobs[-1][1]


class FakeCompare:
    def __init__(self) -> None:
        self.states: list[CompareState] = []
        self.jobs: list[tuple[Progress | None, str | None]] = []
        self.playing: list[Path | None] = []
        self.complaints: list[str] = []

    def show_columns(self, state: CompareState) -> None:
        self.states.append(state)

    def show_compare_job(self, job: Progress | None, error: str | None) -> None:
        self.jobs.append((job, error))

    def show_playing(self, path: Path | None) -> None:
        self.playing.append(path)

    def complain(self, sentence: str) -> None:
        self.complaints.append(sentence)

    @property
    def state(self) -> CompareState:
        return self.states[-1]

    @property
    def names(self) -> list[str]:
        """The systems of the columns."""
        return [column.system.name for column in self.state.columns]
