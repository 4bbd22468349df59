"""Presenters of listening tests at a desk: the library and the thread are real ones, the window is not. No Qt."""

import queue
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bowerbird.base.errors import BowerbirdError
from bowerbird.gui.encoders.encoder_texts import JobState
from bowerbird.gui.listening.comparing_presenter import CompareState
from bowerbird.gui.listening.studies_presenter import StudyRow
from bowerbird.gui.listening.study_design_texts import DesignState
from bowerbird.jobs.background import Background, BackgroundEnded

TIMEOUT_S = 30


class Queries:
    """Responses at once."""

    def run(self, name: str, work: Callable[[], Any], *, done: Callable[[Any], None], failed: Any) -> None:
        try:
            answer = work()
        except BowerbirdError as error:
            failed(str(error))
        else:
            done(answer)


class Thread:
    """A background whose events are taken when the test says so."""

    def __init__(self) -> None:
        self.events: queue.Queue[object] = queue.Queue()
        self.background = Background(self.events.put)

    def finish(self) -> None:
        """Take events until the work has ended."""
        event: object = None
        while not isinstance(event, BackgroundEnded):
            event = self.events.get(timeout=TIMEOUT_S)
            self.background.handle(event)

    def close(self) -> None:
        self.background.close()


class FakeStudies:
    def __init__(self) -> None:
        self.rows: list[StudyRow] = []
        self.jobs: list[tuple[JobState | None, str, str]] = []
        self.opened: list[Path] = []

    def show_studies(self, rows: Sequence[StudyRow]) -> None:
        self.rows = list(rows)

    def show_studies_job(self, job: JobState | None, said: str, complaint: str) -> None:
        self.jobs.append((job, said, complaint))

    def open_file(self, path: Path) -> None:
        self.opened.append(path)

    @property
    def said(self) -> str:
        return self.jobs[-1][1]

    @property
    def complaint(self) -> str:
        return self.jobs[-1][2]


class FakeDesign:
    def __init__(self) -> None:
        self.states: list[DesignState] = []
        self.jobs: list[tuple[JobState | None, str]] = []
        self.frozen: list[str] = []
        self.n_closed = 0

    def show_design(self, state: DesignState) -> None:
        self.states.append(state)

    def show_design_job(self, job: JobState | None, complaint: str) -> None:
        self.jobs.append((job, complaint))

    def show_created(self, sentence: str, notes: Sequence[str]) -> None:
        self.frozen.append(sentence)

    def close_design(self) -> None:
        self.n_closed += 1

    @property
    def state(self) -> DesignState:
        return self.states[-1]

    @property
    def complaint(self) -> str:
        return self.jobs[-1][1]


class FakeCompare:
    def __init__(self) -> None:
        self.states: list[CompareState] = []
        self.jobs: list[tuple[JobState | None, str]] = []
        self.heard: list[Path | None] = []
        self.complaints: list[str] = []

    def show_columns(self, state: CompareState) -> None:
        self.states.append(state)

    def show_compare_job(self, job: JobState | None, complaint: str) -> None:
        self.jobs.append((job, complaint))

    def show_heard(self, path: Path | None) -> None:
        self.heard.append(path)

    def complain(self, sentence: str) -> None:
        self.complaints.append(sentence)

    @property
    def state(self) -> CompareState:
        return self.states[-1]

    @property
    def names(self) -> list[str]:
        """The systems that stand side by side."""
        return [column.system.name for column in self.state.columns]
