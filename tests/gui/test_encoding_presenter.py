"""Indexing with a further encoder, without Qt: which encoder a run uses, and when it restarts."""

import queue
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bowerbird.base.errors import EncoderError
from bowerbird.domain.events import Progress
from bowerbird.gui.browse import indexing_presenter as indexing
from bowerbird.gui.browse.indexing_presenter import IndexingPresenter, IndexingState, UnfinishedState
from bowerbird.jobs.runner import JobEnded

TIMEOUT_S = 10


class IndexingView:
    def __init__(self) -> None:
        self.states: list[IndexingState | None] = []

    def show_indexing(self, state: IndexingState | None) -> None:
        self.states.append(state)

    def show_unfinished(self, state: UnfinishedState | None) -> None: ...

    def library_changed(self, *, is_final: bool) -> None: ...

    def complain(self, sentence: str) -> None: ...


class Run:
    """Replaces indexing: records its arguments, and ends when the test says so or when cancelled."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun: queue.Queue[tuple[list[Path], str | None]] = queue.Queue()
        self.ends: queue.Queue[None] = queue.Queue()
        self.events: queue.Queue[object] = queue.Queue()
        self.indexed: list[str] = []
        monkeypatch.setattr(indexing, "index_folders", self._index)
        monkeypatch.setattr(
            indexing, "update_index", lambda _library, encoder, _control: self.indexed.append(encoder.id)
        )

    def _index(self, library: Path, folders: list[Path], *, further: Any, control: Any, **_: object) -> None:
        self.begun.put((list(folders), further and further.name))
        while not control.is_cancelled:
            with suppress(queue.Empty):
                self.ends.get(timeout=0.01)
                return

    def hear(self, presenter: IndexingPresenter) -> None:
        while not isinstance(event := self.events.get(timeout=TIMEOUT_S), JobEnded):
            presenter.handle(event)
        presenter.handle(event)

    def next(self) -> tuple[list[Path], str | None]:
        return self.begun.get(timeout=TIMEOUT_S)


@dataclass(frozen=True)
class IdEncoder:
    id: str

    @property
    def name(self) -> str:
        return self.id


BUILT_IN, A, B = IdEncoder("ear"), IdEncoder("a"), IdEncoder("b")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    return Run(monkeypatch)


@pytest.fixture
def going(run: Run) -> Iterator[IndexingPresenter]:
    presenter = IndexingPresenter(
        IndexingView(),
        Path("/library"),
        BUILT_IN,
        run.events.put,
        further=A,
        title_of=str.upper,
    )
    yield presenter
    presenter.close()


def test_the_progress_of_stage_three_names_the_encoder(going: IndexingPresenter):
    going.handle(Progress(2140, 18300, 9.6, 7200.0, activity="clap"))
    assert going._state.text == "CLAP · 2,140 of 18,300 · 9.6 a second · 2.0 h left"


def test_both_encoders_have_their_index_brought_up_to_date(going: IndexingPresenter, run: Run):
    assert going.encoder_ids == ("ear", "a")
    going.rescan()
    assert run.next() == ([], "a")
    run.ends.put(None)
    run.hear(going)
    assert run.indexed == ["ear", "a"]


def test_another_encoder_restarts_the_run_with_every_folder(going: IndexingPresenter, run: Run):
    going.add([Path("/new")])
    assert run.next() == ([Path("/new")], "a")
    going.encode_with(B)
    going.rescan()
    run.hear(going)
    assert run.next() == ([Path("/new")], "b")
    run.ends.put(None)
    run.hear(going)
    assert run.next() == ([], "b")


def test_the_same_encoder_again_does_not_disturb_the_run(going: IndexingPresenter, run: Run):
    going.rescan()
    run.next()
    going.encode_with(IdEncoder("a"))
    assert going.is_running
    assert not going.runner.is_stopping


def test_without_a_further_encoder_its_vectors_are_not_found(going: IndexingPresenter, run: Run):
    going.rescan()
    run.next()
    going.encode_with(None)
    run.hear(going)
    assert run.next() == ([], None)
    assert going.encoder_ids == ("ear",)


def test_the_built_in_encoder_is_not_a_further_encoder(run: Run):
    presenter = IndexingPresenter(IndexingView(), Path("/library"), BUILT_IN, run.events.put, further=BUILT_IN)
    assert presenter.encoder_ids == ("ear",)


def test_damaged_weights_do_not_affect_the_built_in_index(
    going: IndexingPresenter, run: Run, monkeypatch: pytest.MonkeyPatch
):
    def index(*_: object, **__: object) -> None:
        raise EncoderError("`audio.onnx` is cut short. Fetch it.")

    monkeypatch.setattr(indexing, "index_folders", index)
    going.rescan()
    ended = run.events.get(timeout=TIMEOUT_S)
    assert ended.error == "`audio.onnx` is cut short. Fetch it."
    assert run.indexed == ["ear"]
