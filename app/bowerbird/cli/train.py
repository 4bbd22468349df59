"""`bowerbird train` and `bowerbird words`."""

import dataclasses
import json
import os
import time
from pathlib import Path
from typing import Annotated

import typer

from bowerbird.base.errors import QueryError
from bowerbird.base.paths import library_path
from bowerbird.base.text import printable, progress_text
from bowerbird.catalogue.sqlite.reader import CatalogueReader
from bowerbird.cli.options import EXIT_DONE, AsJson, Library, encoder_to_search
from bowerbird.cli.progress import live_line
from bowerbird.encoders.ear.encoder import EarEncoder
from bowerbird.encoders.protocol import Namer
from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.library.annotations.words import SuggestedWord, deny_word, give_words, plain_word, suggested_words
from bowerbird.library.encoders.tuning import tune


def train(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the tuned ear shall be called.")] = "mine",
    *,
    library: Library = None,
    as_json: AsJson = False,
) -> int:
    """Tune the ear to the names of your own sounds, as a new encoder beside the shipped one.

    Words in names of sounds and folders that several sounds share teach it what they mean to you. It is kept only if
    words then find more, among sounds that it was not shown. The shipped ear stays as it is.
    """
    ear = encoder_named(DEFAULT_ENCODER)
    assert isinstance(ear, EarEncoder)
    began = time.monotonic()
    with live_line() as show:
        show("Reading what the ear heard")

        def progress(n_done: int, n_total: int) -> None:
            left_s = (time.monotonic() - began) / n_done * (n_total - n_done) if n_done else None
            show(f"Measuring on sounds that are held back · {progress_text(n_done, n_total, 0, left_s)}")

        tuned = tune(library_path(library), ear, name, progress=progress)
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
        f"{tuned.name} learned {tuned.n_words:,} words from {tuned.n_sounds:,} sounds. On sounds that were held "
        f"back, words find those called so with a mean average precision of {tuned.after:.3f}; before, "
        f"{tuned.before:.3f}.\n"
        f"Use it with `bowerbird index --encoder {tuned.name}`."
    )
    return EXIT_DONE


def words(
    sounds: Annotated[list[Path], typer.Argument(metavar="SOUND...", help="Sounds of the library.")],
    *,
    add: Annotated[str | None, typer.Option(metavar="WORD", help="What they are called: searches find it.")] = None,
    deny: Annotated[str | None, typer.Option(metavar="WORD", help="What they are not: never suggested again.")] = None,
    library: Library = None,
    as_json: AsJson = False,
) -> int:
    """Say what sounds may be called, by what the ear hears, or correct it.

    The ear is the one that the library is searched by, or the built-in one where that names no sounds.
    """
    place = library_path(library)
    right, wrong = (plain_word(word) if word is not None else None for word in (add, deny))
    if right is not None and right == wrong:
        raise QueryError(f"{right} cannot be both right and wrong. Give it to --add or to --deny.")
    ids = _contents(place, sounds)
    for said, keep in ((right, give_words), (wrong, deny_word)):
        if said is not None:
            keep(place, list(ids.values()), said)
    encoder = encoder_to_search(None, place)
    if not isinstance(encoder, Namer):
        encoder = encoder_named(DEFAULT_ENCODER)
    with CatalogueReader(place) as reader:
        for sound, content_id in ids.items():
            found = suggested_words(reader, encoder, content_id)
            if as_json:
                typer.echo(json.dumps({"path": str(sound), "words": [dataclasses.asdict(one) for one in found]}))
            else:
                typer.echo(f"{printable(str(sound))}\t{', '.join(_said(one) for one in found)}")
    return EXIT_DONE


def _contents(library: Path, sounds: list[Path]) -> dict[Path, int]:
    """Content ids by absolute path."""
    ids = {}
    with CatalogueReader(library) as reader:
        for sound in sounds:
            if os.path.isdir(sound):  # noqa: PTH112 - unlike Path's, it never raises
                raise QueryError(f"{sound} is a folder, and words are said of sounds. Name the sounds in it.")
            path = sound.absolute()
            row = reader.sound_at(path)
            if row is None or row.content_id is None:
                raise QueryError(f"{sound} is not in the library, or not analysed yet. Index its folder.")
            ids[path] = row.content_id
    return ids


def _said(one: SuggestedWord) -> str:
    return one.word if one.is_given else f"{one.word} {100 * one.confidence:.0f} %"
