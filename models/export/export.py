"""Convert a LAION-CLAP checkpoint into a folder for `bowerbird models import`.

    python export.py CHECKPOINT FOLDER [--card ID] [--tokenizer FILE]

CHECKPOINT is laion's `.pt` file or a directory with transformers' `model.safetensors`. The folder gets both networks
as ONNX with full and 8-bit weights, the tokenizer, and a card. Nothing is written unless the networks agree with the
reference.
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
from card import CARD_NAME, FILE_NAMES, CardHeader, card_text, mel_scale, shipped_header
from checkpoints import Checkpoint, CheckpointError, read_checkpoint
from parity import check, reference
from quantise import write_int8
from text_tower import text_model


def main() -> int:
    """Read the checkpoint and export it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("checkpoint", type=Path, help="a .pt file, or a directory with model.safetensors")
    parser.add_argument("folder", type=Path, help="output folder")
    parser.add_argument("--card", metavar="ID", help="id of the shipped card for this checkpoint")
    parser.add_argument("--id", help="id for a checkpoint without a card")
    parser.add_argument("--tokenizer", type=Path, help="tokenizer.json, if the checkpoint has none")
    parser.add_argument(
        "--allow-unsafe-pickle", action="store_true", help="read a .pt that contains code, and run that code"
    )
    options = parser.parse_args()
    try:
        if (options.folder / CARD_NAME).exists():
            raise CheckpointError(f"{options.folder} already contains a model. Choose another folder, or delete it.")
        checkpoint = read_checkpoint(
            options.checkpoint, tokenizer=options.tokenizer, is_unsafe_allowed=options.allow_unsafe_pickle
        )
        export(checkpoint, options.folder, card_header(options.checkpoint, card_id=options.card, own_id=options.id))
    except CheckpointError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(
            f"{error.filename or options.folder} cannot be read or written ({error.strerror or error}). "
            "Free some space, check the permissions, or choose another folder.",
            file=sys.stderr,
        )
        return 2
    return 0


def card_header(path: Path, *, card_id: str | None, own_id: str | None) -> tuple[CardHeader, str]:
    """Return the header of the card, and the required mel scale; "" for any."""
    if card_id is not None:
        try:
            return shipped_header(card_id)
        except KeyError as error:
            raise CheckpointError(f"Unknown card {card_id}. Choose from: {error.args[0]}.") from error
    name = own_id or re.sub(r"[^a-z0-9]+", "-", path.name.lower().removesuffix(".pt")).strip("-")
    if not name or re.search(r"[^a-z0-9-]|-int8$", name):
        raise CheckpointError(
            f"“{name}” is not a valid id. Add `--id` with lower-case letters, digits and hyphens, not ending in -int8."
        )
    return CardHeader(id=name, title=name, about=f"Exported from {path.name}.", licence="unknown"), ""


def export(checkpoint: Checkpoint, folder: Path, header: tuple[CardHeader, str]) -> None:
    """Write a model, whole or not at all.

    Raises
    ------
    CheckpointError
        When the checkpoint does not match its card, or the graphs differ from the reference.
    """
    card, scale = header
    try:
        audio, text = audio_shape(checkpoint.config), text_shape(checkpoint.config)
    except ValueError as error:
        raise CheckpointError(f"This network is not supported: {error}. Choose a LAION-CLAP checkpoint.") from error
    if scale and scale != mel_scale(is_fused=audio.is_fused):
        kind = "fused" if audio.is_fused else "unfused"
        raise CheckpointError(
            f"The checkpoint is {kind}, but the card {card.id} is for the other kind. Choose another card."
        )
    model = reference(checkpoint)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as temporary:
        draft = Path(temporary) / "model"
        draft.mkdir()
        onnx.save_model(audio_model(checkpoint.weights, audio), draft / FILE_NAMES["audio"])
        onnx.save_model(text_model(checkpoint.weights, text), draft / FILE_NAMES["text"])
        for found in check(model, draft):
            print(f"{found.name}: {found.largest:.1e}")
        for role in ("audio", "text"):
            write_int8(draft / FILE_NAMES[role], draft / FILE_NAMES[f"{role}_int8"])
        (draft / FILE_NAMES["tokenizer"]).write_bytes(checkpoint.tokenizer)
        (draft / CARD_NAME).write_text(card_text(card, audio, draft), encoding="utf-8")
        folder.mkdir(exist_ok=True)
        # The card last, because a folder without a card is not a model.
        for name in (*FILE_NAMES.values(), CARD_NAME):
            shutil.move(draft / name, folder / name)
    print(f"Exported {card.id} to {folder}. Next: bowerbird models import {folder}")


if __name__ == "__main__":
    sys.exit(main())
