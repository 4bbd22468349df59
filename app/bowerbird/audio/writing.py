"""Writing sounds: excerpts for listening tests as lossless files, each whole or not at all."""

import io
from pathlib import Path

import numpy as np
import soundfile

from bowerbird.base.errors import AudioError
from bowerbird.base.files import os_reason, write_atomic
from bowerbird.domain.sounds import Samples


def write_flac(path: Path, samples: Samples, rate_hz: int) -> None:
    """Write 16-bit FLAC.

    Parameters
    ----------
    path : Path
    samples : ndarray, shape (n_frames, n_channels), float32
        What lies outside [-1, 1] is clipped.
    rate_hz : int

    Raises
    ------
    AudioError
        When it cannot be written.
    """
    encoded = io.BytesIO()
    soundfile.write(encoded, np.clip(samples, -1.0, 1.0), rate_hz, format="FLAC", subtype="PCM_16")
    try:
        write_atomic(path, encoded.getvalue())
    except OSError as error:
        raise AudioError(
            f"{path.name} cannot be written to {path.parent} ({os_reason(error)}). Free some space."
        ) from error
