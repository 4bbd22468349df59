"""Rendering what is played to a file, to be dragged to another program.

The samples are those of `bowerbird.playback.blocks`, which the player plays, at the rate and bit depth of the source,
without any gain. A loop is rendered once, without fades, so that it can be looped again.
"""

import hashlib
import os
import shutil
import threading
from pathlib import Path
from typing import Final

from bowerbird.audio.decode import open_sound
from bowerbird.audio.writing import write_wav
from bowerbird.base.errors import AudioError
from bowerbird.base.files import os_reason
from bowerbird.playback.blocks import loop_blocks, treated_blocks
from bowerbird.playback.request import UNTREATED, Request

_ONE_AT_A_TIME: Final = threading.Lock()
"""A sound may be dragged while it is being rendered ahead."""

LIMIT_BYTES: Final = 2 * 1024**3
"""Size of the folder of rendered sounds, above which the oldest are removed."""


def is_original(request: Request) -> bool:
    """Return whether a request plays a whole sound as it is."""
    return request.start_s == 0.0 and request.end_s is None and request.treatment == UNTREATED


def render_for_drag(request: Request, folder: Path, *, limit_bytes: int = LIMIT_BYTES) -> Path:
    """Return a file that sounds as a request plays, apart from its gain.

    Parameters
    ----------
    request : Request
    folder : Path
        Of rendered sounds, which belongs to this function. It is created where there is none. A sound that has been
        rendered before is not rendered again.
    limit_bytes : int
        Size of the folder above which the oldest files are removed.

    Returns
    -------
    Path
        The original file, if the request plays it as it is.

    Raises
    ------
    AudioError
        When the sound cannot be decoded, or the file cannot be written.
    """
    if is_original(request):
        return request.path
    try:
        found = request.path.stat()
    except OSError as error:
        raise AudioError(f"Cannot find {request.path.name}. Is the drive connected?") from error
    key = repr((request.path, found.st_size, found.st_mtime_ns, _rendered_part(request)))
    path = folder / hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=8).hexdigest() / _name(request)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file():
            os.utime(path.parent)
            return path
    except OSError as error:
        raise AudioError(f"{path.name} cannot be written to {folder} ({os_reason(error)}). Free some space.") from error
    with _ONE_AT_A_TIME:
        if path.is_file():  # another thread was first
            return path
        with open_sound(request.path) as reader:
            request = _rendered_part(request)
            blocks = (loop_blocks if request.is_looped else treated_blocks)(reader, request, rate_hz=reader.rate_hz)
            write_wav(path, blocks, rate_hz=reader.rate_hz, encoding=reader.header.encoding)
        _remove_oldest(folder, path.parent, limit_bytes)
    return path


def _rendered_part(request: Request) -> Request:
    """Return a request without what a file does not contain: where playback starts, and the gain."""
    is_loop_region = request.is_looped and (request.start_s > 0.0 or request.end_s is not None)
    return Request(request.path, request.start_s, request.end_s, is_looped=is_loop_region, treatment=request.treatment)


def _name(request: Request) -> str:
    """Return a file name such as "rain 1.20-3.45s -3st reversed.wav"."""
    treatment = request.treatment
    parts = [request.path.stem]
    if request.start_s > 0.0 or request.end_s is not None:
        end = "" if request.end_s is None else f"{request.end_s:.2f}"
        parts.append(f"{request.start_s:.2f}-{end}s")
        if request.is_looped:
            parts.append("loop")
    if treatment.semitones:
        parts.append(f"{treatment.semitones:+g}st")
    if treatment.tempo != 1.0:
        parts.append(f"tempo {100 * treatment.tempo:.4g}%")
    if treatment.speed != 1.0:
        parts.append(f"speed {100 * treatment.speed:.4g}%")
    if treatment.is_reversed:
        parts.append("reversed")
    if treatment.channel is not None:
        parts.append(f"ch{treatment.channel + 1}")
    suffix = " ".join(["", *parts[1:]]) + ".wav"
    return _shortened(parts[0], 240 - len(suffix.encode())) + suffix


def _shortened(stem: str, n_bytes: int) -> str:
    """Return as much of a name as fits a number of bytes, since file systems limit names to 255."""
    while len(os.fsencode(stem)) > n_bytes:
        stem = stem[:-1]
    return stem


def _remove_oldest(folder: Path, kept: Path, limit_bytes: int) -> None:
    found = []
    for rendered in folder.iterdir():
        try:
            size = sum(file.stat().st_size for file in rendered.iterdir())
            found.append((rendered.stat().st_mtime_ns, size, rendered))
        except OSError:  # removed meanwhile, or not ours
            continue
    total = sum(size for _, size, _ in found)
    for _, size, rendered in sorted(found):
        if total <= limit_bytes:
            break
        if rendered != kept:
            shutil.rmtree(rendered, ignore_errors=True)
            total -= size
