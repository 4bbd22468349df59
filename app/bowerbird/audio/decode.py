"""Opening and reading sound files through libsndfile, in blocks, as finite float32."""

import os
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np
import soundfile

from bowerbird.audio import formats
from bowerbird.audio.mono import MonoMixer
from bowerbird.audio.resample import StreamResampler
from bowerbird.base.errors import AudioError, UnreachableError
from bowerbird.base.files import os_reason
from bowerbird.domain.sounds import Clip, Samples

BLOCK_FRAMES: Final = 65_536
"""Frames per block: small enough for thirty-minute files, large enough to read a one-shot in one block."""

MAX_CHANNELS: Final = 64
MIN_RATE_HZ: Final = 100
MAX_RATE_HZ: Final = 1_000_000

_FORMAT_NAMES: Final = {"WAVEX": "WAV", "SVX": "8SVX", "MAT4": "MATLAB", "MAT5": "MATLAB", "MPC2K": "MPC"}
_ENCODING_NAMES: Final = {
    "PCM_S8": "8 bit",
    "PCM_U8": "8 bit",
    "PCM_16": "16 bit",
    "PCM_24": "24 bit",
    "PCM_32": "32 bit",
    "FLOAT": "32 bit float",
    "DOUBLE": "64 bit float",
    "ULAW": "µ-law",
    "ALAW": "A-law",
    "IMA_ADPCM": "IMA ADPCM",
    "MS_ADPCM": "MS ADPCM",
    "VORBIS": "Vorbis",
    "OPUS": "Opus",
    "MPEG_LAYER_I": "MPEG layer 1",
    "MPEG_LAYER_II": "MPEG layer 2",
    "MPEG_LAYER_III": "MPEG layer 3",
}

_INEXACT_SEEKING: Final = frozenset({"MP3", "OGG"})
"""Formats in which libsndfile finds other samples after seeking than when it reads up to there."""

_DECODED_S: Final = 30.0
"""Up to this length, such files are decoded up to a position, which takes less than 0.1 s."""

_SETTLING_S: Final = 1.0
"""Further on, decoding starts this long before a position: the samples have settled, but may be shifted."""

_DAMAGE: Final = ("psf_fseek", "unspecified internal error", "unknown error", "sf_info struct", "is malformed")
"""Messages of libsndfile that tell a user no more than that the file is damaged."""


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a sound file.

    Attributes
    ----------
    rate_hz : int
    n_channels : int
    n_frames : int
        As declared; fewer may be decoded.
    format : str
        Container, such as ``WAV``.
    encoding : str
        Encoding inside the container, such as ``24 bit``.
    """

    rate_hz: int
    n_channels: int
    n_frames: int
    format: str
    encoding: str


class _SilencedStderr:
    """Redirects file descriptor 2 to the null device while any thread is inside.

    The decoders below libsndfile (mpg123 and others) print their messages straight to the process's standard error,
    where they would appear in the middle of a command's output. The first thread to enter redirects the descriptor and
    the last to leave restores it; text that Python itself writes meanwhile is lost, so keep the block short.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._n_inside = 0
        self._saved: int | None = None

    def __enter__(self) -> None:
        with self._lock:
            self._n_inside += 1
            if self._n_inside > 1:
                return
            with suppress(OSError):  # a windowed program may have no standard error
                self._saved = os.dup(2)
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, 2)
                os.close(null)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._n_inside -= 1
            if self._n_inside or self._saved is None:
                return
            os.dup2(self._saved, 2)
            os.close(self._saved)
            self._saved = None


silenced_stderr: Final = _SilencedStderr()
"""Use as a context manager around every call of libsndfile."""


class _Stream(soundfile.SoundFile):  # type: ignore[misc] # soundfile has no types
    """A file that is read from front to back.

    soundfile seeks to the current position after every read of a seekable file, which makes Ogg and MP3 decode twice
    and damaged FLAC fail. Explicit seeking still works.
    """

    def seekable(self) -> bool:
        return False


class SoundReader:
    """An open sound file. Use it as a context manager; see `open_sound`."""

    def __init__(self, path: Path, file: soundfile.SoundFile) -> None:
        self._path = path
        self._file = file
        self._position = 0
        self.header = Header(
            rate_hz=file.samplerate,
            n_channels=file.channels,
            n_frames=max(0, file.frames),
            format=_FORMAT_NAMES.get(file.format, file.format),
            encoding=_ENCODING_NAMES.get(file.subtype, file.subtype.replace("_", " ").capitalize()),
        )

    @property
    def rate_hz(self) -> int:
        """Frames per second."""
        return self.header.rate_hz

    @property
    def n_channels(self) -> int:
        """Number of channels."""
        return self.header.n_channels

    @property
    def n_frames(self) -> int:
        """Number of frames that the header declares."""
        return self.header.n_frames

    def seek(self, frame: int) -> None:
        """Go to a frame, or to the end if it is beyond the end.

        Raises
        ------
        AudioError
            When seeking or decoding fails.
        """
        frame = min(max(frame, 0), self.n_frames)
        origin = frame
        if self.header.format in _INEXACT_SEEKING:
            n_decoded = round(_DECODED_S * self.rate_hz)
            if self._position <= frame <= self._position + n_decoded:
                origin = self._position
            else:
                origin = 0 if frame <= n_decoded else frame - round(_SETTLING_S * self.rate_hz)
        if origin != self._position or origin == frame:
            try:
                with silenced_stderr:
                    self._position = self._file.seek(origin)
            except (soundfile.LibsndfileError, RuntimeError) as error:
                raise self._broken(error) from error
        while self._position < frame and len(self.read(min(BLOCK_FRAMES, frame - self._position))):
            pass

    def read(self, n_frames: int) -> Samples:
        """Read the next frames, but none beyond what the header declares, where some decoders fail.

        Returns
        -------
        ndarray, shape (n, n_channels), float32
            Finite: NaN and infinities become silence. Empty at the end.

        Raises
        ------
        AudioError
            When decoding fails.
        """
        try:
            n_wanted = max(0, min(n_frames, self.n_frames - self._position))
            with silenced_stderr:
                block: Samples = self._file.read(n_wanted, dtype="float32", always_2d=True)
        except (soundfile.LibsndfileError, RuntimeError) as error:
            raise self._broken(error) from error
        self._position += len(block)
        with np.errstate(over="ignore", invalid="ignore"):
            power = np.dot(block.ravel(), block.ravel())
        if not np.isfinite(power):
            # The dot product also overflows on absurdly high but finite levels; clipping handles those.
            np.nan_to_num(block, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
            np.clip(block, -1e6, 1e6, out=block)
        return block

    def blocks(self, n_frames: int = BLOCK_FRAMES) -> Iterator[Samples]:
        """Read to the end in blocks of shape (n, n_channels).

        Raises
        ------
        AudioError
            When decoding fails, or a lossless file ends before its header says.
        """
        n_read = self._position
        while len(block := self.read(n_frames)):
            n_read += len(block)
            yield block
        if n_read < self.n_frames and self.header.format == "FLAC":
            raise AudioError(
                f"{self._path.name} is truncated: it ends before the length in its header. Re-export it.",
                code="truncated",
            )

    def strings(self) -> dict[str, str]:
        """Return the text tags that libsndfile found, such as title and artist."""
        return dict(self._file.copy_metadata())

    def close(self) -> None:
        """Close the file."""
        with silenced_stderr:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _broken(self, error: Exception) -> AudioError:
        at_s = self._position / max(1, self.rate_hz)
        return AudioError(f"{self._path.name} cannot be decoded after {at_s:.1f} s ({_reason(error)}). Re-export it.")


def open_sound(path: Path) -> SoundReader:
    """Open a sound file.

    Raises
    ------
    AudioError
        When the file cannot be decoded.
    UnreachableError
        When it cannot be read just now.
    """
    name = path.name
    known = formats.UNREADABLE.get(formats.extension(name))
    try:
        facts = path.stat()
        if stat.S_ISDIR(facts.st_mode):
            raise AudioError(f"{name} is a folder, not a sound. Choose a file in it.")
        if facts.st_size == 0:
            raise AudioError(f"{name} is empty. Restore it from a backup, or export it again.", code="empty")
        path.open("rb").close()  # libsndfile does not report why reading is refused
        with silenced_stderr:
            file = _Stream(str(path) if sys.platform == "win32" else os.fsencode(path))
    except FileNotFoundError as error:
        raise UnreachableError(f"Cannot find {name}. Is the drive connected?") from error
    except OSError as error:
        raise UnreachableError(
            f"{name} cannot be read ({os_reason(error)}). Check its permissions and the drive."
        ) from error
    except (soundfile.LibsndfileError, RuntimeError, ValueError, TypeError) as error:
        if known:
            raise AudioError(
                f"{name} has a format that Bowerbird cannot decode ({known}). Convert it to WAV or FLAC.",
                code="unsupported",
            ) from error
        if formats.extension(name) == "sd2" and not _has_resource_fork(path):
            raise AudioError(
                f"{name} has lost its resource fork, which holds its sampling rate. Copy it again from a Mac, "
                "or convert it to WAV there.",
                code="no_resource_fork",
            ) from error
        raise AudioError(f"{name} cannot be decoded ({_reason(error)}). Re-export it as WAV or FLAC.") from error
    if not (0 < file.channels <= MAX_CHANNELS and MIN_RATE_HZ <= file.samplerate <= MAX_RATE_HZ):
        format_text = f"{file.channels} channels at {file.samplerate:,} Hz"
        file.close()
        raise AudioError(f"{name} has a damaged header ({format_text}). Re-export it.")
    return SoundReader(path, file)


def _has_resource_fork(path: Path) -> bool:
    """Return whether the resource fork of a file is where libsndfile looks for it: in it, or in a file beside it."""
    beside = (path.with_name(f"._{path.name}"), path.parent / ".AppleDouble" / path.name, path / "..namedfork" / "rsrc")
    return any(os.path.isfile(fork) for fork in beside)  # noqa: PTH113 - Path's raises where a drive is lost


def mono_blocks(path: Path, *, rate_hz: int, start_s: float = 0.0, end_s: float | None = None) -> Iterator[Samples]:
    """Decode a part of a file to mono, block by block.

    Parameters
    ----------
    path : Path
    rate_hz : int
        Rate of the result; other rates are resampled (soxr HQ).
    start_s, end_s : float
        In seconds; an end of None is the end of the sound.

    Yields
    ------
    ndarray, shape (n_frames,), float32
        Finite; some may be empty.

    Raises
    ------
    AudioError
        When the file cannot be decoded, or the part is empty.
    """
    with open_sound(path) as reader:
        first = round(start_s * reader.rate_hz)
        left = reader.n_frames if end_s is None else max(0, round(end_s * reader.rate_hz) - first)
        if first:
            reader.seek(first)
        mixer = MonoMixer(reader.rate_hz, reader.n_channels)
        resampler = StreamResampler(reader.rate_hz, rate_hz)
        n_read = 0
        while len(block := reader.read(min(BLOCK_FRAMES, left - n_read))):
            n_read += len(block)
            yield resampler.push(mixer.push(block))
        yield resampler.finish()
    if not n_read:
        part = f" between {start_s:g} and {end_s:g} s" if end_s is not None else f" after {start_s:g} s"
        part = part if first or end_s is not None else ""
        raise AudioError(f"{path.name} contains no audio{part}. Choose another part or file.", code="no_audio")


def read_clip(path: Path, *, rate_hz: int, start_s: float = 0.0, end_s: float | None = None) -> Clip:
    """Decode a part of a file to mono; see `mono_blocks`.

    Raises
    ------
    AudioError
        When the file cannot be decoded, or the part is empty.
    """
    samples = np.concatenate(list(mono_blocks(path, rate_hz=rate_hz, start_s=start_s, end_s=end_s)))
    if not len(samples):  # a single frame may be resampled to none
        samples = np.zeros(1, np.float32)
    samples.setflags(write=False)
    return Clip(samples, rate_hz)


def _reason(error: Exception) -> str:
    """Return libsndfile's message for use in brackets: no path, no full stop, lower case."""
    text = getattr(error, "error_string", None) or str(error)
    text = text.split("Error opening", 1)[0] or text
    if "not a regular file" in text:  # libsndfile's message for an MP3 without frames
        text = "no audio frames found"
    elif "too big" in text:
        text = "its length is unknown"
    elif any(phrase in text.lower() for phrase in _DAMAGE):
        text = "its structure is damaged"
    text = text.removeprefix("Internal error :").removeprefix("Error :").removeprefix("error :")
    text = text.strip().rstrip(".")
    return text[:1].lower() + text[1:]
