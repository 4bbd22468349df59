"""`bowerbird search`."""

import json
import os
import re
import shlex
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text
from typer.core import TyperCommand

from bowerbird.base.errors import EncoderError, QueryError
from bowerbird.base.text import count_text, duration_text, printable
from bowerbird.catalogue.records import SoundRow
from bowerbird.cli.options import (
    EncoderOption,
    JsonOption,
    LibraryOption,
    encoder_to_search,
    open_library,
    warn,
)
from bowerbird.domain.fields import filter_examples
from bowerbird.domain.matches import Match
from bowerbird.domain.names import search_text
from bowerbird.domain.query import (
    Example,
    Query,
    looks_like_filter,
    parse_aspect,
    parse_example,
    parse_filter,
    parse_query,
)
from bowerbird.encoders.ear.thesaurus import own_thesaurus_fault
from bowerbird.encoders.registry import encoder_named
from bowerbird.library.library import Library
from bowerbird.library.search.folding import Folded, Folding, ListFolder, different_matches, ids_of
from bowerbird.library.search.search import DEFAULT_LIMIT, Search

_N_SURVEYED = 2000
_MINUS_WORD = re.compile(r'-(?:[^\W_]|"|$)')


class SearchCommand(TyperCommand):
    """Accepts ``-voice`` and ``-6`` among the words, which other commands would read as options."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Move all words behind the options, in their order, so that those with a minus are not read as options."""
        if "--" in args:
            return super().parse_args(ctx, args)
        options = {name for option in self.params for name in (*option.opts, *option.secondary_opts)}
        takes_value = {name for option in self.params if not getattr(option, "is_flag", True) for name in option.opts}
        words = [
            index
            for index, word in enumerate(args)
            if (not word.startswith("-") or _MINUS_WORD.match(word))
            and word not in options
            and not (index and args[index - 1] in takes_value)
        ]
        kept = [word for index, word in enumerate(args) if index not in words]
        return super().parse_args(ctx, [*kept, "--", *(args[index] for index in words)])


def search(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[WORDS]...",
            help="Words to find in names, folders and metadata, and by meaning if the encoder understands text. "
            "A minus before a letter excludes a word: -voice. Words in quotes stand beside each other: "
            "'\"door bell\"'. You can add filters.",
        ),
    ] = None,
    *,
    like: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE[@START-END]",
            help="Find sounds similar to this sound, or to a region of it in seconds; repeatable.",
        ),
    ] = None,
    unlike: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE[@START-END]", help="Find sounds that differ from this sound; repeatable."),
    ] = None,
    filters: Annotated[
        list[str] | None,
        typer.Option(
            "--filter", metavar="EXPR", help=f"{filter_examples()}; repeatable; sounds must match all of them."
        ),
    ] = None,
    aspect: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=WEIGHT",
            help="How much an aspect counts in the similarity to examples: timbre=2, loudness=0; repeatable.",
        ),
    ] = None,
    other_speeds: Annotated[
        bool,
        typer.Option(
            "--other-speeds",
            help="Try examples at half and double speed as well; matches say at which speed.",
        ),
    ] = False,
    encoder: EncoderOption = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Number of matches to show.")] = DEFAULT_LIMIT,
    all_copies: Annotated[
        bool, typer.Option("--all-copies", help="List every copy of a sound, not just the best.")
    ] = False,
    one_per_folder: Annotated[
        bool, typer.Option("--one-per-folder", help="List only the best match of each folder.")
    ] = False,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> int:
    """Find sounds by words, by examples, or by both together.

    Sounds with every word come first, then those with some of them. Words are found in other forms and spellings, and
    inside longer words: wooden, wood; hihat, Hi-Hat; clap, Handclap. The name of a file finds that file first.

    If the encoder understands the words, their meaning and the examples count together. Otherwise the examples are
    compared with the sounds that have the words in their names. Of the results that are called close, 7 of 10 or more
    are right; of those called related 3 of 10, stretch 1 of 10. An encoder without such figures shows the share of the
    library that is as similar: top 1 %.
    """
    query = parse_query(" ".join(words or []))
    for term in query.terms:
        if looks_like_filter(term.text):
            parse_filter(term.text)  # not a valid filter: this says why
    query = replace(query, filters=(*query.filters, *(parse_filter(expression) for expression in filters or [])))
    query = replace(query, aspects=tuple(parse_aspect(text) for text in aspect or []))
    parse = partial(parse_example, exists=os.path.exists)  # Path.exists raises for names that are too long
    examples = [parse(example) for example in like or []]
    examples += [replace(parse(example), is_unlike=True) for example in unlike or []]
    if query.aspects and not examples:
        raise QueryError("Weights of aspects need an example. Name a sound with --like FILE.")
    if other_speeds and not examples:
        raise QueryError("Other speeds need an example. Name a sound with --like FILE.")
    query = replace(query, has_other_speeds=other_speeds)
    if query.is_everything and not examples:
        raise QueryError("There is nothing to search for. Give words, or a sound with --like FILE.")
    if query.terms:
        warn(own_thesaurus_fault())
    opened = open_library(library)
    search = Search(opened, encoder_to_search(encoder, opened))
    folding = Folding(has_folded_copies=not all_copies, is_one_per_folder=one_per_folder)
    try:
        find = search.finder(examples, query) if examples else partial(_find_by_text, search, query)
        matches, folded = different_matches(find, ListFolder(search.reader), folding, limit=limit)
        reading = search if examples else search.for_words()
        for guess in reading.words_of(query).guesses:
            warn(f"“{guess.typed}” is not a known word; searching for “{guess.used}”.")
        rows = search.reader.rows([match.sound_id for match in matches])
        if not matches and search.encoder.id not in search.reader.encoder_ids() and search.reader.count():
            name = search.encoder.name
            raise EncoderError(f"“{name}” has not embedded these sounds. Run `bowerbird index --encoder {name}`.")
    finally:
        search.close()
    if as_json:
        _print_json(matches, rows, folded)
    else:
        _print_table(matches, rows, folded, searched=str(query) or ", ".join([*(like or []), *(unlike or [])]))
    return 0


def _find_by_text(search: Search, query: Query, limit: int) -> list[Match]:
    try:
        return search.by_text(query, limit=limit)
    except EncoderError as error:  # names can be searched all the same
        warn(f"{error} These are the sounds with the words in their names.")
        return search.by_words(query, limit=limit)


def show_searches(library: Library, encoder_name: str) -> None:
    """Show two searches of a library: for the word that most names share, then for a sound that has it."""
    search = Search(library, encoder_named(encoder_name))
    try:
        listed = search.reader.rows(search.reader.list_ids(Query())[:_N_SURVEYED].tolist()).values()
        names = Counter(word for row in listed for word in set(search_text(row.path.stem).lower().split()))
        usable = [(n, word) for word, n in names.items() if word.isalpha() and len(word) > 2]
        chosen = next(iter(listed), None)
        if usable:
            word = max(usable, key=lambda counted: (counted[0], counted[1]))[1]
            typer.echo(f"\n$ bowerbird search {word} --limit 5")
            query = parse_query(word)
            folded = _show(search, lambda n: search.by_words(query, limit=n), limit=5, searched=word)
            if len(folded.ids):
                best = int(folded.ids[0])
                chosen = search.reader.rows([best])[best]
        if chosen is not None:
            typer.echo(f"\n$ bowerbird search --like {shlex.quote(printable(str(chosen.path)))} --limit 8")
            target = search.target([Example(chosen.path)])
            _show(search, lambda n: search.by_example(target, limit=n), limit=8, searched=chosen.name)
    finally:
        search.close()


def _show(search: Search, find: Callable[[int], Sequence[Match]], *, limit: int, searched: str) -> Folded:
    matches, folded = different_matches(find, ListFolder(search.reader), Folding(), limit=limit)
    _print_table(matches, search.reader.rows([match.sound_id for match in matches]), folded, searched=searched)
    return folded


def _print_json(matches: list[Match], rows: dict[int, SoundRow], folded: Folded) -> None:
    for rank, match in enumerate(_listed(matches, folded), start=1):
        typer.echo(
            json.dumps(
                {
                    "rank": rank,
                    "path": str(rows[match.sound_id].path),
                    "start_s": round(match.start_s, 3),
                    "end_s": round(match.end_s, 3),
                    "moments": [[round(each.start_s, 3), round(each.end_s, 3)] for each in match.moments],
                    "score": round(match.score, 5),
                    "band": match.band,
                    "probability": None if match.probability is None else round(match.probability, 3),
                    "percentile": None if match.percentile is None else round(match.percentile, 2),
                    "why": match.why,
                    "speed": match.speed,
                    "sound_id": match.sound_id,
                    "copies": [str(rows[each].path) for each in folded.copies.get(match.sound_id, ids_of()).tolist()],
                    "n_others_in_folder": len(folded.others.get(match.sound_id, ())),
                }
            )
        )


def _listed(matches: list[Match], folded: Folded) -> list[Match]:
    """Return the matches that are listed, in the order of the list."""
    by_id = {match.sound_id: match for match in matches}
    return [by_id[sound_id] for sound_id in folded.ids.tolist()]


def _print_table(matches: list[Match], rows: dict[int, SoundRow], folded: Folded, *, searched: str) -> None:
    console = Console(highlight=False)
    matches = _listed(matches, folded)
    if not matches:
        console.print(f"No match for {searched}. Try fewer words or filters.", markup=False)
        return
    if not console.is_terminal:
        for rank, match in enumerate(matches, start=1):
            row = rows[match.sound_id]
            why = ", ".join([match.why, *_folded_texts(match, folded)])
            typer.echo(f"{rank}\t{_how_good(match)}\t{_with_region(row.path, row, match)}\t{why}")
        return
    table = Table(box=None, header_style="dim", pad_edge=False)
    table.add_column("", justify="right", style="dim")
    table.add_column("match")
    table.add_column("name", overflow="fold")
    table.add_column("folder", style="dim", overflow="fold")
    table.add_column("length", justify="right")
    table.add_column("why", style="dim")
    is_below = False
    for rank, match in enumerate(matches, start=1):
        row = rows[match.sound_id]
        name = printable(_with_region(Path(row.name), row, match))
        folder = printable(row.directory)
        if match.band == "weak" and not is_below:
            is_below = True
            table.add_row("", "", Text("Nothing closer. These are the least unlike.", "dim"))
        length = duration_text(row.duration_s)
        below = Text("".join(f"  {text}" for text in _folded_texts(match, folded)), "dim")
        table.add_row(str(rank), _how_good(match), Text(name) + below, Text(folder), length, match.why)
    console.print(table)


def _folded_texts(match: Match, folded: Folded) -> list[str]:
    """Return what is folded below a match, such as "+11 copies"."""
    n_copies = len(folded.copies.get(match.sound_id, ()))
    n_others = len(folded.others.get(match.sound_id, ()))
    return [
        *([f"+{count_text(n_copies, 'copy', 'copies')}"] if n_copies else []),
        *([f"+{n_others:,} in folder"] if n_others else []),
    ]


def _how_good(match: Match) -> str:
    """Return the band of a match, its rank where only that is known, or "by name"; nothing in lists by filters."""
    if match.band is not None:
        return match.band
    if match.is_named:
        return "by name"
    return "" if match.top_percent is None else f"top {match.top_percent:.1f} %"


def _with_region(path: Path, row: SoundRow, match: Match) -> str:
    """Return a path, with the region where only a part of the sound matches."""
    return f"{path}@{match.start_s:g}-{match.end_s:g}" if match.is_part_of(row.duration_s) else str(path)
