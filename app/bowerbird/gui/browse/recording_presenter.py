"""Recording an example to search by. No Qt."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from bowerbird.audio.writing import write_flac
from bowerbird.base.errors import AudioError
from bowerbird.base.files import os_reason
from bowerbird.domain.sounds import Samples
from bowerbird.gui.queries import Queries
from bowerbird.gui.translation import translate

N_KEPT: Final = 100
"""Recordings that are kept, since saved searches may refer to them; older ones are deleted."""


class Records(Protocol):
    """Records from an input; see `bowerbird.playback.recorder.Recorder`."""

    def start(self) -> None:
        """Start to record."""

    def stop(self) -> tuple[Samples, int]:
        """Stop, and return samples and rate."""

    def cancel(self) -> None:
        """Stop, and forget what was recorded."""

    @property
    def is_recording(self) -> bool:
        """Whether a recording is in progress."""

    @property
    def is_full(self) -> bool:
        """Whether the recording is as long as it can be."""

    @property
    def duration_s(self) -> float:
        """The length so far, in seconds."""

    @property
    def level_db(self) -> float:
        """The recent peak level in dB."""


@dataclass(frozen=True, slots=True)
class RecordingState:
    """What the recording panel shows.

    Attributes
    ----------
    text : str
    level_db : float
    is_recording, is_busy : bool
        Busy while the input is opened, or the recording is stored.
    """

    text: str
    level_db: float
    is_recording: bool
    is_busy: bool = False


class RecordingView(Protocol):
    """What the presenter needs of the panel."""

    def show_recording(self, state: RecordingState) -> None:
        """Show a state."""

    def close_panel(self) -> None:
        """Close the panel: the recording is being searched by."""


class RecordingPresenter:
    """Records an example, stores it, and passes it on.

    Parameters
    ----------
    view : RecordingView
    recorder : Records
    queries : Queries
        A thread: opening an input may take a while.
    folder : Path
        Where recordings are stored.
    found : callable
        Receives the file of a recording.
    stop_playback : callable
        Stops what plays: it would be recorded too.
    now : callable
        Returns the local time.
    """

    def __init__(
        self,
        view: RecordingView,
        recorder: Records,
        queries: Queries,
        folder: Path,
        *,
        found: Callable[[Path], object],
        stop_playback: Callable[[], object],
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        self._view = view
        self._recorder = recorder
        self._queries = queries
        self._folder = folder
        self._found = found
        self._stop_playback = stop_playback
        self._now = now
        self._problem: str | None = None
        self._is_busy = False
        self._is_wanted = False

    def start(self) -> None:
        """Start to record."""
        self._stop_playback()
        self._problem, self._is_busy, self._is_wanted = None, True, True
        self.refresh()
        self._queries.run("record", self._recorder.start, done=lambda _: self._started(), failed=self._fail)

    def _started(self) -> None:
        if not self._is_wanted:  # cancelled while the input was being opened
            self._recorder.cancel()
        self._is_busy = False
        self.refresh()

    def finish(self) -> None:
        """Stop, store the recording, and search by it."""
        if not self._recorder.is_recording or self._is_busy:
            return
        self._is_busy = True
        self.refresh()
        self._queries.run("record", self._store, done=self._stored, failed=self._fail)

    def cancel(self) -> None:
        """Stop, and forget the recording."""
        self._is_busy = self._is_wanted = False
        self._recorder.cancel()

    def refresh(self) -> None:
        """Show the level and the length so far; a recording that is full is finished."""
        if self._recorder.is_full and not self._is_busy:
            self.finish()
            return
        self._view.show_recording(
            RecordingState(self._text(), self._recorder.level_db, self._recorder.is_recording, is_busy=self._is_busy)
        )

    def _text(self) -> str:
        if self._problem is not None:
            return self._problem
        if self._is_busy:
            return translate("Recording", "One moment…")
        if self._recorder.is_recording:
            return translate("Recording", "Recording · {seconds} s").format(seconds=f"{self._recorder.duration_s:.1f}")
        return translate("Recording", "Record a sound, or hum one, to search by it.")

    def _store(self) -> Path:
        samples, rate_hz = self._recorder.stop()
        name = translate("Recording", "Recording {time}").format(time=self._now().strftime("%Y-%m-%d %H.%M.%S"))
        path = self._folder / f"{name}.flac"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_flac(path, samples, rate_hz)
            kept = sorted(self._folder.glob("*.flac"), key=lambda file: file.stat().st_mtime, reverse=True)
            for old in kept[N_KEPT:]:
                old.unlink(missing_ok=True)
        except OSError as error:
            text = translate("Recording", "Cannot store the recording in {folder} ({reason}). Free some space there.")
            raise AudioError(text.format(folder=self._folder, reason=os_reason(error))) from error
        return path

    def _stored(self, path: Path) -> None:
        self._is_busy = False
        if self._is_wanted:
            self._is_wanted = False
            self._view.close_panel()
            self._found(path)

    def _fail(self, sentence: str) -> None:
        self._recorder.cancel()
        self._problem, self._is_busy = sentence, False
        self.refresh()
