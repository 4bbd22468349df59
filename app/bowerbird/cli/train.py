"""`bowerbird train` and `bowerbird words`."""

import dataclasses
import json
import os
import time
from pathlib import Path
from typing import Annotated

import typer

from bowerbird.base.errors import QueryError
from bowerbird.base.text import printable, progress_text
from bowerbird.cli.options import EXIT_DONE, JsonOption, LibraryOption, encoder_to_search, open_library
from bowerbird.cli.progress import live_line
from bowerbird.encoders.ear.encoder import EarEncoder
from bowerbird.encoders.protocol import Namer
from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.jobs.progress import Progress
from bowerbird.library.annotations.words import SuggestedWord, deny_word, give_words, plain_word, suggested_words
from bowerbird.library.encoders.tuning import tune
from bowerbird.library.library import Library


def train(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the new encoder.")] = "mine",
    *,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> int:
    """Tune the built-in encoder to the names of your sounds, as a new encoder.

    It learns words that occur in the names of several of your sounds and folders. The result is stored only if search
    by words improves on held-out sounds. The built-in encoder does not change.
    """
    ear = encoder_named(DEFAULT_ENCODER)
    assert isinstance(ear, EarEncoder)
    began = time.monotonic()
    with live_line() as show:
        show("Reading embeddings")

        def report(progress: Progress) -> None:
            n_done, n_total = progress.n_done, progress.n_total
            left_s = (time.monotonic() - began) / n_done * (n_total - n_done) if n_done else None
            show(f"{progress.activity} · {progress_text(n_done, n_total, 0, left_s)}")

        tuned = tune(open_library(library), ear, name, report=report)
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "name": tuned.name,
                    "n_sounds": tuned.n_sounds,
                    "n_words": tuned.n_words,
                    "map_before": round(tuned.before, 4),
                    "map_after": round(tuned.after, 4),
                }
            )
        )
        return EXIT_DONE
    typer.echo(
        f"{tuned.name} learned {tuned.n_words:,} words from {tuned.n_sounds:,} sounds. On held-out sounds, mean "
        f"average precision rose from {tuned.before:.3f} to {tuned.after:.3f}.\n"
        f"To use it, run `bowerbird index --encoder {tuned.name}`."
    )
    return EXIT_DONE


def words(
    sounds: Annotated[list[Path], typer.Argument(metavar="SOUND...", help="Sounds of the library.")],
    *,
    add: Annotated[str | None, typer.Option(metavar="WORD", help="Add a word; search finds it.")] = None,
    deny: Annotated[str | None, typer.Option(metavar="WORD", help="Reject a word; it is not suggested again.")] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> int:
    """Suggest words for sounds, or add and reject words.

    The suggestions come from the encoder that search uses, or from the built-in encoder if that suggests no words.
    """
    folder = open_library(library)
    added, denied = (plain_word(word) if word is not None else None for word in (add, deny))
    if added is not None and added == denied:
        raise QueryError(f"“{added}” cannot be both added and rejected. Use either --add or --deny.")
    ids = _contents(folder, sounds)
    for word, store in ((added, give_words), (denied, deny_word)):
        if word is not None:
            store(folder, list(ids.values()), word)
    encoder = encoder_to_search(None, folder)
    if not isinstance(encoder, Namer):
        encoder = encoder_named(DEFAULT_ENCODER)
    with folder.read() as reader:
        for sound, content_id in ids.items():
            found = suggested_words(reader, encoder, content_id)
            if as_json:
                rows = [dataclasses.asdict(suggestion) for suggestion in found]
                typer.echo(json.dumps({"path": str(sound), "words": rows}))
            else:
                typer.echo(f"{printable(str(sound))}\t{', '.join(_text(suggestion) for suggestion in found)}")
    return EXIT_DONE


def _contents(library: Library, sounds: list[Path]) -> dict[Path, int]:
    """Return content ids by absolute path."""
    ids = {}
    with library.read() as reader:
        for sound in sounds:
            if os.path.isdir(sound):  # noqa: PTH112 - unlike Path.is_dir, it never raises
                raise QueryError(f"{sound} is a folder. Name the sounds in it.")
            path = sound.absolute()
            row = reader.sound_at(path)
            if row is None or row.content_id is None:
                raise QueryError(f"{sound} is not in the library, or not analysed yet. Index its folder.")
            ids[path] = row.content_id
    return ids


def _text(suggestion: SuggestedWord) -> str:
    return suggestion.word if suggestion.is_given else f"{suggestion.word} {100 * suggestion.confidence:.0f} %"
