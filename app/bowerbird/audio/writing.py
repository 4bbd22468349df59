"""Writing sounds as lossless files, each whole or not at all."""

import io
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import soundfile

from bowerbird.base.errors import AudioError
from bowerbird.base.files import os_reason, write_atomic
from bowerbird.domain.sounds import Samples

MAX_WAV_BYTES: Final = 4_000_000_000
"""A WAV file cannot be larger than 4 GiB."""

_SUBTYPES: Final = {
    "8 bit": ("PCM_U8", 1),
    "16 bit": ("PCM_16", 2),
    "24 bit": ("PCM_24", 3),
    "32 bit": ("PCM_32", 4),
    "µ-law": ("PCM_16", 2),
    "A-law": ("PCM_16", 2),
    "IMA ADPCM": ("PCM_16", 2),
    "MS ADPCM": ("PCM_16", 2),
}
"""By the encoding of a `Header`; whatever has no bit depth is written as 32 bit float."""


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


def write_wav(path: Path, blocks: Iterator[Samples], *, rate_hz: int, encoding: str) -> None:
    """Write a WAV file block by block.

    Parameters
    ----------
    path : Path
    blocks : iterator of ndarray, shape (n, n_channels), float32
        What lies outside [-1, 1] is clipped, unless it is written as float.
    rate_hz : int
    encoding : str
        Of the source; see `bowerbird.audio.decode.Header`.

    Raises
    ------
    AudioError
        When it cannot be written, or would be too large.
    """
    subtype, n_bytes = _SUBTYPES.get(encoding, ("FLOAT", 4))
    draft = path.with_name(f"{path.name}.part")
    n_written = 0
    try:
        with draft.open("wb") as file:
            first = next(blocks, np.zeros((0, 1), np.float32))
            with soundfile.SoundFile(file, "w", rate_hz, first.shape[1], subtype=subtype, format="WAV") as sound:
                for block in itertools.chain([first], blocks):
                    n_written += block.size * n_bytes
                    if n_written > MAX_WAV_BYTES:
                        raise AudioError(f"{path.name} would be larger than 4 GB. Select a shorter region.")
                    sound.write(block)
        draft.replace(path)
    except (OSError, soundfile.LibsndfileError) as error:
        reason = os_reason(error) if isinstance(error, OSError) else str(error)
        raise AudioError(f"{path.name} cannot be written to {path.parent} ({reason}). Free some space.") from error
    finally:
        draft.unlink(missing_ok=True)
