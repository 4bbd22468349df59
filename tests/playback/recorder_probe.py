"""Record for a second in a process of its own, whose environment names the sound server; print what came in."""

import json
import sys
import time

import numpy as np

from bowerbird.playback.recorder import Recorder

recorder = Recorder()
recorder.start()
deadline = time.monotonic() + 20
levels = []
while recorder.duration_s < 1.0 and time.monotonic() < deadline:
    time.sleep(0.02)
    levels.append(recorder.level_db)
samples, rate_hz = recorder.stop()
spectrum = np.abs(np.fft.rfft(samples[:, 0] * np.hanning(len(samples))))
json.dump(
    {
        "hz": float(spectrum.argmax() * rate_hz / len(samples)),
        "peak": float(np.abs(samples).max()),
        "duration_s": len(samples) / rate_hz,
        "level_db": max(levels),
    },
    sys.stdout,
)
