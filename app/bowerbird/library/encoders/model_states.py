"""The list of encoders whose weights are files, and the state of each. Nothing is changed here."""

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, TypeAlias

from bowerbird.base.errors import EncoderError
from bowerbird.base.paths import weights_path
from bowerbird.encoders.registry import ACOUSTIC_ENCODER, DEFAULT_ENCODER
from bowerbird.encoders.weights.cards import CARD_NAME, AudioTower, Card, Role, Source, read_card, shipped_cards
from bowerbird.encoders.weights.self_check import SelfCheck, read_self_check
from bowerbird.encoders.weights.store import (
    Weights,
    has_file,
    installed_weights,
    needed_roles,
    old_folder,
    part_folder,
    part_folders,
    weights_folders,
    weights_in,
)
from bowerbird.library.encoders.recall import Recall, read_recall

INT8_ROLES: Final[tuple[Role, ...]] = ("audio_int8",)
"""Downloaded for speed. 8-bit text weights save little, and are only used when there are no others."""

_State: TypeAlias = Literal["absent", "partial", "unchecked", "refused", "ready"]


@dataclass(frozen=True, slots=True)
class ModelState:
    """The state of an encoder whose weights are files.

    Attributes
    ----------
    card : Card
        Of the installed weights, or the shipped card.
    state : str
        absent. partial: a download was interrupted and can be resumed. unchecked: installed and not checked yet.
        refused: installed and not used, for the reason in `sentence`. ready.
    sentence : str or None
        Only if refused.
    n_partial_bytes : int
        Size of an interrupted download.
    n_download_bytes, n_int8_bytes : int
        Size of the download, and of its 8-bit weights; 0 if unknown.
    n_disk_bytes : int
        Size on disk.
    has_int8 : bool
    check : SelfCheck or None
    recall : Recall or None
        Of the 8-bit weights.
    """

    card: Card
    state: _State
    sentence: str | None = None
    n_partial_bytes: int = 0
    n_download_bytes: int = 0
    n_int8_bytes: int = 0
    n_disk_bytes: int = 0
    has_int8: bool = False
    check: SelfCheck | None = None
    recall: Recall | None = None

    @property
    def is_int8_offered(self) -> bool:
        """Whether 8-bit weights have passed their check and have enough recall."""
        is_rejected = self.check is not None and bool(self.check.int8_sentence)
        return self.has_int8 and not is_rejected and self.recall is not None and self.recall.is_enough


def list_models() -> tuple[ModelState, ...]:
    """Return every encoder with a shipped card, then the user's own, damaged ones too."""
    installed, shipped = installed_weights(), shipped_cards()
    names = [*shipped, *(name for name in weights_folders() if name not in shipped)]
    return tuple(_state(name, installed.get(name), shipped.get(name)) for name in names)


def model_state(encoder_id: str) -> ModelState:
    """Return the state of an encoder.

    Raises
    ------
    EncoderError
        When there is no encoder of that name.
    """
    installed, shipped = installed_weights().get(encoder_id), shipped_cards().get(encoder_id)
    if installed is None and shipped is None and encoder_id not in weights_folders():
        raise unknown_model(encoder_id)
    return _state(encoder_id, installed, shipped)


def unknown_model(name: str) -> EncoderError:
    """Return the error for a name that is not that of a model with weights."""
    if name in {DEFAULT_ENCODER, ACOUSTIC_ENCODER}:
        return EncoderError(
            f"{name} is built in and has no weights. Select it with `bowerbird index --encoder {name}`."
        )
    return EncoderError(f"Unknown model “{name}”. Run `bowerbird models list` to see all models.")


def _state(encoder_id: str, weights: Weights | None, shipped: Card | None) -> ModelState:
    folder, part = weights_path() / encoder_id, part_folder(encoder_id)
    card = weights.card if weights is not None else shipped or _card_of_damaged(folder)
    if shipped is None and card.source.kind == "package":  # only shipped cards have the network without weights
        card = replace(card, source=Source("own"))
    planned = shipped or card
    is_resumable = planned.source.kind != "package"
    state = ModelState(
        card,
        "absent",
        n_partial_bytes=bytes_in(part) if is_resumable else 0,
        n_download_bytes=_download_bytes(planned),
        n_int8_bytes=sum(planned.files[role].size_bytes for role in INT8_ROLES if role in planned.files),
        n_disk_bytes=sum(bytes_in(existing) for existing in folders_of(encoder_id)),
    )
    if weights is None:
        if not folder.exists():
            return replace(state, state="partial" if is_resumable and part.exists() else "absent")
        return replace(state, state="refused", sentence=_damage(folder))
    check = read_self_check(weights)
    word: _State = "unchecked" if check is None else "ready" if check.has_passed else "refused"
    return replace(
        state,
        state=word,
        sentence=check.sentence or None if check is not None else None,
        has_int8=has_file(weights, "audio_int8"),
        check=check,
        recall=read_recall(weights),
    )


def _download_bytes(card: Card) -> int:
    """Return the size of a download; 0 if unknown."""
    if card.source.package is not None:
        return card.source.package.size_bytes
    return sum(card.files[role].size_bytes for role in needed_roles(card) if card.files)


def folders_of(encoder_id: str) -> list[Path]:
    """Return the existing folders of an encoder: installed, unfinished and replaced weights."""
    folders = (weights_path() / encoder_id, *part_folders(encoder_id), old_folder(encoder_id))
    return [folder for folder in folders if folder.is_dir()]


def _card_of_damaged(folder: Path) -> Card:
    """Return the card in a folder under the folder's name, or an empty card if it cannot be read."""
    with suppress(EncoderError):
        return replace(read_card(folder / CARD_NAME), id=folder.name)
    nothing = AudioTower("waveform", rate_hz=0, n_dims=0, layout="bt", input="", output="")
    return Card(folder.name, folder.name, "Its card cannot be read.", "Licence unknown", Source("own"), {}, nothing)


def _damage(folder: Path) -> str:
    try:
        card = weights_in(folder).card
    except EncoderError as error:
        return str(error)
    return f"The card in {folder} belongs to {card.id}. Remove the folder, or import the weights again."


def bytes_in(folder: Path) -> int:
    """Return the size of the files in and below a folder; 0 if it does not exist."""
    n_bytes = 0
    with suppress(OSError):
        for path in folder.rglob("*"):
            with suppress(OSError):  # a running download renames files
                n_bytes += path.stat().st_size if path.is_file() else 0
    return n_bytes


def export_command(card: Card) -> str:
    """Return the command that converts a checkpoint into weights that can be imported."""
    name = card.source.file or "DIRECTORY"
    tokenizer = " --tokenizer tokenizer.json" if card.source.file else ""  # a .pt contains none
    return f"sh models/export/export.sh {name} OUT --card {card.id}{tokenizer}"


def how_to_get(card: Card) -> str:
    """Return how to install the weights of a card."""
    if card.source.can_be_fetched:
        return (
            f"The weights of {card.id} are not installed. Run `bowerbird models fetch {card.id}`, or "
            "`bowerbird models import DIR` with a folder that contains them."
        )
    if card.source.kind == "checkpoint":
        source = card.source.file or "the directory"
        return (
            f"{card.id} is a checkpoint, {source} of {card.source.repository}, and must be exported first. "
            f"Run `{export_command(card)}`, then `bowerbird models import OUT`; see models/README.md."
        )
    return f"{card.id} is your own encoder. Run `bowerbird models import DIR` with the folder that contains it."
