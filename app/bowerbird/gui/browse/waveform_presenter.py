"""Reads what the large waveform needs beyond the stored peaks, in another thread; the newest request wins."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from bowerbird.audio.spectrogram import Spectrogram, measure_spectrogram
from bowerbird.audio.waveform import SamplePart, measure_waveform, read_part
from bowerbird.domain.waveforms import Waveform
from bowerbird.gui.browse.waveform_state import DetailRequest, Viewport

_MAX_WAVEFORMS: Final = 16
_MAX_SPECTROGRAMS: Final = 24
"""Of 1,400 x 200 pixels: 7 MB."""

_T = TypeVar("_T")


class Tasks(Protocol):
    """Runs work in a thread; see `bowerbird.gui.shell.event_bridge.QueryThread`."""

    def run(
        self, name: str, work: Callable[[], Any], *, done: Callable[[Any], None], failed: Callable[[str], None]
    ) -> None:
        """Run work; what waits under the same name is dropped."""


class WaveformDetailView(Protocol):
    """What the presenter needs of the waveform."""

    @property
    def wanted(self) -> DetailRequest | None:
        """What it shows now; None without a sound or a file."""

    def show_waveform(self, waveform: Waveform) -> None:
        """Show the waveform of every channel."""

    def show_samples(self, part: SamplePart | None) -> None:
        """Show samples, where the waveform is too coarse; None where it is not."""

    def show_spectrogram(self, spectrogram: Spectrogram) -> None:
        """Show the spectrogram of the visible part."""


class WaveformPresenter:
    """Gives the waveform what it wants.

    Parameters
    ----------
    view : WaveformDetailView
    tasks : Tasks
    """

    def __init__(self, view: WaveformDetailView, tasks: Tasks) -> None:
        self._view = view
        self._tasks = tasks
        self._waveforms: OrderedDict[Hashable, Waveform] = OrderedDict()
        self._spectrograms: OrderedDict[Hashable, Spectrogram] = OrderedDict()

    def refresh(self) -> None:
        """Read what the view wants now."""
        wanted = self._view.wanted
        if wanted is None:
            return
        if wanted.is_spectrogram:
            self._show_spectrogram(wanted)
            return
        waveform = self._waveforms.get(_stamped(wanted.path))
        if waveform is None:
            self._read_waveform(wanted.path)
            return
        self._view.show_waveform(waveform)
        viewport = wanted.viewport
        if viewport.length_s / max(1, wanted.n_columns) >= waveform.finest_column_s:
            self._view.show_samples(None)
        else:
            self._read_samples(wanted)

    def _read_waveform(self, path: Path) -> None:
        key = _stamped(path)

        def done(waveform: Waveform | None) -> None:
            if waveform is not None:
                _keep(self._waveforms, key, waveform, _MAX_WAVEFORMS)
                self.refresh()

        work = lambda: measure_waveform(path, is_wanted=lambda: self._is_shown(path))  # noqa: E731
        self._tasks.run("waveform", work, done=done, failed=_ignore)

    def _read_samples(self, wanted: DetailRequest) -> None:
        viewport = wanted.viewport
        # A screen more on each side, so that scrolling has samples.
        start_s, end_s = viewport.start_s - viewport.length_s, viewport.end_s + viewport.length_s

        def done(part: SamplePart) -> None:
            if self._is_shown(wanted.path):
                self._view.show_samples(part)

        work = lambda: read_part(wanted.path, start_s=max(0.0, start_s), end_s=end_s)  # noqa: E731
        self._tasks.run("waveform", work, done=done, failed=_ignore)

    def _show_spectrogram(self, wanted: DetailRequest) -> None:
        key = (_stamped(wanted.path), wanted.viewport, wanted.n_columns, wanted.n_rows)
        known = self._spectrograms.get(key)
        if known is not None:
            self._spectrograms.move_to_end(key)
            self._view.show_spectrogram(known)
            return

        def done(spectrogram: Spectrogram | None) -> None:
            if spectrogram is not None:
                _keep(self._spectrograms, key, spectrogram, _MAX_SPECTROGRAMS)
                if self._is_shown(wanted.path):
                    self._view.show_spectrogram(spectrogram)

        def measure() -> Spectrogram | None:
            return measure_spectrogram(
                wanted.path,
                start_s=wanted.viewport.start_s,
                end_s=wanted.viewport.end_s,
                n_columns=wanted.n_columns,
                n_rows=wanted.n_rows,
                is_wanted=lambda: self._is_wanted(wanted.path, wanted.viewport),
            )

        self._tasks.run("waveform", measure, done=done, failed=_ignore)

    def _is_shown(self, path: Path) -> bool:
        wanted = self._view.wanted
        return wanted is not None and wanted.path == path

    def _is_wanted(self, path: Path, viewport: Viewport) -> bool:
        wanted = self._view.wanted
        return wanted is not None and wanted.path == path and wanted.viewport == viewport


def _stamped(path: Path) -> Hashable:
    try:
        found = path.stat()
    except OSError:
        return path
    return path, found.st_size, found.st_mtime_ns


def _keep(kept: "OrderedDict[Hashable, _T]", key: Hashable, value: _T, n_most: int) -> None:
    kept[key] = value
    while len(kept) > n_most:
        kept.popitem(last=False)


def _ignore(_: str) -> None:
    """Ignore an error: the stored waveform stays, and playing the sound says what is wrong."""
