"""A player that is heard nowhere. Neither it nor what imports it needs Qt."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bowerbird.playback.events import CannotPlay, DeviceChanged, Started, Stopped
from bowerbird.playback.request import UNTREATED, Treatment

NO_DEVICE = "No sound output was found. Connect one, then play again."


@dataclass(frozen=True)
class Played:
    """What a player was asked for."""

    path: Path
    start_s: float = 0.0
    end_s: float | None = None
    loop: bool = False
    from_s: float | None = None
    treatment: Treatment = UNTREATED
    is_even: bool = False

    @property
    def name(self) -> str:
        return self.path.name


class FakePlayer:
    """A player that is heard nowhere: it keeps what it was asked for, and reports as the real one does."""

    def __init__(self, *, post: Callable[[object], None], **options: object) -> None:
        self._post = post
        self.options = options
        self.prefetched: tuple[Path, ...] = ()
        self.played: list[Played] = []
        self.volume_db = 0.0
        self.position_s: float | None = None
        self.has_device = True
        self.is_closed = False
        self._now: Path | None = None

    @property
    def names(self) -> list[str]:
        """The names of everything that was played."""
        return [played.name for played in self.played]

    @property
    def is_playing(self) -> bool:
        return self._now is not None

    def prepare(self) -> None:
        pass

    def prefetch(self, paths: Sequence[Path], *, is_even: bool = False) -> None:
        self.prefetched = tuple(paths)

    def choose_output(self, name: str | None, *, latency: str | float = "low") -> None:
        self.options.update(output=name, latency=latency)

    def play(self, path: Path, **options: Any) -> None:
        self.played.append(Played(path, **options))
        if options.get("from_s") is not None and self._now == path:
            return  # the sound goes on, as it is now to be played
        self.stop()
        if not self.has_device:
            self._post(DeviceChanged(NO_DEVICE))
        elif not path.is_file():
            self._post(CannotPlay(path, f"`{path.name}` is not there. Connect its drive, or look for changes."))
        else:
            self._now = path
            self._post(Started(path, 1.0))

    def stop(self) -> None:
        self.finish(finished=False)

    def finish(self, *, finished: bool = True) -> None:
        """Come to the sound's end."""
        if self._now is not None:
            path, self._now, self.position_s = self._now, None, None
            self._post(Stopped(path, finished))

    def close(self) -> None:
        self.stop()
        self.is_closed = True
