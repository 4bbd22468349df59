"""Encoders in the window: listing, installing, checking, selecting and removing them. No Qt."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol

from bowerbird.domain.events import EncoderReady
from bowerbird.encoders.protocol import Encoder
from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.encoders.weights.cards import Card
from bowerbird.gui.encoders.encoder_rows import EncoderRow, LibraryEncoders, have_changed, offer_notice, rows_of
from bowerbird.gui.encoders.encoder_texts import (
    EncoderAction,
    JobState,
    NoticeState,
    Speed,
    is_built_in,
    job_notice,
    job_state,
    ready_notice,
    short_title,
)
from bowerbird.gui.queries import Queries
from bowerbird.gui.translation import translate
from bowerbird.jobs.progress import Progress
from bowerbird.jobs.runner import JobRunner, Work
from bowerbird.library.encoders.choice import choose_encoder, searched_encoder, stop_using_model
from bowerbird.library.encoders.model_states import ModelState, list_models
from bowerbird.library.encoders.models import check_int8, fetch_model, import_model, remove_model, verify_model
from bowerbird.library.library import Library

END_WITHIN_S: Final = 2.0
"""How long closing waits for a job: a network may take longer to time out, and an unfinished download is kept."""


class EncodersView(Protocol):
    """What the presenter needs of the window."""

    def show_encoders(self, rows: Sequence[EncoderRow]) -> None:
        """Show every encoder."""

    def show_job(self, job: JobState | None, error: str | None) -> None:
        """Show the running job, or what failed, in the dialog."""

    def show_notice(self, notice: NoticeState | None) -> None:
        """Show a notice in the window, or hide it."""

    def complain(self, sentence: str) -> None:
        """Show an error in the window while the dialog is closed."""


class EncodersPresenter:
    """Lists encoders and runs one job on weights at a time; nothing is downloaded unasked.

    Parameters
    ----------
    view : EncodersView
    library : Library
    queries : Queries
        Runs short queries in the background.
    post : callable
        Carries events from the job's thread to `handle` in the window's.
    search_by : callable
        Receives the encoder that search uses from now on.
    encode_with : callable
        Receives the selected encoder; None for the built-in encoder only.
    rescan : callable
        Starts indexing, after a run that is in progress.
    is_indexing : callable
        Returns whether indexing is in progress.
    has_offer : bool
        Whether to offer a download when words are not understood; False once it was dismissed.
    clock : callable
        Returns seconds.
    end_within_s : float
        How long `close` waits for a job.
    """

    def __init__(
        self,
        view: EncodersView,
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
        end_within_s: float = END_WITHIN_S,
    ) -> None:
        self._view = view
        self._library = library
        self._queries = queries
        self._jobs = JobRunner(post, name="encoders", end_within_s=end_within_s)
        self._search_by = search_by
        self._encode_with = encode_with
        self._rescan = rescan
        self._is_indexing = is_indexing
        self._was_indexing = False
        self._clock = clock
        self.has_offer = has_offer
        self._is_offering = False
        self._is_open = False
        self._encoders: LibraryEncoders | None = None
        self._before: LibraryEncoders | None = None
        self._job = JobState("")
        self._error: str | None = None
        self._news: str | None = None
        self._installed: Card | None = None
        self._speed = Speed()

    @property
    def is_running(self) -> bool:
        """Whether a job runs."""
        return self._jobs.is_running

    # Requests

    def opened(self) -> None:
        """Show the encoders in the dialog, which was opened."""
        self._is_open = True
        self._error = None
        self._show()
        self.refresh()

    def closed(self) -> None:
        """Stop updating the dialog, which was closed; a job continues."""
        self._is_open = False

    def act(self, action: EncoderAction) -> None:
        """Perform an action."""
        if action.verb == "cancel":
            self.cancel()
            return
        encoder_id = action.id
        assert encoder_id is not None
        title = short_title(encoder_id)
        match action.verb:
            case "use":
                self._use(encoder_id)
            case "fetch" | "fetch_int8":
                with_int8 = action.verb == "fetch_int8"
                self._start(
                    translate("Encoders", "Downloading {encoder}").format(encoder=title),
                    lambda control, report: fetch_model(
                        encoder_id, with_int8=with_int8, control=control, report=report
                    ),
                    is_install=True,
                )
            case "check":
                self._start(
                    translate("Encoders", "Checking {encoder}").format(encoder=title),
                    lambda control, report: verify_model(encoder_id, control=control, report=report),
                )
            case "compare":
                self._start(
                    translate("Encoders", "Comparing the 8-bit weights of {encoder}").format(encoder=title),
                    lambda control, report: check_int8(self._library, encoder_id, control=control, report=report),
                )
            case "remove":
                self._start(
                    translate("Encoders", "Removing {encoder}").format(encoder=title),
                    lambda _control, _report: self._remove(encoder_id),
                )
            case _:
                raise ValueError(action.verb)

    def import_weights(self, source: Path) -> None:
        """Import weights from a folder, or from a package file."""
        self._start(
            translate("Encoders", "Importing"),
            lambda control, report: import_model(source, control=control, report=report),
            is_install=True,
        )

    def cancel(self) -> None:
        """Cancel the job; an unfinished download is kept."""
        if self.is_running:
            self._jobs.cancel()
            self._job = JobState(translate("Encoders", "Stopping…"), self._job.share)
            self._show()

    def dismiss(self) -> None:
        """Hide the notice; an offer does not come back."""
        if self._news:
            self._news = None
        elif self._installed:
            self._installed = None
        else:
            self.has_offer = False
        self._show()

    def words_understood(self, is_understood: bool) -> None:
        """Offer a download while the words of a search mean nothing to the encoder, until it is dismissed."""
        if self._is_offering == is_understood:
            self._is_offering = not is_understood
            self.refresh()
            self._show()

    def refresh(self) -> None:
        """List the encoders again, if they are shown."""
        if self._is_open or (self.has_offer and self._is_offering) or self._installed:
            self._queries.run("models", self._list, done=self._listed, failed=self._fail)

    def close(self) -> None:
        """Cancel the job and wait a moment for its end."""
        self.cancel()
        self._jobs.close()

    # Selecting

    def _use(self, name: str, *, is_new: bool = False) -> None:
        def choose() -> tuple[Encoder, Encoder | None]:
            """Return the selected encoder and what search uses from now on; None if that does not change."""
            encoder = encoder_named(name)
            is_used = choose_encoder(self._library, encoder)
            if is_built_in(name):
                return encoder, searched_encoder(self._library).encoder
            return encoder, encoder if is_used else None

        self._installed = None
        self._show()
        self._queries.run("choose", choose, done=lambda chosen: self._chosen(*chosen, is_new=is_new), failed=self._fail)

    def _chosen(self, encoder: Encoder, searched: Encoder | None, *, is_new: bool) -> None:
        has_weights = not is_built_in(encoder.name)
        self._encode_with(encoder if has_weights else None)
        is_used = searched is not None and searched.name == encoder.name
        if searched is not None:
            self._switch(searched, until=None if is_used else encoder.name)
        if not is_used or (has_weights and is_new):
            self._rescan()
        self.refresh()

    def _switch(self, encoder: Encoder, n_left: int = 0, *, until: str | None = None) -> None:
        self._search_by(encoder)
        title = short_title(encoder.name)
        if until is None:
            self._news = translate("Encoders", "Search now uses {encoder}.").format(encoder=title)
        else:
            self._news = translate("Encoders", "Search uses {encoder} until {wanted} has indexed your library.").format(
                encoder=title, wanted=short_title(until)
            )
        if n_left:
            later = translate(
                "Encoders", "{n} sounds on disconnected drives will be indexed when the drives are reconnected."
            )
            self._news += " " + later.format(n=f"{n_left:,}")
        self._show()
        self.refresh()

    # Jobs

    def _remove(self, encoder_id: str) -> None:
        remove_model(encoder_id)
        stop_using_model(self._library, encoder_id)

    def _start(self, activity: str, work: Work, *, is_install: bool = False) -> None:
        if not self._jobs.start(
            activity,
            work,
            progressed=self._progressed,
            ended=lambda result, error: self._ended(result, error, is_install=is_install),
        ):
            return
        self._before = self._encoders
        self._error = self._news = self._installed = None
        self._speed = Speed()
        self._job = JobState(activity)
        self._show()

    def _progressed(self, progress: Progress) -> None:
        self._job = job_state(progress, self._speed.of(progress, now=self._clock()))
        self._show()

    def _ended(self, result: object, error: str | None, *, is_install: bool) -> None:
        if isinstance(result, ModelState):
            error = result.sentence if result.state == "refused" else None
            self._installed = result.card if is_install and result.state == "ready" else None
        if error:
            self._fail(error)
        self._show()
        self._queries.run("models after a job", self._list, done=self._listed_after_job, failed=self._fail)

    def handle(self, event: object) -> None:
        """Handle an event in the window's thread, after the indexing presenter."""
        if self._is_open and self._is_indexing() != self._was_indexing:
            self._show()
        self._jobs.handle(event)
        if isinstance(event, EncoderReady):
            self._queries.run(
                "encoder",
                lambda: encoder_named(event.name),
                done=lambda encoder: self._switch(encoder, event.n_left),
                failed=self._fail,
            )

    def _fail(self, sentence: str) -> None:
        self._error = sentence
        if not self._is_open:
            self._view.complain(sentence)
        self._show()

    # The list

    def _list(self) -> LibraryEncoders:
        models = list_models()
        with self._library.read() as reader:
            names = (reader.encoder("searched"), reader.encoder("wanted"))
            searched, wanted = (None if name is None or is_built_in(name) else name for name in names)
            fallback = searched_encoder(self._library).encoder.name if searched is None else DEFAULT_ENCODER
            return LibraryEncoders(models, searched, wanted, reader.count(), fallback)

    def _listed(self, encoders: LibraryEncoders) -> None:
        self._encoders = encoders
        self._show()

    def _listed_after_job(self, encoders: LibraryEncoders) -> None:
        """Switch encoders if the job removed, rejected or replaced the weights in use."""
        before, self._encoders = self._before, encoders
        name = before.chosen if before is not None else None
        if before is not None and name is not None:
            was_ready, is_ready = before.is_ready(name), encoders.is_ready(name)
            if (was_ready and not is_ready) or encoders.chosen is None:
                self._use(DEFAULT_ENCODER)
            elif is_ready and (not was_ready or have_changed(before.card_of(name), encoders.card_of(name))):
                self._use(name, is_new=True)
        if self._installed and encoders.is_chosen(self._installed.id):
            self._installed = None
        self._show()

    # Showing

    def _show(self) -> None:
        job = self._job if self.is_running else None
        self._view.show_notice(self._notice(job))
        if self._is_open:
            self._was_indexing = is_indexing = self._is_indexing()
            if self._encoders is not None:
                self._view.show_encoders(rows_of(self._encoders, is_busy=self.is_running, is_indexing=is_indexing))
            self._view.show_job(job, None if job else self._error)

    def _notice(self, job: JobState | None) -> NoticeState | None:
        if job is not None:
            return job_notice(job)
        if self._news:
            return NoticeState(self._news)
        if self._installed:
            return ready_notice(self._installed)
        is_offering = self.has_offer and self._is_offering and self._encoders is not None
        return offer_notice(self._encoders) if is_offering and self._encoders is not None else None
