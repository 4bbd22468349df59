"""Measures how long a sound takes from its selection to the device, in a process whose environment names the server."""

import json
import queue
import sys
import threading
import time
from pathlib import Path

import numpy as np

from bowerbird.domain.sounds import Samples
from bowerbird.playback.device import MakeRender, Output, Render, open_output
from bowerbird.playback.events import Started
from bowerbird.playback.player import Player
from bowerbird.playback.request import Treatment


class TimedOutput:
    """Opens the real output, and notes when the first block of each sound is handed to it."""

    def __init__(self) -> None:
        self.player: Player | None = None
        self.handed: queue.Queue[float] = queue.Queue()
        self._last: object = None

    def open(self, make_render: MakeRender, *, latency_s: float, name: str | None = None) -> Output:
        def make(rate_hz: int) -> Render:
            render = make_render(rate_hz)

            def timed(out: Samples, device_latency_s: float) -> None:
                render(out, device_latency_s)
                mixer = self.player._mixer if self.player else None
                if mixer is not None and mixer.reading is not None and mixer.reading.voice is not self._last:
                    self._last = mixer.reading.voice
                    self.handed.put(time.monotonic())

            return timed

        return open_output(make, latency_s=latency_s, name=name)


def main() -> None:
    """Play every file named on the command line, and print the delays in milliseconds."""
    is_prefetched = sys.argv[1] == "prefetched"
    treatment = Treatment(semitones=5) if sys.argv[1] == "pitched" else Treatment()
    paths = [Path(argument) for argument in sys.argv[2:]]
    events: queue.Queue[object] = queue.Queue()
    timed = TimedOutput()
    player = timed.player = Player(post=events.put, open_output=timed.open)
    player.prepare()
    threading.Event().wait(0.5)  # the device opens
    delays_ms = []
    for path in paths:
        if is_prefetched:
            player.prefetch([path])
            while not player._heads._heads.get(path):
                threading.Event().wait(0.002)
        begin = time.monotonic()
        player.play(path, treatment=treatment)
        delays_ms.append(1000 * (timed.handed.get(timeout=10) - begin))
        while not isinstance(events.get(timeout=10), Started):
            pass
        threading.Event().wait(0.05 + 0.03 * np.random.default_rng(len(delays_ms)).random())
    player.close()
    print(json.dumps(delays_ms))


if __name__ == "__main__":
    main()
