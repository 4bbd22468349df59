"""`bowerbird search`."""

import json
import shlex
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text
from typer.core import TyperCommand

from bowerbird.base.errors import EncoderError, QueryError
from bowerbird.base.paths import library_path
from bowerbird.base.text import duration_text, printable
from bowerbird.catalogue.records import SoundRow
from bowerbird.cli.options import AsJson, EncoderName, Library, encoder_to_search, warn
from bowerbird.domain.matches import Match
from bowerbird.domain.names import is_unwanted, search_text
from bowerbird.domain.query import Example, Filter, Query, looks_like_filter, parse_example, parse_filter, parse_text
from bowerbird.encoders.ear.thesaurus import own_thesaurus_fault
from bowerbird.encoders.registry import encoder_named
from bowerbird.library.search.search import DEFAULT_LIMIT, Search, without_wanted

_N_SURVEYED = 2000


class SearchCommand(TyperCommand):
    """Lets ``-voice`` stand among the words, where another command would look for options v, o, i, c and e."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put words with a minus behind everything else, where they cannot be taken for options."""
        if "--" in args:
            return super().parse_args(ctx, args)
        options = {name for option in self.params for name in (*option.opts, *option.secondary_opts)}
        takes_value = {name for option in self.params if not getattr(option, "is_flag", True) for name in option.opts}
        unwanted = [
            place
            for place, word in enumerate(args)
            if is_unwanted(word) and word not in options and not (place and args[place - 1] in takes_value)
        ]
        kept = [word for place, word in enumerate(args) if place not in unwanted]
        return super().parse_args(ctx, [*kept, "--", *(args[place] for place in unwanted)])


def search(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[WORDS]...",
            help="Words to find in names, folders and metadata, and by their meaning where the encoder knows it; "
            "with a minus, words that are not wanted. Filters may stand among them.",
        ),
    ] = None,
    *,
    like: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE[@START-END]",
            help="A sound, or seconds of one, to find similar ones to; repeatable.",
        ),
    ] = None,
    unlike: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE[@START-END]",
            help="A sound that matches shall not be like; repeatable.",
        ),
    ] = None,
    filters: Annotated[
        list[str] | None,
        typer.Option(
            "--filter",
            metavar="EXPR",
            help="duration<2, channels=stereo, rate>=48k, format=wav, folder=Drums; repeatable, all must hold.",
        ),
    ] = None,
    encoder: EncoderName = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many matches to show.")] = DEFAULT_LIMIT,
    library: Library = None,
    as_json: AsJson = False,
) -> int:
    """Find sounds by words, by examples, or by both together.

    Where the encoder knows what words mean, they count beside the examples; where not, only sounds named by them
    are compared. A percentage says how much of the library is less close; what fits by name and by meaning comes first.
    """
    text, typed = parse_text(" ".join(words or []))
    for word in text.split():
        if looks_like_filter(word):
            parse_filter(word)  # it is none: this says why
    conditions: tuple[Filter, ...] = (*typed, *(parse_filter(expression) for expression in filters or []))
    examples = [parse_example(example) for example in like or []]
    examples += [replace(parse_example(example), is_unlike=True) for example in unlike or []]
    if not (text or examples or conditions):
        raise QueryError("There is nothing to search for. Give words, or a sound with --like FILE.")
    if text:
        warn(own_thesaurus_fault())
    place = library_path(library)
    query = Search(place, encoder_to_search(encoder, place))
    try:
        matches = _matches(query, text, examples, Query(filters=conditions), limit=limit)
        for guess in query.guesses(text):
            warn(f"`{guess.said}` is taken as `{guess.taken_as}`.")
        rows = query.reader.rows([match.sound_id for match in matches])
        if not matches and query.encoder.id not in query.reader.encoder_ids() and query.reader.count():
            raise EncoderError(
                f"`{query.encoder.name}` has no vectors of these sounds. "
                f"Run `bowerbird index --encoder {query.encoder.name}`."
            )
    finally:
        query.close()
    if as_json:
        _print_json(matches, rows)
    else:
        _print_table(
            matches,
            rows,
            asked=" ".join([text, *map(str, conditions)]).strip() or ", ".join([*(like or []), *(unlike or [])]),
        )
    return 0


def _matches(search: Search, text: str, examples: list[Example], among: Query, *, limit: int) -> list[Match]:
    if examples and not search.understands(text):
        return search.by_example(search.target(examples), replace(among, words=text), limit=limit)
    if examples:
        return search.by_example(search.target(examples, text=text), without_wanted(text, among), limit=limit)
    if text and search.knows_words:
        try:
            return search.by_text(text, among, limit=limit)
        except EncoderError as error:  # names can be searched all the same
            warn(f"{error} These are the sounds with the words in their names.")
    return search.by_words(text, among, limit=limit)


def show_searches(library: Path, encoder_name: str) -> None:
    """Show what can be asked of a library: the word that most names share, then a sound that has it."""
    query = Search(library, encoder_named(encoder_name))
    try:
        listed = query.reader.rows(query.reader.list_ids(Query())[:_N_SURVEYED].tolist()).values()
        names = Counter(word for row in listed for word in set(search_text(row.path.stem).lower().split()))
        usable = [(n, word) for word, n in names.items() if word.isalpha() and len(word) > 2]
        chosen = next(iter(listed), None)
        if usable:
            word = max(usable, key=lambda counted: (counted[0], counted[1]))[1]
            typer.echo(f"\n$ bowerbird search {word} --limit 5")
            matches = query.by_words(word, limit=5)
            _print_table(matches, query.reader.rows([match.sound_id for match in matches]), asked=word)
            if matches:
                chosen = query.reader.rows([matches[0].sound_id])[matches[0].sound_id]
        if chosen is not None:
            typer.echo(f"\n$ bowerbird search --like {shlex.quote(printable(str(chosen.path)))} --limit 8")
            matches = query.by_example(query.target([Example(chosen.path)]), limit=8)
            _print_table(matches, query.reader.rows([match.sound_id for match in matches]), asked=chosen.name)
    finally:
        query.close()


def _print_json(matches: list[Match], rows: dict[int, SoundRow]) -> None:
    for rank, match in enumerate(matches, start=1):
        typer.echo(
            json.dumps(
                {
                    "rank": rank,
                    "path": str(rows[match.sound_id].path),
                    "start_s": round(match.start_s, 3),
                    "end_s": round(match.end_s, 3),
                    "score": round(match.score, 5),
                    "percentile": None if match.percentile is None else round(match.percentile, 2),
                    "why": match.why,
                    "sound_id": match.sound_id,
                }
            )
        )


def _print_table(matches: list[Match], rows: dict[int, SoundRow], *, asked: str) -> None:
    console = Console(highlight=False)
    is_mixed = any(match.percentile is not None for match in matches)
    if not matches:
        console.print(f"No match for {asked}. Try fewer words or filters.", markup=False)
        return
    if not console.is_terminal:
        for rank, match in enumerate(matches, start=1):
            row = rows[match.sound_id]
            typer.echo(f"{rank}\t{_percentile(match, is_mixed=is_mixed)}\t{_place(row.path, row, match)}\t{match.why}")
        return
    table = Table(box=None, header_style="dim", pad_edge=False)
    table.add_column("", justify="right", style="dim")
    table.add_column("closer than", justify="right")
    table.add_column("name", overflow="fold")
    table.add_column("folder", style="dim", overflow="fold")
    table.add_column("length", justify="right")
    table.add_column("why", style="dim")
    for rank, match in enumerate(matches, start=1):
        row = rows[match.sound_id]
        name = printable(_place(Path(row.name), row, match))
        folder = printable(row.directory)
        length, close = duration_text(row.duration_s), _percentile(match, is_mixed=is_mixed)
        table.add_row(str(rank), close, Text(name), Text(folder), length, match.why)
    console.print(table)


def _percentile(match: Match, *, is_mixed: bool) -> str:
    if match.percentile is None:
        return "by name" if is_mixed else ""
    return f"{match.percentile:.1f} %" + (" (weak)" if match.is_weak else "")


def _place(path: Path, row: SoundRow, match: Match) -> str:
    """A path, with the stretch where the match is but a moment of the sound."""
    return f"{path}@{match.start_s:g}-{match.end_s:g}" if match.is_moment_of(row.duration_s) else str(path)
