"""Encoders that come as weights: having them here, proving them, being rid of them. `model_list` has how they stand."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from bowerbird.audio.decode import read_clip
from bowerbird.base.errors import CatalogueError, EncoderError
from bowerbird.base.paths import weights_path
from bowerbird.catalogue.stores import process_lock
from bowerbird.domain.sounds import Samples
from bowerbird.encoders.protocol import Encoder
from bowerbird.encoders.weights.cards import INT8_ENDING, Role, is_id_of, shipped_cards
from bowerbird.encoders.weights.fetching import fetch_weights
from bowerbird.encoders.weights.importing import card_in, import_weights
from bowerbird.encoders.weights.self_check import TEXTS, Proof, compare_int8, prove, write_proof
from bowerbird.encoders.weights.store import (
    Weights,
    cannot,
    checked_file,
    has_file,
    installed_weights,
    needed_roles,
)
from bowerbird.jobs.control import Control
from bowerbird.library.demo import demo_folder
from bowerbird.library.encoders.choice import forget_vectors
from bowerbird.library.encoders.model_states import (
    INT8_ROLES,
    ModelState,
    bytes_in,
    folders_of,
    how_to_have,
    model_state,
)
from bowerbird.library.encoders.recall import Recall, measure_recall, require_int8, write_recall
from bowerbird.library.library import Library

if TYPE_CHECKING:
    from bowerbird.encoders.onnx.encoder import OnnxEncoder

N_INT8_SOUNDS: Final = 8
"""Demo sounds on which 8-bit weights are compared with those in full precision."""


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


def fetch_model(
    encoder_id: str, *, control: Control, post: Post, with_int8: bool = False, endpoint: str | None = None
) -> ModelState:
    """Fetch an encoder's weights and check them; nothing is fetched that is here, whole and not refused.

    What takes the place of others comes as the program's own card says, whatever was recorded of the others.

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
    state = model_state(encoder_id)
    card = shipped_cards().get(encoder_id, state.card)
    if card.source.kind != "hub":
        raise EncoderError(how_to_have(card))
    weights = installed_weights().get(encoder_id)
    needed, extra = needed_roles(card), [role for role in INT8_ROLES if role in card.files]
    if not with_int8 and not (weights and has_file(weights, INT8_ROLES[0])):
        extra = []
    is_kept = weights is not None and state.state != "refused" and _are_whole(weights, needed)
    if weights is None or not is_kept or not _are_whole(weights, extra):
        if weights is not None and is_kept and weights.card.files.keys() >= set(extra):
            card = weights.card  # what is added must be of the commit of what is here
        with _alone():
            weights = fetch_weights(
                card,
                [*needed, *extra],
                endpoint=endpoint,
                is_cancelled=lambda: control.is_cancelled,
                progress=lambda n_done, n_total: post(ModelProgress(encoder_id, "Fetching", n_done, n_total)),
            )
    elif state.state == "ready":
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
    from bowerbird.encoders.onnx.encoder import OnnxEncoder  # noqa: PLC0415 - the front ends take a while to load

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
        sounds = demo_windows(encoder)
        proof = prove(encoder, weights.card, sounds, progress=go_on)
        if proof is not None and proof.is_good and any(has_file(weights, role) for role in ("audio_int8", "text_int8")):
            post(ModelProgress(encoder_id, "Comparing the 8-bit weights"))
            proof = _with_int8(proof, weights, encoder, [window for _, window in sounds])
    except EncoderError as error:
        proof = Proof(0.0, sentence=str(error))
    if proof is not None:
        write_proof(weights, proof)
    return model_state(encoder_id)


def remove_model(encoder_id: str) -> int:
    """Delete an encoder's weights, also what a broken fetch or exchange left; return how many bytes that were.

    Raises
    ------
    EncoderError
        When there are none, or the disk refuses.
    """
    if "." in encoder_id or "/" in encoder_id or "\\" in encoder_id:
        raise EncoderError(f"There is no `{encoder_id}` among the models. Run `bowerbird models list` to see them.")
    folders = folders_of(encoder_id) if encoder_id else []
    if not folders:
        raise EncoderError(f"The weights of `{encoder_id}` are not here. Run `bowerbird models list` to see what is.")
    n_bytes = 0
    with _alone():
        for folder in folders:
            n_bytes += bytes_in(folder)
            try:
                shutil.rmtree(folder)
            except OSError as error:
                raise cannot("remove", folder, error) from error
    return n_bytes


def forget_model(library: Library, encoder_id: str) -> dict[str, int]:
    """Delete what an encoder made of a library's sounds, with all weights it ever had, here or not any more.

    Returns
    -------
    dict of str to int
        How many vectors there were, by the full id that made them.

    Raises
    ------
    CatalogueError
        When the library is being indexed.
    """
    try:
        with library.read() as reader:
            full_ids = [full_id for full_id in reader.encoder_ids() if is_id_of(full_id, encoder_id)]
    except CatalogueError:  # there is no library, so there are none
        return {}
    forgotten = {}
    for full_id in full_ids:
        forgotten[full_id] = forget_vectors(library, full_id)
        for path in library.index_folder.glob(f"{full_id.replace('@', '_')}-*"):  # as `index.store` names them
            with suppress(OSError):  # it is open: a stamp that does not fit is never believed
                path.unlink()
    return forgotten


def check_int8(library: Library, encoder_id: str, *, control: Control, post: Post) -> Recall | None:
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
    from bowerbird.encoders.onnx.encoder import OnnxEncoder  # noqa: PLC0415

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


def _with_int8(proof: Proof, weights: Weights, full: "OnnxEncoder", windows: Sequence[Samples]) -> Proof:
    """Compare the 8-bit weights that are here with those in full precision."""
    from bowerbird.encoders.onnx.encoder import OnnxEncoder  # noqa: PLC0415
    from bowerbird.encoders.onnx.text import OnnxTextEncoder  # noqa: PLC0415

    sounds = texts = None
    if has_file(weights, "audio_int8"):
        some = windows[:: max(1, len(windows) // N_INT8_SOUNDS)]
        sounds = full.encode(some), OnnxEncoder(weights, is_int8=True).encode(some)
    if full.text is not None and has_file(weights, "text") and has_file(weights, "text_int8"):
        small = OnnxTextEncoder(weights, n_dims=full.n_dims, is_int8=True)
        texts = full.text.encode(list(TEXTS)), small.encode(list(TEXTS))
    return compare_int8(proof, weights.card, sounds, texts)


def _installed(encoder_id: str) -> Weights:
    weights = installed_weights().get(encoder_id)
    if weights is None:
        state = model_state(encoder_id)
        raise EncoderError(state.sentence or how_to_have(state.card))
    return weights


def _are_whole(weights: Weights, roles: Sequence[Role]) -> bool:
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
    except OSError as error:
        raise cannot("write", folder, error) from error
    try:
        with process_lock(folder, "models"):
            yield
    except CatalogueError as error:
        raise EncoderError(
            f"The models at {folder} cannot be changed just now: another Bowerbird does, or nobody may write there. "
            "Wait until it is done, or check the folder's permissions."
        ) from error
