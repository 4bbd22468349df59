"""Indexing from the window: one run at a time in a thread of its own, further folders wait their turn."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bowerbird.base.errors import BowerbirdError, EncoderError
from bowerbird.base.paths import log_path
from bowerbird.base.text import count_text, progress_text
from bowerbird.domain.events import (
    BatchRecorded,
    FolderListed,
    FolderUnreachable,
    IndexingFinished,
    Progress,
    SoundsListed,
)
from bowerbird.encoders.protocol import Encoder
from bowerbird.jobs.control import Control
from bowerbird.library.indexing.index import index_folders, remove_folder
from bowerbird.library.search.neighbours import update_index

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class JobEnded:
    """The job's thread is done, with a fault or without."""

    complaint: str | None


@dataclass(frozen=True, slots=True)
class IndexingState:
    """What the progress line says.

    Attributes
    ----------
    text : str
    share : float or None
        Done, in [0, 1]; None while it is not known.
    is_paused : bool
    """

    text: str
    share: float | None
    is_paused: bool


class IndexingView(Protocol):
    """What the presenter asks of the window."""

    def show_indexing(self, state: IndexingState | None) -> None:
        """Show the progress line, or none."""

    def library_changed(self, *, is_final: bool) -> None:
        """Rows may be read anew."""

    def complain(self, sentence: str) -> None:
        """Show what went wrong."""


class IndexingPresenter:
    """Starts, pauses and cancels indexing, and tells the window how it goes.

    Parameters
    ----------
    view : IndexingView
    library : Path
    encoder : Encoder
    post : callable
        Carries events from the job's thread to `handle` in the window's.
    further : Encoder or None
        The encoder whose vectors the library is to have too, if it is another.
    title_of : callable
        What an encoder's name is for people.
    """

    def __init__(
        self,
        view: IndexingView,
        library: Path,
        encoder: Encoder,
        post: Callable[[object], None],
        *,
        further: Encoder | None = None,
        title_of: Callable[[str], str] = str,
    ) -> None:
        self._view = view
        self._library = library
        self._encoder = encoder
        self._post = post
        self._further = None if further is None or further.id == encoder.id else further
        self._title_of = title_of
        self._folders: list[Path] = []
        self._control: Control | None = None
        self._thread: threading.Thread | None = None
        self._waiting: list[Path] = []
        self._is_rescan_waiting = False
        self._state = IndexingState("", None, is_paused=False)

    @property
    def is_running(self) -> bool:
        """Whether a run goes on."""
        return self._control is not None

    @property
    def encoder_ids(self) -> tuple[str, ...]:
        """Ids of the encoders whose vectors every sound is to have."""
        further = () if self._further is None else (self._further.id,)
        return (self._encoder.id, *further)

    def add(self, folders: Sequence[Path]) -> None:
        """Index folders now, or after the run that goes on."""
        if self.is_running:
            self._waiting += [folder for folder in folders if folder not in self._waiting]
        else:
            self._index(list(folders))

    def rescan(self) -> None:
        """Bring every folder up to date."""
        if self.is_running:
            self._is_rescan_waiting = True
        else:
            self._index([])

    def resume(self, folders: Sequence[Path]) -> None:
        """Take up what an earlier run left, with one worker: nobody asked for it just now."""
        if folders and not self.is_running:
            self._index(list(folders), n_workers=1)

    def encode_with(self, further: Encoder | None) -> None:
        """Find a further encoder's vectors from the next run on, or none any more; a run that goes on begins again."""
        is_same = (further and further.id) == (self._further and self._further.id)
        self._further = further
        if not is_same and self._control is not None and not self._control.is_cancelled:
            self._control.cancel()  # what is done is kept: the next run goes on from there
            self._waiting = self._folders + [path for path in self._waiting if path not in self._folders]
            self._is_rescan_waiting = self._is_rescan_waiting or not self._folders

    def remove(self, folder_id: int) -> None:
        """Forget a folder."""
        if self.is_running:
            self._view.complain("Folders cannot be removed while sounds are analysed. Cancel that first.")
            return
        self._start("Removing the folder", lambda _: remove_folder(self._library, folder_id))

    def toggle_pause(self) -> None:
        """Pause, or go on."""
        if self._control is None:
            return
        if self._control.is_paused:
            self._control.resume()
        else:
            self._control.pause()
        self._show(self._state.text, self._state.share)

    def cancel(self) -> None:
        """Stop; what is done is kept. Folders that wait are given up too."""
        self._waiting.clear()
        self._is_rescan_waiting = False
        if self._control is not None:
            self._control.cancel()
            self._show("Stopping", self._state.share)

    def close(self) -> None:
        """Stop and wait for the end."""
        self.cancel()
        if self._thread is not None:
            self._thread.join(10)

    def _index(self, folders: list[Path], n_workers: int | None = None) -> None:
        further = self._further

        def work(control: Control) -> None:
            fault = None
            try:
                index_folders(
                    self._library,
                    folders,
                    encoder=self._encoder,
                    control=control,
                    post=self._post,
                    n_workers=n_workers,
                    further=further,
                )
            except EncoderError as error:  # of the further encoder: all else is done
                fault = error
            update_index(self._library, self._encoder, control)
            if fault is not None:
                raise fault
            if further is not None:
                update_index(self._library, further, control)

        self._folders = folders
        self._start("Looking for sounds", work)

    def _start(self, text: str, work: Callable[[Control], None]) -> None:
        self._control = control = Control()
        self._show(text, None)
        self._thread = threading.Thread(target=self._run, args=(work, control), name="bowerbird-indexing", daemon=True)
        self._thread.start()

    def _run(self, work: Callable[[Control], None], control: Control) -> None:
        """The job thread's whole life."""
        complaint = None
        try:
            work(control)
        except BowerbirdError as error:
            complaint = str(error)
        except Exception:  # the job boundary: the log has the trace, the window a sentence
            logger.exception("a job failed")
            complaint = f"Indexing failed inside Bowerbird; what was done is kept. Please report it with {log_path()}."
        self._post(JobEnded(complaint))

    def handle(self, event: object) -> None:
        """Take an event of the job, in the window's thread."""
        match event:
            case SoundsListed():
                self._show(f"{count_text(event.n_found)} found", None)
            case FolderListed():
                self._view.library_changed(is_final=False)
            case FolderUnreachable():
                self._view.complain(event.sentence)
            case Progress():
                text = progress_text(event.n_done, event.n_total, event.per_second, event.left_s)
                if event.activity:
                    text = f"{self._title_of(event.activity)} · {text}"
                self._show(text, event.n_done / max(1, event.n_total))
            case BatchRecorded():
                self._view.library_changed(is_final=False)
            case IndexingFinished():
                self._show("Preparing similarity search", 1.0)
                self._view.library_changed(is_final=True)
            case JobEnded():
                self._finish(event.complaint)
            case _:
                pass

    def _finish(self, complaint: str | None) -> None:
        self._control = None
        self._folders = []
        self._view.library_changed(is_final=True)
        if complaint:
            self._view.complain(complaint)
        if self._waiting:
            folders, self._waiting = self._waiting, []
            self._index(folders)
        elif self._is_rescan_waiting:
            self._is_rescan_waiting = False
            self._index([])
        else:
            self._view.show_indexing(None)

    def _show(self, text: str, share: float | None) -> None:
        is_paused = self._control is not None and self._control.is_paused
        self._state = IndexingState(text, share, is_paused)
        self._view.show_indexing(self._state)
