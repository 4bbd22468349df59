"""Encoders in the window: which there are, and having, proving, using and removing them. One job at a time."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from bowerbird.base.errors import BowerbirdError
from bowerbird.base.paths import log_path
from bowerbird.domain.events import EncoderReady
from bowerbird.encoders.protocol import Encoder
from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.gui.browse.browsing_presenter import Queries
from bowerbird.gui.encoders.encoder_rows import Inventory, ModelRow, are_others, offer_line, rows_of
from bowerbird.gui.encoders.encoder_texts import (
    Act,
    JobState,
    QuietLine,
    Speed,
    came_line,
    is_built_in,
    job_line,
    job_of,
    short_title,
)
from bowerbird.jobs.control import Control
from bowerbird.library.encoders.choice import choose_encoder, let_go, searched_encoder
from bowerbird.library.encoders.model_states import ModelState, list_models
from bowerbird.library.encoders.models import (
    ModelProgress,
    check_int8,
    fetch_model,
    import_models,
    remove_model,
    verify_model,
)
from bowerbird.library.library import Library

logger = logging.getLogger(__name__)

_POST_EVERY_S: Final = 0.05
_END_WITHIN_S: Final = 2.0
"""A network may take ten seconds to say nothing: nobody waits for that, and what came is kept."""

_Post: TypeAlias = Callable[[ModelProgress], None]


@dataclass(frozen=True, slots=True)
class ModelJobEnded:
    """The job's thread is done.

    Attributes
    ----------
    complaint : str
        "" where nothing went wrong.
    came : str
        Id of the encoder whose weights came, and are ready.
    """

    complaint: str = ""
    came: str = ""


class ModelsView(Protocol):
    """What the presenter asks of the window."""

    def show_models(self, rows: Sequence[ModelRow]) -> None:
        """Show every encoder."""

    def show_model_job(self, job: JobState | None, complaint: str) -> None:
        """Show what goes on, or what went wrong, beside the encoders."""

    def show_quiet_line(self, line: QuietLine | None) -> None:
        """Show one sentence in the window, or none."""

    def complain(self, sentence: str) -> None:
        """Show what went wrong, where the encoders are not shown."""


class ModelsPresenter:
    """Runs one job on weights at a time, in a thread of its own; nothing is fetched that nobody asked for.

    Parameters
    ----------
    view : ModelsView
    library : Library
    queries : Queries
        A thread for what takes a moment.
    post : callable
        Carries events from the job's thread to `handle` in the window's.
    search_by : callable
        Told the encoder that searches use from now on.
    encode_with : callable
        Told the encoder that every sound is to be gone through with; None for the built-in one alone.
    rescan : callable
        Goes through every sound, now or after the run that goes on.
    is_indexing : callable
        Tells whether sounds are gone through just now.
    has_offer : bool
        The offer was not dismissed yet.
    clock : callable
        Seconds.
    """

    def __init__(
        self,
        view: ModelsView,
        library: Library,
        *,
        queries: Queries,
        post: Callable[[object], None],
        search_by: Callable[[Encoder], None],
        encode_with: Callable[[Encoder | None], None],
        rescan: Callable[[], None],
        is_indexing: Callable[[], bool] = lambda: False,
        has_offer: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._view = view
        self._library = library
        self._queries = queries
        self._post = post
        self._search_by = search_by
        self._encode_with = encode_with
        self._rescan = rescan
        self._is_indexing = is_indexing
        self._was_indexing = False
        self._clock = clock
        self.has_offer = has_offer
        self._is_open = False
        self._is_closed = False
        self._inventory: Inventory | None = None
        self._before: Inventory | None = None
        self._control: Control | None = None
        self._thread: threading.Thread | None = None
        self._job = JobState("")
        self._complaint = ""
        self._news = ""
        self._came = ""
        self._speed = Speed()

    @property
    def is_running(self) -> bool:
        """Whether a job goes on."""
        return self._control is not None

    # What people ask

    def opened(self) -> None:
        """The encoders are looked at."""
        self._is_open = True
        self._complaint = ""
        self._show()
        self.refresh()

    def closed(self) -> None:
        """The encoders are looked at no more; a job goes on."""
        self._is_open = False

    def act(self, act: Act) -> None:
        """Do what an act says."""
        encoder_id = act.id
        match act.verb:
            case "use":
                self._use(encoder_id)
            case "cancel":
                self.cancel()
            case "fetch" | "fetch_int8":
                with_int8 = act.verb == "fetch_int8"
                self._start(
                    f"{short_title(encoder_id)}: asking what there is",
                    lambda control, post: fetch_model(encoder_id, with_int8=with_int8, control=control, post=post),
                    brings_weights=True,
                )
            case "check":
                self._start(
                    f"{short_title(encoder_id)}: checking",
                    lambda control, post: verify_model(encoder_id, control=control, post=post),
                )
            case "compare":
                self._start(
                    f"{short_title(encoder_id)}: comparing",
                    lambda control, post: _compared(self._library, encoder_id, control, post),
                )
            case "remove":
                self._remove(encoder_id)
            case _:
                raise ValueError(act.verb)

    def import_folder(self, folder: Path) -> None:
        """Take weights from a folder, as a machine without a network does."""
        self._start(
            "Importing", lambda control, post: import_models(folder, control=control, post=post), brings_weights=True
        )

    def cancel(self) -> None:
        """Stop the job; what came stays."""
        if self._control is not None:
            self._control.cancel()
            self._job = replace(self._job, text="Stopping")
            self._show()

    def dismiss(self) -> None:
        """Take the quiet line away; an offer does not come back."""
        if self._news:
            self._news = ""
        elif self._came:
            self._came = ""
        else:
            self.has_offer = False
        self._show()

    def refresh(self) -> None:
        """Look what is here, where somebody would see it."""
        if self._is_open or self.has_offer or self._came:
            self._queries.run("models", self._look, done=self._looked, failed=self._complain)

    def close(self) -> None:
        """Stop, and wait a moment for the end; a thread that outlives it says nothing any more."""
        self.cancel()
        if self._thread is not None:
            self._thread.join(_END_WITHIN_S)
        self._is_closed = True

    # Using

    def _use(self, name: str, *, is_new: bool = False) -> None:
        def choose() -> tuple[Encoder, Encoder | None]:
            """Return what was chosen, and what searches use from now on: for the built-in one perhaps an older."""
            encoder = encoder_named(name)
            is_used = choose_encoder(self._library, encoder)
            if is_built_in(name):
                return encoder, searched_encoder(self._library).encoder
            return encoder, encoder if is_used else None

        self._came = ""
        self._show()
        self._queries.run(
            "choose", choose, done=lambda chosen: self._chosen(*chosen, is_new=is_new), failed=self._complain
        )

    def _chosen(self, encoder: Encoder, serving: Encoder | None, *, is_new: bool) -> None:
        is_further = not is_built_in(encoder.name)
        self._encode_with(encoder if is_further else None)
        is_served = serving is not None and serving.name == encoder.name
        if serving is not None:
            self._switch(serving, until="" if is_served else encoder.name)
        if not is_served or (is_further and is_new):
            self._rescan()
        self.refresh()

    def _switch(self, encoder: Encoder, n_left: int = 0, *, until: str = "") -> None:
        self._search_by(encoder)
        since = f"until {short_title(until)} has heard your sounds" if until else "from now on"
        self._news = f"Searches use {short_title(encoder.name)} {since}."
        if n_left:
            self._news += f" {n_left:,} on drives that are away follow when they are back."
        self._show()
        self.refresh()

    # Jobs

    def _remove(self, encoder_id: str) -> None:
        def work(_control: Control, _post: _Post) -> None:
            remove_model(encoder_id)
            let_go(self._library, encoder_id)

        self._start(f"{short_title(encoder_id)}: removing", work)

    def _start(
        self, text: str, work: Callable[[Control, _Post], ModelState | None], *, brings_weights: bool = False
    ) -> None:
        if self.is_running:
            return
        self._control = control = Control()
        self._before = self._inventory
        self._complaint = self._news = self._came = ""
        self._speed = Speed()
        self._job = JobState(text)
        self._show()
        self._thread = threading.Thread(
            target=self._run, args=(work, control, brings_weights), name="bowerbird-models", daemon=True
        )
        self._thread.start()

    def _run(self, work: Callable[[Control, _Post], ModelState | None], control: Control, brings_weights: bool) -> None:
        """The job thread's whole life."""
        told: list[tuple[float, str]] = []

        def post(progress: ModelProgress) -> None:
            now = time.monotonic()
            if not told or now - told[-1][0] >= _POST_EVERY_S or progress.text != told[-1][1]:
                told[:] = [(now, progress.text)]
                self._post(progress)

        ended = ModelJobEnded()
        try:
            state = work(control, post)
            if state is not None and not control.is_cancelled:
                ended = ModelJobEnded(
                    complaint=state.sentence if state.state == "refused" else "",
                    came=state.card.id if brings_weights and state.state == "ready" else "",
                )
        except BowerbirdError as error:
            ended = ModelJobEnded(str(error))
        except Exception:  # the job boundary: the log has the trace, the window a sentence
            logger.exception("a job on weights failed")
            ended = ModelJobEnded(f"This failed inside Bowerbird. Please report it with {log_path()}.")
        if not self._is_closed:
            self._post(ended)

    # What comes back

    def handle(self, event: object) -> None:
        """Take an event, in the window's thread, after whoever indexes has taken it."""
        if self._is_open and self._is_indexing() != self._was_indexing:
            self._show()
        match event:
            case ModelProgress() if self._control is not None and not self._control.is_cancelled:
                self._job = job_of(event, self._speed.of(event, now=self._clock()))
                self._show()
            case ModelJobEnded():
                self._finish(event)
            case EncoderReady():
                self._queries.run(
                    "encoder",
                    lambda: encoder_named(event.name),
                    done=lambda encoder: self._switch(encoder, event.n_left),
                    failed=self._complain,
                )
            case _:
                pass

    def _finish(self, ended: ModelJobEnded) -> None:
        self._control = None
        self._came = ended.came
        if ended.complaint:
            self._complain(ended.complaint)
        self._show()
        self._queries.run("models after a job", self._look, done=self._looked_after_job, failed=self._complain)

    def _complain(self, sentence: str) -> None:
        self._complaint = sentence
        if not self._is_open:
            self._view.complain(sentence)
        self._show()

    # What is here

    def _look(self) -> Inventory:
        models = list_models()
        with self._library.read() as reader:
            names = (reader.encoder("searched"), reader.encoder("wanted"))
            searched, wanted = (None if name is None or is_built_in(name) else name for name in names)
            serving = searched_encoder(self._library).encoder.name if searched is None else DEFAULT_ENCODER
            return Inventory(models, searched, wanted, reader.count(), serving)

    def _looked(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._show()

    def _looked_after_job(self, inventory: Inventory) -> None:
        """See to it that searches do not go on with weights that the job removed, refused or replaced."""
        before, self._inventory = self._before, inventory
        name = before.chosen if before is not None else None
        if before is not None and name is not None:
            was_ready, is_ready = before.has_ready(name), inventory.has_ready(name)
            if (was_ready and not is_ready) or inventory.chosen is None:
                self._use(DEFAULT_ENCODER)
            elif is_ready and (not was_ready or are_others(before.card_of(name), inventory.card_of(name))):
                self._use(name, is_new=True)
        if self._came and inventory.has_chosen(self._came):
            self._came = ""
        self._show()

    # What is seen

    def _show(self) -> None:
        job = self._job if self.is_running else None
        self._view.show_quiet_line(self._quiet_line(job))
        if self._is_open:
            self._was_indexing = is_indexing = self._is_indexing()
            if self._inventory is not None:
                rows = rows_of(self._inventory, is_busy=self.is_running, is_indexing=is_indexing)
                self._view.show_models(rows)
            self._view.show_model_job(job, "" if job else self._complaint)

    def _quiet_line(self, job: JobState | None) -> QuietLine | None:
        if job is not None:
            return job_line(job)
        if self._news:
            return QuietLine(self._news)
        if self._came:
            return came_line(self._came)
        return offer_line(self._inventory) if self._inventory is not None and self.has_offer else None


def _compared(library: Library, encoder_id: str, control: Control, post: _Post) -> None:
    check_int8(library, encoder_id, control=control, post=post)
