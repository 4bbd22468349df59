"""The card beside exported weights. No torch needed."""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from architecture import AudioShape

CARD_NAME: Final = "card.toml"
FILE_NAMES: Final = {
    "audio": "audio.onnx",
    "audio_int8": "audio_int8.onnx",
    "text": "text.onnx",
    "text_int8": "text_int8.onnx",
    "tokenizer": "tokenizer.json",
}
CARDS: Final = Path(__file__).parents[1]
"""Folder of the shipped cards."""

MAX_TOKENS: Final = 77


@dataclass(frozen=True, slots=True)
class CardHeader:
    """The descriptive fields of a card.

    Attributes
    ----------
    id, title, about, licence : str
    source : mapping of str to str
    is_trained : bool
    """

    id: str
    title: str
    about: str
    licence: str
    source: Mapping[str, str] = field(default_factory=lambda: {"kind": "own"})
    is_trained: bool = True


def shipped_header(card_id: str) -> tuple[CardHeader, str]:
    """Return the header of a shipped card, and the scale of its mel bands.

    Raises
    ------
    KeyError
        When there is no such card; the message lists the ids.
    """
    names = {path.stem for path in CARDS.glob("*.toml")} - {"acoustic", "general"}
    if card_id not in names:
        raise KeyError(", ".join(sorted(names)))
    table = tomllib.loads((CARDS / f"{card_id}.toml").read_text(encoding="utf-8"))
    header = CardHeader(
        id=table["id"],
        title=table["title"],
        about=table["about"],
        licence=table["licence"],
        source=table["source"],
        is_trained=table.get("is_trained", True),
    )
    return header, str(table["audio"].get("log_mel", {}).get("scale", ""))


def mel_scale(*, is_fused: bool) -> str:
    """Return the mel scale of fused or unfused checkpoints."""
    return "htk" if is_fused else "slaney"


def card_text(header: CardHeader, audio: AudioShape, folder: Path) -> str:
    """Return the card for the weights in a folder."""
    scale = mel_scale(is_fused=audio.is_fused)
    files = {role: _file(folder / name) for role, name in FILE_NAMES.items() if (folder / name).exists()}
    general = {name: getattr(header, name) for name in ("id", "title", "about", "licence", "is_trained")}
    tower = {
        "front_end": "log-mel",
        "rate_hz": 48_000,
        "window_s": 10.0,
        "short": "repeat",
        "is_int16": True,
        "layout": "bctm",
        "input": "input_features",
        "output": "audio_embeds",
        "n_dims": audio.n_dims,
    }
    mel = {
        "n_fft": 1024,
        "window_frames": 1024,
        "hop_frames": 480,
        "n_mels": audio.n_mels,
        "f_min_hz": 50.0,
        "f_max_hz": 14_000.0,
        "scale": scale,
        "norm": "slaney" if scale == "slaney" else "none",
        "is_centred": True,
        "padding": "reflect",
        "power": 2.0,
        "log": "db",
        "floor": 1e-10,
    }
    text = {
        "input_ids": "input_ids",
        "attention_mask": "attention_mask",
        "output": "text_embeds",
        "max_tokens": MAX_TOKENS,
    }
    tables = {"source": header.source, "files": files, "audio": tower, "audio.log_mel": mel, "text": text}
    parts = [_lines(general), *(f"[{name}]\n{_lines(table)}" for name, table in tables.items())]
    return "\n".join(parts)


def _file(path: Path) -> dict[str, str | int]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"path": path.name, "size_bytes": path.stat().st_size, "sha256": digest}


def _lines(table: Mapping[str, Any]) -> str:
    return "".join(f"{name} = {_value(value)}\n" for name, value in table.items())


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{name} = {_value(entry)}" for name, entry in value.items()) + " }"
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
