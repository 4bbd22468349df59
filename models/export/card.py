"""The card beside exported weights: what they are, and how the network wants its sound. Needs no torch."""

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
"""Where the cards are that ship with the program."""

MAX_TOKENS: Final = 77


@dataclass(frozen=True, slots=True)
class Words:
    """What a card says to people.

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


def shipped_words(card_id: str) -> tuple[Words, str]:
    """Return the words of a shipped card, and the scale of its mel bands.

    Raises
    ------
    KeyError
        When no such card ships, with the ids of those that do.
    """
    path = CARDS / f"{card_id}.toml"
    names = {one.stem for one in CARDS.glob("*.toml")} - {"acoustic", "general"}
    if card_id not in names:
        raise KeyError(", ".join(sorted(names)))
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    words = Words(
        id=table["id"],
        title=table["title"],
        about=table["about"],
        licence=table["licence"],
        source=table["source"],
        is_trained=table.get("is_trained", True),
    )
    return words, str(table["audio"].get("log_mel", {}).get("scale", ""))


def mel_scale(*, is_fused: bool) -> str:
    """Return the scale of the mel bands that a kind of checkpoint was trained with."""
    return "htk" if is_fused else "slaney"


def card_text(words: Words, audio: AudioShape, folder: Path) -> str:
    """Write the card of the weights that lie in a folder."""
    scale = mel_scale(is_fused=audio.is_fused)
    files = {role: _file(folder / name) for role, name in FILE_NAMES.items() if (folder / name).exists()}
    general = {name: getattr(words, name) for name in ("id", "title", "about", "licence", "is_trained")}
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
    tables = {"source": words.source, "files": files, "audio": tower, "audio.log_mel": mel, "text": text}
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
        return "{ " + ", ".join(f"{name} = {_value(one)}" for name, one in value.items()) + " }"
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
