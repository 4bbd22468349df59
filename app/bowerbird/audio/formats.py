"""Recognising sound files by their extension, or by their first bytes if that is unknown."""

from pathlib import Path
from typing import Final

READABLE: Final = frozenset(
    [
        "16sv",
        "8svx",
        "afc",
        "aif",
        "aifc",
        "aiff",
        "au",
        "avr",
        "bwf",
        "caf",
        "flac",
        "htk",
        "ircam",
        "mp1",
        "mp2",
        "mp3",
        "nist",
        "oga",
        "ogg",
        "opus",
        "paf",
        "pvf",
        "rf64",
        "sd2",
        "sds",
        "snd",
        "sph",
        "svx",
        "voc",
        "w64",
        "wav",
        "wave",
        "wavex",
        "wve",
        "xi",
    ]
)
"""Extensions that libsndfile 1.2 decodes, in lower case without the dot."""

UNCERTAIN: Final = frozenset(["fap", "iff", "mat", "sf"])
"""Extensions of sounds that libsndfile decodes, and of other files: the content decides."""

UNREADABLE: Final = {
    **dict.fromkeys(("m4a", "m4b", "mp4", "m4v", "m4r", "3g2", "3gp"), "MPEG-4"),
    **dict.fromkeys(("mka", "mkv"), "Matroska"),
    **dict.fromkeys(("weba", "webm"), "WebM"),
    **dict.fromkeys(("wma", "asf"), "Windows Media"),
    **dict.fromkeys(("rx2", "rcy", "rex"), "REX loop"),
    **dict.fromkeys(("ac3", "eac3", "ec3"), "Dolby Digital"),
    **dict.fromkeys(("ra", "rm"), "RealAudio"),
    **dict.fromkeys(("mod", "xm", "s3m", "it"), "tracker module"),
    **dict.fromkeys(("dsf", "dff"), "DSD"),
    "aac": "AAC",
    "ape": "Monkey's Audio",
    "amr": "AMR",
    "dts": "DTS",
    "mpc": "Musepack",
    "ncw": "Native Instruments NCW",
    "ogv": "Ogg video",
    "shn": "Shorten",
    "spx": "Speex",
    "tta": "True Audio",
    "wv": "WavPack",
}
"""Extensions of sounds that cannot be decoded, with the name of the format: reported to the user, not skipped."""

_NEVER_SOUNDS: Final = frozenset(
    [
        "als",
        "asd",
        "bak",
        "bmp",
        "cfg",
        "css",
        "csv",
        "db",
        "dll",
        "doc",
        "docx",
        "dylib",
        "exe",
        "flp",
        "gif",
        "gz",
        "htm",
        "html",
        "ini",
        "jpeg",
        "jpg",
        "js",
        "json",
        "log",
        "logicx",
        "m3u",
        "md",
        "mid",
        "midi",
        "nki",
        "nkm",
        "nfo",
        "pdf",
        "pkf",
        "pls",
        "png",
        "psd",
        "py",
        "reapeaks",
        "rar",
        "rpp",
        "rtf",
        "sf2",
        "sfk",
        "sfz",
        "sha256",
        "so",
        "sqlite",
        "sql",
        "svg",
        "tar",
        "tif",
        "tiff",
        "toml",
        "ttf",
        "txt",
        "url",
        "webp",
        "xls",
        "xlsx",
        "xml",
        "xmp",
        "yaml",
        "yml",
        "zip",
    ]
)


def is_never_sound(name: str) -> bool:
    """Return whether the name of a file says that it is something else than a sound."""
    return extension(name) in _NEVER_SOUNDS


N_SNIFFED_BYTES: Final = 512


def extension(name: str) -> str:
    """Return the extension of a file name in lower case without the dot; "" if it has none."""
    stem, dot, ending = name.rpartition(".")
    return ending.lower() if dot and stem else ""


def is_sound(path: str) -> bool:
    """Return whether a file should be listed as a sound.

    A known extension decides; a file with another or no extension, or one that other files have too, is opened and its
    first bytes are checked. A file that cannot be opened then is not a sound.
    """
    ending = extension(path.replace("\\", "/").rsplit("/", 1)[-1])
    if ending in READABLE or ending in UNREADABLE:
        return True
    if ending in _NEVER_SOUNDS:
        return False
    try:
        with Path(path).open("rb") as file:
            return has_sound_header(file.read(N_SNIFFED_BYTES))
    except OSError:
        return False


def has_sound_header(head: bytes) -> bool:
    """Return whether a file begins like a sound file, decodable or not."""
    if head[:4] in {b"RIFF", b"RIFX"}:
        return head[8:12] in {b"WAVE", b""}
    if head[:4] == b"FORM":
        return head[8:12] in {b"AIFF", b"AIFC", b"8SVX", b"16SV", b""}
    if head.startswith(_OLDER_HEADS) or _is_matlab_sound(head):
        return True
    if head[:4] in {b"RF64", b"fLaC", b"OggS", b"caff", b".snd", b"riff", b"0&\xb2u"} or head[:3] == b"ID3":
        return True
    return head[4:8] == b"ftyp" or _is_mpeg_frame(head)


_OLDER_HEADS: Final = (
    b"Creative Voice File",
    b"NIST_1A",
    b"2BIT\x00",
    b" paf\x00",
    b"fap \x00",
    b"PVF1\n",
    b"Extended Instrument: ",
    b"ALawSoundFile**",
    *(bytes([0x64, 0xA3, machine, 0]) for machine in range(1, 5)),  # IRCAM, little-endian
    *(bytes([0, machine, 0xA3, 0x64]) for machine in range(1, 5)),
)
"""VOC, NIST, AVR, PAF, PVF, XI, WVE, IRCAM."""


def _is_matlab_sound(head: bytes) -> bool:
    """Return whether a MATLAB file begins with a sampling rate, as those with sounds do."""
    is_version_5 = head.startswith(b"MATLAB 5.0 MAT-file") and b"samplerate" in head
    return is_version_5 or head[20:30] == b"samplerate"


def _is_mpeg_frame(head: bytes) -> bool:
    """Return whether bytes begin an MPEG audio frame: sync word and no reserved value (ISO 11172-3, 2.4.2.3)."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    has_version, has_layer = head[1] & 0x18 != 0x08, head[1] & 0x06 != 0
    has_bitrate, has_rate = head[2] >> 4 not in {0, 15}, head[2] & 0x0C != 0x0C
    return has_version and has_layer and has_bitrate and has_rate
