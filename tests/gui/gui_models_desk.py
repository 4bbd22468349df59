"""A presenter of encoders at a desk: weights, catalogue and jobs are what the test says. No Qt, no network."""

import queue
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import pytest

from bowerbird.base.errors import EncoderError
from bowerbird.encoders.weights.cards import shipped_cards
from bowerbird.gui.encoders import encoders_presenter as models
from bowerbird.gui.encoders.encoder_rows import ModelRow
from bowerbird.gui.encoders.encoder_texts import JobState, QuietLine
from bowerbird.gui.encoders.encoders_presenter import ModelJobEnded, ModelsPresenter
from bowerbird.library.encoders.choice import Choice, is_of_model
from bowerbird.library.encoders.model_states import ModelState
from bowerbird.library.encoders.models import ModelProgress

CLAP = "clap-htsat-unfused"
OTHER = "clap-630k-audioset-best"
TIMEOUT_S = 10
BUILT_IN, ALONE = "ear", "acoustic"
"""The encoders that need no weights."""


@dataclass(frozen=True)
class NamedEncoder:
    """As much of an encoder as the presenter looks at."""

    name: str


class FakeView:
    def __init__(self) -> None:
        self.rows: list[ModelRow] = []
        self.jobs: list[tuple[JobState | None, str]] = []
        self.lines: list[QuietLine | None] = []
        self.complaints: list[str] = []

    def show_models(self, rows: list[ModelRow]) -> None:
        self.rows = rows

    def show_model_job(self, job: JobState | None, complaint: str) -> None:
        self.jobs.append((job, complaint))

    def show_quiet_line(self, line: QuietLine | None) -> None:
        self.lines.append(line)

    def complain(self, sentence: str) -> None:
        self.complaints.append(sentence)

    @property
    def line(self) -> str:
        """What the quiet line says; "" where there is none."""
        line = self.lines[-1]
        return "" if line is None else line.job.text if line.job else line.text

    def row(self, encoder_id: str) -> ModelRow:
        return next(row for row in self.rows if row.id == encoder_id)


class Queries:
    """Answers at once."""

    def run(self, name: str, work: Callable[[], Any], *, done: Callable[[Any], None], failed: Any) -> None:
        try:
            answer = work()
        except EncoderError as error:
            failed(str(error))
        else:
            done(answer)


class Desk:
    """A presenter, with weights and a catalogue that hold what the test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.view = FakeView()
        self.states = {name: ModelState(card, "absent") for name, card in shipped_cards().items()}
        self.states[CLAP] = replace(self.states[CLAP], n_download_bytes=622_100_000, n_int8_bytes=34_000_000)
        self.roles: dict[str, str | None] = {"searched": None, "wanted": None}
        self.n_sounds = 3
        self.serving = BUILT_IN
        self.is_complete = True
        self.is_indexing = False
        self.events: queue.Queue[object] = queue.Queue()
        self.ends: queue.Queue[Any] = queue.Queue()
        self.begun: queue.Queue[tuple[str, Any, Callable[[ModelProgress], None]]] = queue.Queue()
        self.searched_by: list[str] = []
        self.encoded_with: list[str | None] = []
        self.n_rescans = 0
        self.now_s = 100.0
        for name in ("fetch_model", "import_models", "verify_model", "check_int8", "remove_model"):
            monkeypatch.setattr(models, name, self._job(name))
        monkeypatch.setattr(models, "list_models", lambda: tuple(self.states.values()))
        monkeypatch.setattr(models, "SqliteReader", self._reader)
        monkeypatch.setattr(models, "encoder_named", self._encoder)
        monkeypatch.setattr(models, "choose_encoder", self._choose)
        monkeypatch.setattr(models, "let_go", self._let_go)
        monkeypatch.setattr(models, "searched_encoder", lambda _library: Choice(NamedEncoder(self.serving)))
        self.presenter = ModelsPresenter(
            self.view,
            Path("/library"),
            queries=Queries(),
            post=self.events.put,
            search_by=lambda encoder: self.searched_by.append(encoder.name),
            encode_with=lambda encoder: self.encoded_with.append(encoder and encoder.name),
            rescan=self._rescan,
            is_indexing=lambda: self.is_indexing,
            clock=lambda: self.now_s,
        )

    def _rescan(self) -> None:
        self.n_rescans += 1

    def _job(self, name: str) -> Callable[..., Any]:
        def work(*arguments: Any, control: Any = None, post: Any = None, **options: Any) -> Any:
            what = f"{name} {arguments[-1]} {options}" if options else f"{name} {arguments[-1]}"
            self.begun.put((what, control, post))
            end = self.ends.get(timeout=TIMEOUT_S)
            if isinstance(end, Exception):
                raise end
            return end

        return work

    def _reader(self, library: Path) -> Any:
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

    def _choose(self, library: Path, encoder: NamedEncoder) -> bool:
        self.roles["wanted"] = encoder.name
        if self.is_complete:
            self.roles["searched"] = encoder.name
        return self.roles["searched"] == encoder.name

    def _let_go(self, library: Path, encoder_id: str) -> bool:
        used = [role for role, name in self.roles.items() if name and is_of_model(name, encoder_id)]
        self.roles |= dict.fromkeys(used, BUILT_IN)
        return bool(used)

    def set(self, encoder_id: str, **facts: Any) -> ModelState:
        """Let an encoder's weights be so."""
        self.states[encoder_id] = replace(self.states[encoder_id], **facts)
        return self.states[encoder_id]

    def act(self, text: str, encoder_id: str = CLAP) -> None:
        """Press a button in an encoder's row."""
        row = self.view.row(encoder_id)
        self.presenter.act(next(act for act in (*row.acts, *row.small_acts) if act.text.startswith(text)))

    def told(self, text: str, n_done: int = 0, n_total: int = 0, encoder_id: str = CLAP) -> None:
        self.presenter.handle(ModelProgress(encoder_id, text, n_done, n_total))

    def end(self, result: object) -> str:
        """Let the job end, and the window hear of it; return what the job was."""
        began, _, _ = self.begun.get(timeout=TIMEOUT_S)
        self.ends.put(result)
        event: object = None
        while not isinstance(event, ModelJobEnded):
            event = self.events.get(timeout=TIMEOUT_S)
            self.presenter.handle(event)
        return began
