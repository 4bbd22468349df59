"""A real player in a process of its own, as the sound server to use is fixed by the environment at the start.

Run as a program it reads one command a line, as JSON, and writes one answer or event a line.
"""

import json
import queue
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bowerbird.library.audition.loudness import EvenLoudness
from bowerbird.library.library import Library
from bowerbird.playback.device import list_outputs
from bowerbird.playback.player import Player
from bowerbird.playback.request import Treatment

APP = Path(__file__).parents[2] / "app"


class Speaker:
    """The test's end: says commands, awaits answers and events. Use it as a context manager."""

    def __init__(self, env: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            env={**env, "PYTHONPATH": str(APP)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._lines: queue.Queue[dict[str, Any]] = queue.Queue()
        self._answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self.complaints: list[str] = []
        self._threads = [threading.Thread(target=self._read), threading.Thread(target=self._read_complaints)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pipes = (self._process.stdin, self._process.stdout, self._process.stderr)
        try:
            assert self._process.stdin is not None
            self._process.stdin.close()
            code = self._process.wait(10)
        finally:
            self._process.kill()
            self._process.wait()
            for thread in self._threads:
                thread.join()
            for pipe in pipes:
                assert pipe is not None
                pipe.close()
        assert code == 0, "".join(self.complaints)

    def say(self, verb: str, *words: object, **options: object) -> dict[str, Any]:
        """Give a command and get its answer: ``at``, the clock before it, and ``value``."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([verb, words, options], default=str) + "\n")
        self._process.stdin.flush()
        return self._answers.get(timeout=10)

    def event(self, kind: str, *, timeout_s: float = 10) -> dict[str, Any]:
        """The next event, which must be of that kind."""
        try:
            event = self._lines.get(timeout=timeout_s)
        except queue.Empty:
            raise AssertionError(f"no {kind} came: {''.join(self.complaints)}") from None
        assert event["kind"] == kind, event
        return event

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            told = json.loads(line)
            (self._answers if told["kind"] == "answer" else self._lines).put(told)

    def _read_complaints(self) -> None:
        assert self._process.stderr is not None
        self.complaints.extend(self._process.stderr)


def main() -> None:
    """Obey commands until they end."""
    lock = threading.Lock()

    def tell(kind: str, **facts: object) -> None:
        with lock:
            sys.stdout.write(json.dumps({"kind": kind, **facts}, default=str) + "\n")
            sys.stdout.flush()

    def post(event: Any) -> None:
        tell(type(event).__name__, at=time.monotonic(), **asdict(event))

    player: Player | None = None
    for line in sys.stdin:
        verb, words, options = json.loads(line)
        at = time.monotonic()
        value: object = None
        if verb == "open":
            player = Player(post=post, even_gain=EvenLoudness(Library.open(Path("none"))).gain_db, **options)
            player.prepare()
        elif verb == "play":
            assert player is not None
            options["treatment"] = Treatment(**options.get("treatment", {}))
            player.play(Path(words[0]), **options)
        elif verb == "list_outputs":
            value = list_outputs()
        elif verb == "volume":
            assert player is not None
            player.volume_db = words[0]
        elif verb == "position":
            assert player is not None
            value = player.position_s
        else:
            value = getattr(player, verb)(*words)
        tell("answer", at=at, value=value)
    if player is not None:
        player.close()
    leaked = [thread.name for thread in threading.enumerate() if thread.name.startswith("bowerbird")]
    if leaked:
        raise SystemExit(f"leaked: {leaked}")


if __name__ == "__main__":
    main()
