"""The encoders presenter with weights, catalogue and jobs that the test controls. No Qt, no network."""

import queue
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self

import pytest

from bowerbird.base.errors import EncoderError
from bowerbird.encoders.weights.cards import shipped_cards
from bowerbird.gui.encoders import encoders_presenter as models
from bowerbird.gui.encoders.encoder_rows import EncoderRow
from bowerbird.gui.encoders.encoder_texts import JobState, NoticeState
from bowerbird.gui.encoders.encoders_presenter import END_WITHIN_S, EncodersPresenter
from bowerbird.jobs.progress import Progress
from bowerbird.jobs.runner import JobEnded, JobProgressed
from bowerbird.library.encoders.choice import Choice, is_of_model
from bowerbird.library.encoders.model_states import ModelState

CLAP = "clap-htsat-unfused"
OTHER = "clap-630k-audioset-best"
TIMEOUT_S = 10
BUILT_IN, ALONE = "ear", "acoustic"
"""The encoders that need no weights."""


@dataclass(frozen=True)
class NamedEncoder:
    """The part of an encoder that the presenter uses."""

    name: str


class FakeView:
    def __init__(self) -> None:
        self.rows: list[EncoderRow] = []
        self.jobs: list[tuple[JobState | None, str | None]] = []
        self.lines: list[NoticeState | None] = []
        self.complaints: list[str] = []

    def show_encoders(self, rows: list[EncoderRow]) -> None:
        self.rows = rows

    def show_job(self, job: JobState | None, error: str | None) -> None:
        self.jobs.append((job, error))

    def show_notice(self, line: NoticeState | None) -> None:
        self.lines.append(line)

    def complain(self, sentence: str) -> None:
        self.complaints.append(sentence)

    @property
    def line(self) -> str:
        """The text of the notice; "" if there is none."""
        line = self.lines[-1]
        return "" if line is None else line.job.text if line.job else line.text

    def row(self, encoder_id: str) -> EncoderRow:
        return next(row for row in self.rows if row.id == encoder_id)


class Queries:
    """Runs queries immediately."""

    def run(self, name: str, work: Callable[[], Any], *, done: Callable[[Any], None], failed: Any) -> None:
        try:
            answer = work()
        except EncoderError as error:
            failed(str(error))
        else:
            done(answer)


class Desk:
    """A presenter, with weights and a catalogue that the test controls."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, end_within_s: float = END_WITHIN_S) -> None:
        self.view = FakeView()
        self.states = {name: ModelState(card, "absent") for name, card in shipped_cards().items()}
        self.states[CLAP] = replace(self.states[CLAP], n_download_bytes=622_100_000, n_int8_bytes=34_000_000)
        self.roles: dict[str, str | None] = {"searched": None, "wanted": None}
        self.n_sounds = 3
        self.fallback = BUILT_IN
        self.is_complete = True
        self.is_indexing = False
        self.events: queue.Queue[object] = queue.Queue()
        self.ends: queue.Queue[Any] = queue.Queue()
        self.begun: queue.Queue[tuple[str, Any, Callable[[Progress], None]]] = queue.Queue()
        self.searched_by: list[str] = []
        self.encoded_with: list[str | None] = []
        self.n_rescans = 0
        self.now_s = 100.0
        for name in ("fetch_model", "import_model", "verify_model", "check_int8", "remove_model"):
            monkeypatch.setattr(models, name, self._job(name))
        monkeypatch.setattr(models, "list_models", lambda: tuple(self.states.values()))
        monkeypatch.setattr(models, "encoder_named", self._encoder)
        monkeypatch.setattr(models, "choose_encoder", self._choose)
        monkeypatch.setattr(models, "stop_using_model", self._stop_using)
        monkeypatch.setattr(models, "searched_encoder", lambda _library: Choice(NamedEncoder(self.fallback)))
        self.presenter = EncodersPresenter(
            self.view,
            self,
            queries=Queries(),
            post=self.events.put,
            search_by=lambda encoder: self.searched_by.append(encoder.name),
            encode_with=lambda encoder: self.encoded_with.append(encoder and encoder.name),
            rescan=self._rescan,
            is_indexing=lambda: self.is_indexing,
            clock=lambda: self.now_s,
            end_within_s=end_within_s,
        )

    def _rescan(self) -> None:
        self.n_rescans += 1

    def _job(self, name: str) -> Callable[..., Any]:
        def work(*arguments: Any, control: Any = None, report: Any = None, **options: Any) -> Any:
            what = f"{name} {arguments[-1]} {options}" if options else f"{name} {arguments[-1]}"
            self.begun.put((what, control, report))
            end = self.ends.get(timeout=TIMEOUT_S)
            if isinstance(end, Exception):
                raise end
            return end

        return work

    def read(self) -> Any:
        """Stand in for the library."""
        desk = self

        class Reader:
            def __enter__(self) -> Self:
                return self

            def __exit__(self, *_: object) -> None: ...

            def encoder(self, role: str) -> str | None:
                return desk.roles[role]

            def count(self) -> int:
                return desk.n_sounds

        return Reader()

    def _encoder(self, name: str) -> NamedEncoder:
        state = self.states.get(name.removesuffix("-int8"))
        if name not in {BUILT_IN, ALONE} and (state is None or state.state != "ready"):
            raise EncoderError(f"The weights of `{name}` are not here. Fetch them.")
        return NamedEncoder(name)

    def _choose(self, library: object, encoder: NamedEncoder) -> bool:
        self.roles["wanted"] = encoder.name
        if self.is_complete:
            self.roles["searched"] = encoder.name
        return self.roles["searched"] == encoder.name

    def _stop_using(self, library: object, encoder_id: str) -> bool:
        used = [role for role, name in self.roles.items() if name and is_of_model(name, encoder_id)]
        self.roles |= dict.fromkeys(used, BUILT_IN)
        return bool(used)

    def set(self, encoder_id: str, **facts: Any) -> ModelState:
        """Change the state of an encoder's weights."""
        self.states[encoder_id] = replace(self.states[encoder_id], **facts)
        return self.states[encoder_id]

    def act(self, text: str, encoder_id: str = CLAP) -> None:
        """Press a button in an encoder's row."""
        row = self.view.row(encoder_id)
        self.presenter.act(next(action for action in (*row.actions, *row.int8_actions) if action.text.startswith(text)))

    def progress(self, activity: str, n_done: int = 0, n_total: int = 0, unit: str = "bytes") -> None:
        """Deliver progress of the running job."""
        self.presenter.handle(JobProgressed(self.presenter._jobs, Progress(activity, n_done, n_total, unit)))

    def end(self, result: object) -> str:
        """End the job and deliver its end to the presenter; return what the job was."""
        began, _, _ = self.begun.get(timeout=TIMEOUT_S)
        self.ends.put(result)
        event: object = None
        while not isinstance(event, JobEnded):
            event = self.events.get(timeout=TIMEOUT_S)
            self.presenter.handle(event)
        return began
