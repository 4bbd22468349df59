"""Encoders that come as weights: which there are, having them here, proving them, being rid of them."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, TypeAlias

from bowerbird.audio.decode import read_clip
from bowerbird.catalogue.connection import LibraryLock
from bowerbird.domain.sounds import Samples
from bowerbird.encoder.cards import INT8_ENDING, Card, Role, shipped_cards
from bowerbird.encoder.fetching import fetch_weights
from bowerbird.encoder.importing import card_in, import_weights
from bowerbird.encoder.proof import Proof, prove, read_proof, write_proof
from bowerbird.encoder.protocol import Encoder
from bowerbird.encoder.weights import (
    Weights,
    cannot,
    checked_file,
    has_file,
    installed_weights,
    needed_roles,
    part_folder,
    weights_in,
)
from bowerbird.errors import CatalogueError, EncoderError
from bowerbird.library.control import Control
from bowerbird.library.demo import demo_folder
from bowerbird.library.recall import Recall, measure_recall, read_recall, require_int8, write_recall
from bowerbird.paths import weights_path

_INT8: Final[tuple[Role, ...]] = ("audio_int8",)
"""What is fetched for speed: 8-bit text weights gain a moment a query and are only used where there are no others."""


@dataclass(frozen=True, slots=True)
class ModelProgress:
    """Work on an encoder's weights goes on.

    Attributes
    ----------
    id : str
    text : str
        What is done, such as ``Fetching``.
    n_done_bytes, n_total_bytes : int
        0 and 0 where bytes are not what is counted; the text has the count then.
    """

    id: str
    text: str
    n_done_bytes: int = 0
    n_total_bytes: int = 0


Post: TypeAlias = Callable[[ModelProgress], None]

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
        return self.has_int8 and self.recall is not None and self.recall.is_enough


def list_models() -> tuple[ModelState, ...]:
    """Return every encoder that can be had as weights, then those that the user brought."""
    installed, shipped = installed_weights(), shipped_cards()
    names = [*shipped, *(name for name in installed if name not in shipped)]
    return tuple(_state(name, installed.get(name), shipped.get(name)) for name in names)


def model_state(encoder_id: str) -> ModelState:
    """Return one encoder that comes as weights.

    Raises
    ------
    EncoderError
        When there is none of that name.
    """
    installed, shipped = installed_weights().get(encoder_id), shipped_cards().get(encoder_id)
    if installed is None and shipped is None:
        raise EncoderError(f"There is no `{encoder_id}` among the models. Run `bowerbird models list` to see them.")
    return _state(encoder_id, installed, shipped)


def _state(encoder_id: str, weights: Weights | None, shipped: Card | None) -> ModelState:
    card = weights.card if weights is not None else shipped
    assert card is not None
    planned = shipped or card
    folder, part = weights_path() / encoder_id, part_folder(encoder_id)
    state = ModelState(
        card,
        "absent",
        n_partial_bytes=_n_bytes(part),
        n_download_bytes=sum(planned.files[role].size_bytes for role in needed_roles(planned)),
        n_int8_bytes=sum(planned.files[role].size_bytes for role in _INT8 if role in planned.files),
        n_disk_bytes=_n_bytes(folder) + _n_bytes(part),
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


def fetch_model(
    encoder_id: str, *, control: Control, post: Post, with_int8: bool = False, endpoint: str | None = None
) -> ModelState:
    """Fetch an encoder's weights and check them; nothing is fetched that is here and whole.

    Parameters
    ----------
    encoder_id : str
    control : Control
        Cancels; what came stays, and the next fetch goes on from there.
    post : callable
    with_int8 : bool
        Whether the faster 8-bit weights come too.
    endpoint : str or None
        Address of the hub; None for the usual one.

    Raises
    ------
    EncoderError
        When it cannot be fetched. Weights that fail the check are no error: the state says so.
    """
    card = model_state(encoder_id).card
    if card.source.kind != "hub":
        raise EncoderError(_how_to_have(card))
    weights = installed_weights().get(encoder_id)
    roles = [*needed_roles(card), *(role for role in _INT8 if role in card.files)]
    if not with_int8 and not (weights and has_file(weights, _INT8[0])):
        roles = [role for role in roles if role not in _INT8]
    if weights is None or not _are_whole(weights, roles):
        with _alone():
            weights = fetch_weights(
                card,
                roles,
                endpoint=endpoint,
                is_cancelled=lambda: control.is_cancelled,
                progress=lambda n_done, n_total: post(ModelProgress(encoder_id, "Fetching", n_done, n_total)),
            )
    elif (state := model_state(encoder_id)).state == "ready":
        return state
    if weights is None:
        return model_state(encoder_id)
    return verify_model(encoder_id, control=control, post=post)


def import_models(folder: Path, *, control: Control, post: Post) -> ModelState | None:
    """Take weights from a folder and check them; what was there before stays until the new are complete.

    Returns
    -------
    ModelState or None
        None when it was cancelled before anything was imported.

    Raises
    ------
    EncoderError
        When a card or file is missing or another than it should be, or the disk refuses.
    """
    encoder_id = card_in(folder).id
    with _alone():
        weights = import_weights(
            folder,
            is_cancelled=lambda: control.is_cancelled,
            progress=lambda n_done, n_total: post(ModelProgress(encoder_id, "Importing", n_done, n_total)),
        )
    if weights is None:
        return None
    return verify_model(weights.card.id, control=control, post=post)


def verify_model(encoder_id: str, *, control: Control, post: Post) -> ModelState:
    """Read every byte of an encoder's weights, load them, and check them on the demo sounds.

    The result is kept beside them. When it is cancelled, nothing changes.

    Raises
    ------
    EncoderError
        When they are not here, or the result cannot be written.
    BowerbirdError
        When the installation lacks the demo sounds.
    """
    from bowerbird.encoder.onnx import OnnxEncoder  # noqa: PLC0415 - the front ends take a while to load

    weights = _installed(encoder_id)

    def go_on(n_done: int, n_total: int) -> bool:
        post(ModelProgress(encoder_id, f"Checking, {n_done} of {n_total} sounds"))
        return not control.is_cancelled

    proof: Proof | None
    try:
        for role in weights.card.files:
            if has_file(weights, role):
                if control.is_cancelled:
                    return model_state(encoder_id)
                post(ModelProgress(encoder_id, "Reading every byte"))
                checked_file(weights, role)
        encoder = OnnxEncoder(weights)
        proof = prove(encoder, weights.card, demo_windows(encoder), progress=go_on)
    except EncoderError as error:
        proof = Proof(0.0, sentence=str(error))
    if proof is not None:
        write_proof(weights, proof)
    return model_state(encoder_id)


def remove_model(encoder_id: str) -> int:
    """Delete an encoder's weights, also what a broken fetch left; return how many bytes that were.

    Raises
    ------
    EncoderError
        When there are none, or the disk refuses.
    """
    if "." in encoder_id or "/" in encoder_id or "\\" in encoder_id:
        raise EncoderError(f"There is no `{encoder_id}` among the models. Run `bowerbird models list` to see them.")
    folders = [path for path in (weights_path() / encoder_id, part_folder(encoder_id)) if path.is_dir()]
    if not encoder_id or not folders:
        raise EncoderError(f"The weights of `{encoder_id}` are not here. Run `bowerbird models list` to see what is.")
    n_bytes = 0
    with _alone():
        for folder in folders:
            n_bytes += _n_bytes(folder)
            try:
                shutil.rmtree(folder)
            except OSError as error:
                raise cannot("remove", folder, error) from error
    return n_bytes


def check_int8(library: Path, encoder_id: str, *, control: Control, post: Post) -> Recall | None:
    """Compare 8-bit weights with the full ones on up to 200 of the user's own sounds, and keep the figure.

    Returns
    -------
    Recall or None
        None when it was cancelled.

    Raises
    ------
    EncoderError
        When the 8-bit weights are not here, or there are too few sounds.
    CatalogueError
        When there is no library.
    """
    from bowerbird.encoder.onnx import OnnxEncoder  # noqa: PLC0415

    weights = _installed(encoder_id)
    require_int8(weights)
    recall = measure_recall(
        library,
        OnnxEncoder(weights),
        OnnxEncoder(weights, is_int8=True),
        control=control,
        progress=lambda n_done, n_total: post(
            ModelProgress(encoder_id + INT8_ENDING, f"Comparing, {n_done} of up to {n_total} sounds")
        ),
    )
    if recall is not None:
        write_recall(weights, recall)
    return recall


def demo_windows(encoder: Encoder) -> list[tuple[str, Samples]]:
    """Return kind and first window of every demo sound, by path.

    Raises
    ------
    BowerbirdError
        When the installation lacks them.
    """
    return [
        (path.parent.name, read_clip(path, rate_hz=encoder.rate_hz, end_s=encoder.window_s).samples)
        for path in sorted(demo_folder().rglob("*.flac"))
    ]


def _installed(encoder_id: str) -> Weights:
    weights = installed_weights().get(encoder_id)
    if weights is None:
        raise EncoderError(_how_to_have(model_state(encoder_id).card))
    return weights


def export_command(card: Card) -> str:
    """Return what turns a checkpoint into weights that can be imported."""
    name = card.source.file or "DIRECTORY"
    tokenizer = " --tokenizer tokenizer.json" if card.source.file else ""  # a .pt has none
    return f"sh models/export/export.sh {name} OUT --card {card.id}{tokenizer}"


def _how_to_have(card: Card) -> str:
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


def _are_whole(weights: Weights, roles: list[Role]) -> bool:
    try:
        for role in roles:
            checked_file(weights, role)
    except EncoderError:
        return False
    return True


@contextmanager
def _alone() -> Iterator[None]:
    """Let nobody else change the weights meanwhile."""
    folder = weights_path()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = LibraryLock(folder, "models")
    except OSError as error:
        raise cannot("write", folder, error) from error
    except CatalogueError as error:
        raise EncoderError(
            f"The models at {folder} cannot be changed just now: another Bowerbird does, or nobody may write there. "
            "Wait until it is done, or check the folder's permissions."
        ) from error
    try:
        yield
    finally:
        lock.release()


def _complaint(folder: Path) -> str:
    try:
        card = weights_in(folder).card
    except EncoderError as error:
        return str(error)
    return f"The card in {folder} is of `{card.id}`. Remove the folder, or import it again from where it came from."


def _n_bytes(folder: Path) -> int:
    n_bytes = 0
    with suppress(OSError):  # what comes just now is renamed under one's hands
        for path in folder.iterdir():
            n_bytes += path.stat().st_size
    return n_bytes
