"""Turn a LAION-CLAP checkpoint into a folder that `bowerbird models import` takes.

    python export.py CHECKPOINT FOLDER [--card ID] [--tokenizer FILE]

CHECKPOINT is laion's `.pt` file or a directory with transformers' `model.safetensors`. The folder gets both networks
as ONNX, in full and in 8 bits, the tokenizer, and a card. Nothing is written unless the networks give what the
reference gives.
"""

import argparse
import re
import shutil
import sys
import tempfile
from pathlib import Path

import onnx
from architecture import audio_shape, text_shape
from audio_tower import audio_model
from card import CARD_NAME, FILE_NAMES, Words, card_text, mel_scale, shipped_words
from checkpoints import Checkpoint, CheckpointError, read_checkpoint
from parity import check, reference
from quantise import write_int8
from text_tower import text_model


def main() -> int:
    """Read, export, and say what came out."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("checkpoint", type=Path, help="a .pt file, or a directory with model.safetensors")
    parser.add_argument("folder", type=Path, help="where the exported model goes")
    parser.add_argument("--card", metavar="ID", help="the card that ships for this checkpoint")
    parser.add_argument("--id", help="a name for a checkpoint without a card")
    parser.add_argument("--tokenizer", type=Path, help="tokenizer.json, where the checkpoint has none")
    parser.add_argument("--allow-unsafe-pickle", action="store_true", help="run code in a .pt that needs it")
    options = parser.parse_args()
    try:
        if (options.folder / CARD_NAME).exists():
            raise CheckpointError(f"`{options.folder}` holds a model already. Name another folder, or delete it.")
        checkpoint = read_checkpoint(
            options.checkpoint, tokenizer=options.tokenizer, is_unsafe_allowed=options.allow_unsafe_pickle
        )
        export(checkpoint, options.folder, chosen_words(options.checkpoint, card_id=options.card, own_id=options.id))
    except CheckpointError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(
            f"`{error.filename or options.folder}` cannot be read or written ({error.strerror or error}). "
            "Make room, look at its rights, or name another folder.",
            file=sys.stderr,
        )
        return 2
    return 0


def chosen_words(path: Path, *, card_id: str | None, own_id: str | None) -> tuple[Words, str]:
    """Return what the card will say, and the scale of mel bands that it must have, or ""."""
    if card_id is not None:
        try:
            return shipped_words(card_id)
        except KeyError as error:
            raise CheckpointError(f"No card is called `{card_id}`. Name one of: {error.args[0]}.") from error
    name = own_id or re.sub(r"[^a-z0-9]+", "-", path.name.lower().removesuffix(".pt")).strip("-")
    if not name or re.search(r"[^a-z0-9-]|-int8$", name):
        raise CheckpointError(
            f"`{name}` is no id. Add `--id`, of small letters, digits and hyphens, not ending in -int8."
        )
    return Words(id=name, title=name, about=f"Exported from {path.name}.", licence="unknown"), ""


def export(checkpoint: Checkpoint, folder: Path, words: tuple[Words, str]) -> None:
    """Write a model, whole or not at all.

    Raises
    ------
    CheckpointError
        When the checkpoint is of another kind than its card says, or the graphs fail the gate.
    """
    said, scale = words
    try:
        audio, text = audio_shape(checkpoint.config), text_shape(checkpoint.config)
    except ValueError as error:
        raise CheckpointError(f"This network is not known: {error}. Name a checkpoint of LAION-CLAP.") from error
    if scale and scale != mel_scale(is_fused=audio.is_fused):
        kind = "fused" if audio.is_fused else "unfused"
        raise CheckpointError(
            f"The checkpoint is {kind}, and the card `{said.id}` is for the other kind. Choose another."
        )
    model = reference(checkpoint)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as name:
        draft = Path(name) / "model"
        draft.mkdir()
        onnx.save_model(audio_model(checkpoint.weights, audio), draft / FILE_NAMES["audio"])
        onnx.save_model(text_model(checkpoint.weights, text), draft / FILE_NAMES["text"])
        for found in check(model, draft):
            print(f"{found.name}: {found.largest:.1e}")
        for role in ("audio", "text"):
            write_int8(draft / FILE_NAMES[role], draft / FILE_NAMES[f"{role}_int8"])
        (draft / FILE_NAMES["tokenizer"]).write_bytes(checkpoint.tokenizer)
        (draft / CARD_NAME).write_text(card_text(said, audio, draft), encoding="utf-8")
        folder.mkdir(exist_ok=True)
        # The card goes last: a folder without one is no model.
        for made in (*FILE_NAMES.values(), CARD_NAME):
            shutil.move(draft / made, folder / made)
    print(f"{said.id} is in {folder}. Now: bowerbird models import {folder}")


if __name__ == "__main__":
    sys.exit(main())
