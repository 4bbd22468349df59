"""`bowerbird models`: the encoders that come as weights."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bowerbird.base.errors import EncoderError
from bowerbird.base.text import bytes_text
from bowerbird.cli.index import interrupts
from bowerbird.cli.options import EXIT_DONE, EXIT_INTERRUPTED, JsonOption, LibraryOption, open_library, warn
from bowerbird.cli.progress import live_line
from bowerbird.encoders.registry import ACOUSTIC_ENCODER, DEFAULT_ENCODER, trained_ears
from bowerbird.encoders.weights.cards import INT8_ENDING
from bowerbird.jobs.control import Control
from bowerbird.library.encoders.choice import is_of_model, let_go, searched_encoder
from bowerbird.library.encoders.model_states import ModelState, folders_of, list_models, model_state
from bowerbird.library.encoders.models import (
    ModelProgress,
    Post,
    check_int8,
    fetch_model,
    forget_model,
    import_models,
    remove_model,
    verify_model,
)
from bowerbird.library.encoders.recall import MIN_RECALL
from bowerbird.library.encoders.tuning import remove_ear

app = typer.Typer(
    help="Have, check and remove the encoders that come as weights. Nothing is fetched unless it is asked for here.",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A model, as `bowerbird models list` calls it.")]

_STATES = {
    "absent": "not here",
    "partial": "partly fetched",
    "unproven": "here, not checked yet",
    "refused": "here, not used",
    "ready": "ready",
}


@app.command("list")
def list_(*, library: LibraryOption = None, as_json: JsonOption = False) -> int:
    """List every model: whether it is here, and what having it costs."""
    choice = searched_encoder(open_library(library))
    warn(choice.complaint)
    used = choice.encoder.name
    if as_json:
        for name in (DEFAULT_ENCODER, ACOUSTIC_ENCODER, *trained_ears()):
            word = "trained here" if name in trained_ears() else "built in"
            typer.echo(json.dumps({"name": name, "state": word, "is_used": used == name}))
        for state in list_models():
            typer.echo(json.dumps(_row(state, used)))
        return EXIT_DONE
    console = Console(highlight=False)
    table = Table(box=None, header_style="dim", pad_edge=False)
    table.add_column("name", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("what it is for", style="dim", overflow="fold")
    for name, about in (
        (DEFAULT_ENCODER, "Hears what words mean, and timbre, pitch, envelope and the rest."),
        (ACOUSTIC_ENCODER, "Timbre, brightness, pitch, envelope, loudness, length alone."),
        *((name, "The ear, tuned to your own sounds.") for name in trained_ears()),
    ):
        state_word = "trained here" if name in trained_ears() else "built in"
        table.add_row(name, state_word + (", used" if used == name else ""), "", about)
    for state in list_models():
        is_used = is_of_model(used, state.card.id)
        word = _STATES[state.state] + (", used" if is_used else "")
        size = bytes_text(state.n_disk_bytes or state.n_download_bytes)
        table.add_row(state.card.id, word, size, f"{state.card.about} {state.card.licence}.")
    console.print(table)
    for state in list_models():
        if state.sentence:
            console.print(f"{state.card.id}: {state.sentence}", markup=False, style="yellow")
    return EXIT_DONE


@app.command("fetch")
def fetch(
    name: Name,
    *,
    int8: Annotated[
        bool, typer.Option("--int8", help="Fetch the faster 8-bit weights too; `verify --int8` says if they serve.")
    ] = False,
    endpoint: Annotated[
        str | None, typer.Option(metavar="URL", help="Address of the hub, for a mirror.", show_default=False)
    ] = None,
) -> int:
    """Fetch a model's weights and check them. A fetch that broke off goes on where it was."""
    with _progress() as (control, post):
        state = fetch_model(name, control=control, post=post, with_int8=int8, endpoint=endpoint)
    return _finish(state, control, "Run the same again to go on; what came is kept.")


@app.command("import")
def import_(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A folder with weights: exported, or copied from another machine.")
    ],
) -> int:
    """Take weights from a folder, for machines without a network, and check them."""
    with _progress() as (control, post):
        state = import_models(folder, control=control, post=post)
    if state is None:
        typer.echo("Stopped. Nothing was imported.", err=True)
        return EXIT_INTERRUPTED
    return _finish(state, control, f"Run `bowerbird models verify {state.card.id}` to check it.")


@app.command("verify")
def verify(
    name: Name,
    *,
    int8: Annotated[
        bool,
        typer.Option("--int8", help="Compare the 8-bit weights with the full ones on 200 of the library's sounds."),
    ] = False,
    library: LibraryOption = None,
) -> int:
    """Read every byte of a model's weights and check what it hears; it is used only if it passes."""
    with _progress() as (control, post):
        state = verify_model(name, control=control, post=post)
        if int8 and state.state == "ready":
            check_int8(open_library(library), name, control=control, post=post)
    return _finish(model_state(name), control, "Nothing was changed.")


@app.command("remove")
def remove(
    name: Name,
    *,
    vectors: Annotated[
        bool,
        typer.Option("--vectors", help="Delete what it made of the library's sounds, too, also after the weights."),
    ] = False,
    library: LibraryOption = None,
) -> int:
    """Delete a model's weights. The vectors it made stay, unless told otherwise, for when it comes back."""
    place = open_library(library)
    forgotten = forget_model(place, name) if vectors else {}  # first: while the library is indexed, nothing is lost
    for encoder_id, n in forgotten.items():
        typer.echo(f"{n:,} vectors of {encoder_id} deleted")
    if name in trained_ears():
        typer.echo(f"{name} removed, {bytes_text(remove_ear(name))} freed")
    elif folders_of(name) or not forgotten:
        n_bytes = remove_model(name)
        typer.echo(f"{name} removed, {bytes_text(n_bytes)} freed")
    if let_go(place, name):
        typer.echo("The library used it; the built-in encoder serves from now on.")
    return EXIT_DONE


def _row(state: ModelState, used: str) -> dict[str, object]:
    return {
        "name": state.card.id,
        "title": state.card.title,
        "licence": state.card.licence,
        "source": state.card.source.kind,
        "state": state.state,
        "sentence": state.sentence,
        "n_download_bytes": state.n_download_bytes,
        "n_disk_bytes": state.n_disk_bytes,
        "is_used": is_of_model(used, state.card.id),
        "has_int8": state.has_int8,
        "int8_recall": None if state.recall is None else round(state.recall.value, 4),
    }


def _finish(state: ModelState, control: Control, when_stopped: str) -> int:
    if control.is_cancelled:
        typer.echo(f"Stopped. {when_stopped}", err=True)
        return EXIT_INTERRUPTED
    name = state.card.id
    if state.state != "ready":
        raise EncoderError(
            state.sentence or f"`{name}` is {_STATES[state.state]}. Run `bowerbird models verify {name}`."
        )
    typer.echo(f"{name} is here and passed its check. {_figures(state)}".rstrip())
    typer.echo(f"Use it with `bowerbird index --encoder {name}`.")
    if state.proof is not None and state.proof.int8_sentence:
        warn(state.proof.int8_sentence)
    elif state.recall is not None:
        same = f"{state.recall.text} of the nearest ten are the same on {state.recall.n_sounds} of your sounds"
        if state.is_int8_offered:
            typer.echo(f"8-bit weights: {same}. Use them with `bowerbird index --encoder {name}{INT8_ENDING}`.")
        else:
            typer.echo(f"8-bit weights: {same}, fewer than {MIN_RECALL:.2f}. They are not used.")
    elif state.has_int8:
        typer.echo(f"8-bit weights are here. Run `bowerbird models verify {name} --int8` to see if they serve you.")
    return EXIT_DONE


def _figures(state: ModelState) -> str:
    if not state.card.is_trained:
        return "Its weights are random: what it finds means nothing."
    proof = state.proof
    if proof is None or proof.text_cosine is None or proof.ranking is None:
        return ""
    return (
        f"Unrelated texts have cosines of {proof.text_cosine:.2f} at most; "
        f"texts find their demo sounds in {proof.ranking:.0%} of comparisons."
    )


@contextmanager
def _progress() -> Iterator[tuple[Control, Post]]:
    """Show how work goes on a line that stays in place, and let Ctrl+C cancel it."""
    control = Control()
    with interrupts(control), live_line() as show:

        def post(event: ModelProgress) -> None:
            amount = ""
            if event.n_total_bytes:
                amount = f" · {bytes_text(event.n_done_bytes) or '0 MB'} of {bytes_text(event.n_total_bytes)}"
            show(f"{event.id} · {event.text}{amount}")

        yield control, post
