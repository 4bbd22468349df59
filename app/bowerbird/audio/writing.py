"""Writing sounds: excerpts for listening tests, lossless and whole or not at all."""

from pathlib import Path

import numpy as np
import soundfile

from bowerbird.base.errors import AudioError
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
        When the disk refuses.
    """
    draft = path.with_name(f".{path.name}.draft")
    try:
        soundfile.write(draft, np.clip(samples, -1.0, 1.0), rate_hz, format="FLAC", subtype="PCM_16")
        draft.replace(path)
    except (OSError, soundfile.LibsndfileError) as error:
        draft.unlink(missing_ok=True)
        reason = (getattr(error, "strerror", None) or "the disk refuses").lower()
        raise AudioError(f"`{path.name}` cannot be written to {path.parent} ({reason}). Free some space.") from error
