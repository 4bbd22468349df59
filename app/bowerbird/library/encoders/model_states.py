"""Encoders that come as weights as they are listed: which there are, how they stand, how they come. Nothing is done."""

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, TypeAlias

from bowerbird.base.errors import EncoderError
from bowerbird.base.paths import weights_path
from bowerbird.encoders.weights.cards import CARD_NAME, AudioTower, Card, Role, Source, read_card, shipped_cards
from bowerbird.encoders.weights.self_check import Proof, read_proof
from bowerbird.encoders.weights.store import (
    Weights,
    has_file,
    installed_weights,
    needed_roles,
    old_folder,
    part_folder,
    weights_folders,
    weights_in,
)
from bowerbird.library.encoders.recall import Recall, read_recall

INT8_ROLES: Final[tuple[Role, ...]] = ("audio_int8",)
"""What is fetched for speed: 8-bit text weights gain a moment a query and are only used where there are no others."""

_State: TypeAlias = Literal["absent", "partial", "unproven", "refused", "ready"]


@dataclass(frozen=True, slots=True)
class ModelState:
    """An encoder that comes as weights, as things are.

    Attributes
    ----------
    card : Card
        That of the weights here, where there are any.
    state : str
        absent. partial: a fetch was broken off. unproven: here, and not checked yet. refused: here, and not used, as
        `sentence` says. ready.
    sentence : str
    n_partial_bytes : int
        What a broken fetch has brought.
    n_download_bytes, n_int8_bytes : int
        What a fetch brings, and what it brings more with 8-bit weights; 0 where that is not known.
    n_disk_bytes : int
        What is here.
    has_int8 : bool
    proof : Proof or None
    recall : Recall or None
        Of the 8-bit weights, on the user's own sounds.
    """

    card: Card
    state: _State
    sentence: str = ""
    n_partial_bytes: int = 0
    n_download_bytes: int = 0
    n_int8_bytes: int = 0
    n_disk_bytes: int = 0
    has_int8: bool = False
    proof: Proof | None = None
    recall: Recall | None = None

    @property
    def is_int8_offered(self) -> bool:
        """Whether 8-bit weights find what the full ones find."""
        is_refused = self.proof is not None and bool(self.proof.int8_sentence)
        return self.has_int8 and not is_refused and self.recall is not None and self.recall.is_enough


def list_models() -> tuple[ModelState, ...]:
    """Return every encoder that can be had as weights, then those that the user brought, damaged ones too."""
    installed, shipped = installed_weights(), shipped_cards()
    names = [*shipped, *(name for name in weights_folders() if name not in shipped)]
    return tuple(_state(name, installed.get(name), shipped.get(name)) for name in names)


def model_state(encoder_id: str) -> ModelState:
    """Return one encoder that comes as weights.

    Raises
    ------
    EncoderError
        When there is none of that name.
    """
    installed, shipped = installed_weights().get(encoder_id), shipped_cards().get(encoder_id)
    if installed is None and shipped is None and encoder_id not in weights_folders():
        raise EncoderError(f"There is no `{encoder_id}` among the models. Run `bowerbird models list` to see them.")
    return _state(encoder_id, installed, shipped)


def _state(encoder_id: str, weights: Weights | None, shipped: Card | None) -> ModelState:
    folder, part = weights_path() / encoder_id, part_folder(encoder_id)
    card = weights.card if weights is not None else shipped or _card_of_damaged(folder)
    planned = shipped or card
    state = ModelState(
        card,
        "absent",
        n_partial_bytes=bytes_in(part),
        n_download_bytes=sum(planned.files[role].size_bytes for role in needed_roles(planned) if planned.files),
        n_int8_bytes=sum(planned.files[role].size_bytes for role in INT8_ROLES if role in planned.files),
        n_disk_bytes=sum(bytes_in(one) for one in folders_of(encoder_id)),
    )
    if weights is None:
        if not folder.exists():
            return replace(state, state="partial" if part.exists() else "absent")
        return replace(state, state="refused", sentence=_complaint(folder))
    proof = read_proof(weights)
    word: _State = "unproven" if proof is None else "ready" if proof.is_good else "refused"
    return replace(
        state,
        state=word,
        sentence=proof.sentence if proof is not None else "",
        has_int8=has_file(weights, "audio_int8"),
        proof=proof,
        recall=read_recall(weights),
    )


def folders_of(encoder_id: str) -> list[Path]:
    """Return what there is of an encoder's weights: those here, those on their way, those that were replaced."""
    places = (weights_path() / encoder_id, part_folder(encoder_id), old_folder(encoder_id))
    return [place for place in places if place.is_dir()]


def _card_of_damaged(folder: Path) -> Card:
    """Return the card in a folder under the folder's name; one that says nothing where it cannot be read."""
    with suppress(EncoderError):
        return replace(read_card(folder / CARD_NAME), id=folder.name)
    nothing = AudioTower("waveform", rate_hz=0, n_dims=0, layout="bt", input="", output="")
    return Card(folder.name, folder.name, "Its card cannot be read.", "Licence unknown", Source("own"), {}, nothing)


def _complaint(folder: Path) -> str:
    try:
        card = weights_in(folder).card
    except EncoderError as error:
        return str(error)
    return f"The card in {folder} is of `{card.id}`. Remove the folder, or import it again from where it came from."


def bytes_in(folder: Path) -> int:
    """Return how much the files of a folder take; 0 where there is none."""
    n_bytes = 0
    with suppress(OSError):  # what comes just now is renamed under one's hands
        for path in folder.iterdir():
            n_bytes += path.stat().st_size
    return n_bytes


def export_command(card: Card) -> str:
    """Return what turns a checkpoint into weights that can be imported."""
    name = card.source.file or "DIRECTORY"
    tokenizer = " --tokenizer tokenizer.json" if card.source.file else ""  # a .pt has none
    return f"sh models/export/export.sh {name} OUT --card {card.id}{tokenizer}"


def how_to_have(card: Card) -> str:
    """Say how the weights of a card come here."""
    if card.source.kind == "hub":
        return (
            f"The weights of `{card.id}` are not here. Run `bowerbird models fetch {card.id}`, or "
            "`bowerbird models import DIR` with a folder that has them."
        )
    if card.source.kind == "checkpoint":
        what = card.source.file or "a directory"
        return (
            f"`{card.id}` comes as a checkpoint, {what} of {card.source.repository}, which is exported first. "
            f"Run `{export_command(card)}`, then `bowerbird models import OUT`; models/README.md says more."
        )
    return f"`{card.id}` is your own. Run `bowerbird models import DIR` with the folder that has it."
