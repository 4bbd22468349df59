"""Showing progress: a live line on a terminal, plain lines elsewhere, or one JSON object per line."""

import dataclasses
import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from bowerbird.base.text import count_text, printable, progress_text, time_taken_text
from bowerbird.domain.events import (
    BatchRecorded,
    EncoderReady,
    Event,
    FileIgnored,
    FolderListed,
    FolderUnreachable,
    IndexingFinished,
    Progress,
    SoundNotEncoded,
    SoundRejected,
    SoundsListed,
)

_BOUNDARY = re.compile(r"(?<=[a-z])(?=[A-Z])")


class JsonEvents:
    """Prints each event as a JSON object on a line of its own; undecodable names contain lone surrogates."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        sys.stdout.flush()

    def post(self, event: Event) -> None:
        """Print an event."""
        name = _BOUNDARY.sub("_", type(event).__name__).lower()
        print(json.dumps({"event": name, **dataclasses.asdict(event)}), flush=True)  # noqa: T201


class LiveProgress:
    """Prints a progress line that stays in place, rejected sounds, and a summary."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)
        self._live = Live(console=self._console, transient=True, refresh_per_second=8)
        self._is_live = self._console.is_terminal
        self._n_known = 0

    def __enter__(self) -> Self:
        if self._is_live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_live:
            self._live.stop()

    def post(self, event: Event) -> None:
        """Show an event."""
        match event:
            case SoundsListed():
                self._line(f"{count_text(event.n_found)} found in {event.folder}")
            case FolderListed():
                self._print(_listed(event))
            case FolderUnreachable():
                self._print(event.sentence, style="yellow")
            case SoundRejected(is_known=True):
                self._n_known += 1
            case SoundRejected():
                self._print(f"rejected  {event.path}\n          {event.reason}", style="yellow")
            case Progress():
                text = progress_text(event.n_done, event.n_total, event.per_second, event.left_s)
                self._line(f"{event.activity} · {text}" if event.activity else text)
            case SoundNotEncoded():
                self._print(f"not embedded  {event.path}\n              {event.reason}", style="yellow")
            case EncoderReady():
                self._print(_ready(event))
            case IndexingFinished():
                self._line("")
                if self._n_known:
                    self._print(
                        f"{count_text(self._n_known)} rejected by an earlier run, not listed again; --json lists them"
                    )
                self._print(_finished(event), style="bold")
                if event.fault_sentence is not None:
                    self._print(event.fault_sentence, style="yellow")
            case BatchRecorded() | FileIgnored():
                pass

    def _line(self, text: str) -> None:
        if self._is_live:
            self._live.update(Text(text, style="cyan"))

    def _print(self, text: str, style: str | None = None) -> None:
        self._console.print(Text(printable(text), style=style or ""))


@contextmanager
def live_line() -> Iterator[Callable[[str], None]]:
    """Yield a function that shows a text on one line of stderr, in place; without a terminal it shows nothing."""
    console = Console(highlight=False, soft_wrap=True, stderr=True)
    with Live(console=console, transient=True, refresh_per_second=8) as live:
        yield lambda text: live.update(Text(printable(text), style="cyan"))


def _listed(event: FolderListed) -> str:
    parts = [f"{event.folder}: {count_text(event.n_found)}"]
    for n, word in ((event.n_new, "new"), (event.n_changed, "changed"), (event.n_missing, "missing")):
        if n:
            parts.append(f"{n:,} {word}")
    if event.n_ignored:
        parts.append(f"{count_text(event.n_ignored, 'other file', 'other files')} ignored")
    return " · ".join(parts)


def _ready(event: EncoderReady) -> str:
    left = f"; {count_text(event.n_left)} cannot be reached and will follow later" if event.n_left else ""
    return f"Search uses {event.name} from now on{left}"


def _finished(event: IndexingFinished) -> str:
    parts = ["Stopped" if event.is_cancelled else "Done", f"{event.n_analysed:,} analysed"]
    if event.n_copies:
        parts.append(count_text(event.n_copies, "copy", "copies"))
    if event.n_encoded:
        parts.append(f"{event.n_encoded:,} embedded")
    parts.append(f"{event.n_rejected:,} rejected")
    parts.append(time_taken_text(event.seconds))
    return " · ".join(parts)
