"""Showing events: a live line on a terminal, plain lines elsewhere, or one JSON object a line."""

import dataclasses
import json
import re
import sys
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from bowerbird.domain.events import (
    BatchRecorded,
    Event,
    FileIgnored,
    FolderListed,
    FolderUnreachable,
    IndexingFinished,
    Progress,
    SoundRejected,
    SoundsListed,
)

_BOUNDARY = re.compile(r"(?<=[a-z])(?=[A-Z])")


class JsonEvents:
    """Prints each event as a JSON object on a line of its own; undecodable names travel as lone surrogates."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        sys.stdout.flush()

    def post(self, event: Event) -> None:
        """Print an event."""
        name = _BOUNDARY.sub("_", type(event).__name__).lower()
        print(json.dumps({"event": name, **dataclasses.asdict(event)}), flush=True)  # noqa: T201


class LiveProgress:
    """Prints what people want to know: a progress line that stays in place, rejected sounds, a summary."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)
        self._live = Live(console=self._console, transient=True, refresh_per_second=8)
        self._is_live = self._console.is_terminal

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
                self._line(f"{event.n_found:,} sounds listed in {event.folder}")
            case FolderListed():
                self._print(_listed(event))
            case FolderUnreachable():
                self._print(f"{event.folder} could not be read: {event.reason}.", style="yellow")
            case SoundRejected():
                self._print(f"rejected  {event.path}\n          {event.reason}", style="yellow")
            case Progress():
                self._line(progress_line(event))
            case IndexingFinished():
                self._line("")
                self._print(_finished(event), style="bold")
            case BatchRecorded() | FileIgnored():
                pass

    def _line(self, text: str) -> None:
        if self._is_live:
            self._live.update(Text(text, style="cyan"))

    def _print(self, text: str, style: str | None = None) -> None:
        self._console.print(Text(text.encode("utf-8", "replace").decode("utf-8"), style=style or ""))


def progress_line(event: Progress) -> str:
    """Say how far analysis is: "2,140 of 18,300 · 96 a second · 2 min left"."""
    parts = [f"{event.n_done:,} of {event.n_total:,}"]
    if event.per_second > 0:
        parts.append(
            f"{event.per_second:,.0f} a second" if event.per_second >= 10 else f"{event.per_second:.1f} a second"
        )
    if event.left_s is not None and event.n_done < event.n_total:
        parts.append(f"{time_left(event.left_s)} left")
    return " · ".join(parts)


def time_left(seconds: float) -> str:
    """Say a length of time as people do: "40 s", "2 min", "3.5 h"."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"


def _listed(event: FolderListed) -> str:
    parts = [f"{event.folder}: {event.n_found:,} sounds"]
    for n, word in ((event.n_new, "new"), (event.n_changed, "changed"), (event.n_missing, "missing")):
        if n:
            parts.append(f"{n:,} {word}")
    if event.n_ignored:
        parts.append(f"{event.n_ignored:,} other files ignored")
    return " · ".join(parts)


def _finished(event: IndexingFinished) -> str:
    parts = ["Stopped" if event.is_cancelled else "Done", f"{event.n_analysed:,} analysed"]
    if event.n_copies:
        parts.append(f"{event.n_copies:,} copies of known sounds")
    parts.append(f"{event.n_rejected:,} rejected")
    parts.append(time_taken(event.seconds))
    return " · ".join(parts)


def time_taken(seconds: float) -> str:
    """Say how long something took: "0.4 s", "31 s", "2 min"."""
    return f"{seconds:.1f} s" if seconds < 10 else time_left(seconds)
