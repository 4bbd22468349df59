"""`bowerbird study`: listening tests, from the design to the report."""

import dataclasses
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table

from bowerbird.base.errors import StudyError
from bowerbird.base.text import count_text, printable
from bowerbird.benchmark.labels import labels_by_path
from bowerbird.cli.options import EXIT_DONE, EXIT_SOME_REJECTED, JsonOption, LibraryOption, open_library, warn
from bowerbird.jobs.control import Control
from bowerbird.jobs.progress import Report, ignore
from bowerbird.listening import bundles
from bowerbird.listening import store as study_files
from bowerbird.listening.calibration import check_calibration
from bowerbird.listening.design import check_design, design_yaml, parse_system, read_design
from bowerbird.listening.making import make_study
from bowerbird.listening.overview import overview_of
from bowerbird.listening.report.files import report_study
from bowerbird.listening.store import StudyFolder, study_named
from bowerbird.listening.study import GRADES, Comparison, Construct, QueryChoice, Scale, StudyDesign, TrialKind
from bowerbird.listening.texts import effort_text, merge_sentences, progress_text, responses_text

app = typer.Typer(
    no_args_is_help=True,
    help="Run blind listening tests that compare search systems on your own sounds.",
)

_ENOUGH_STUDIES: Final = 200

StudyName = Annotated[str, typer.Argument(metavar="STUDY", help="Name or folder of a study.")]


@app.command("new")
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Lowercase letters, digits, - and _.")],
    *,
    design: Annotated[
        Path | None,
        typer.Option(metavar="YAML", help="A complete design; other options override it.", show_default=False),
    ] = None,
    system: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SYSTEM",
            help="A system to compare; repeatable: ear, acoustic, random, a file of rankings (.jsonl, .trec), or with "
            "a name and variants: small=ear,pca=100,search=nearest,timbre=2. Default: ear, acoustic and random.",
            show_default=False,
        ),
    ] = None,
    title: Annotated[str | None, typer.Option(help="Title that raters see.", show_default=False)] = None,
    construct: Annotated[
        str | None,
        typer.Option(help="sounds_alike, same_kind, replacement or matches_words.", show_default=False),
    ] = None,
    kind: Annotated[str | None, typer.Option("--trial", help="grade, preference or abx.", show_default=False)] = None,
    n_queries: Annotated[
        int | None, typer.Option("--queries", min=1, help="Number of queries.", show_default=False)
    ] = None,
    query: Annotated[
        list[Path] | None,
        typer.Option(metavar="SOUND", help="A sound to use as a query; repeatable.", show_default=False),
    ] = None,
    words: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT", help="Words to use as a query; repeatable.", show_default=False),
    ] = None,
    depth: Annotated[int | None, typer.Option(min=1, help="Results per system.", show_default=False)] = None,
    plan: Annotated[
        list[str] | None,
        typer.Option("--compare", metavar="A:B", help="A planned comparison; repeatable.", show_default=False),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="Classes, as for evaluate; queries are spread over them.", show_default=False),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Random seed.", show_default=False)] = None,
    is_pilot: Annotated[bool, typer.Option("--pilot", help="Mark the study as a pilot; the report says so.")] = False,
    is_draft: Annotated[bool, typer.Option("--draft", help="Print the design as YAML and exit.")] = False,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> int:
    """Create a study: run every system once and store everything that raters will hear."""
    base = read_design(design) if design is not None else _default_design(name, has_words=bool(words))
    changes: dict[str, Any] = {"name": name, "is_pilot": is_pilot or base.is_pilot}
    if system:
        changes |= {"systems": tuple(parse_system(text) for text in system), "planned": ()}
    for key, value in (("title", title), ("depth", depth), ("seed", seed)):
        if value is not None:
            changes[key] = value
    if construct is not None:
        changes["construct"] = _choice(construct, Construct, "--construct")
        changes["scale"] = Scale(GRADES[changes["construct"]], base.scale.has_slider)
    if kind is not None:
        changes["kind"] = _choice(kind, TrialKind, "--trial")
    if plan:
        changes["planned"] = tuple(_comparison(text) for text in plan)
    choice = base.choice
    if n_queries is not None:
        choice = dataclasses.replace(choice, n_queries=n_queries)
    if query:
        choice = QueryChoice("sounds", sounds=tuple(str(path) for path in query))
    if words:
        choice = QueryChoice("words", words=tuple(text for text in words if text.strip()))
        changes |= {"construct": "matches_words", "scale": Scale(GRADES["matches_words"], base.scale.has_slider)}
    chosen = dataclasses.replace(base, choice=choice, **changes)
    if words and not system and design is None:
        warn("The acoustic encoder cannot search by words and was left out.")
    check_design(chosen, where=None)
    if is_draft:
        typer.echo(design_yaml(chosen), nl=False)
        return EXIT_DONE
    with _progress_line() as report:
        made = make_study(
            open_library(library), chosen, labels=labels_by_path(labels), control=Control(), report=report
        )
    for note in made.notes:
        warn(note)
    _print_facts(made.folder, as_json=as_json)
    return EXIT_DONE


@app.command("list")
def list_studies(*, as_json: JsonOption = False) -> int:
    """List your studies."""
    rows = []
    for folder in study_files.user_studies():
        try:
            rows.append(_facts(study_files.open_study(folder)))
        except StudyError as error:
            warn(str(error))
    if as_json:
        typer.echo(json.dumps(rows))
    elif not rows:
        typer.echo("There are no studies yet. Create one with `bowerbird study new NAME`.")
    else:
        table = Table(box=None, header_style="dim", pad_edge=False)
        for heading in ("study", "trials", "queries", "systems", "minutes", "raters", "done"):
            table.add_column(heading)
        for row in rows:
            table.add_row(
                row["name"],
                row["trial"],
                str(row["n_queries"]),
                ", ".join(row["systems"]),
                f"{row['minutes']:.0f}",
                str(len(row["raters"])),
                str(sum(rater["n_done"] >= rater["n_pages"] for rater in row["raters"])),
            )
        Console(highlight=False).print(table)
    return EXIT_DONE


@app.command("show")
def show(study: StudyName, *, as_json: JsonOption = False) -> int:
    """Show a study's question, its length, and the progress of its raters."""
    _print_facts(study_named(study), as_json=as_json)
    return EXIT_DONE


@app.command("rate", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def rate(context: typer.Context) -> int:
    """Open the rating window: bowerbird study rate STUDY [--rater ALIAS] [--windowed].

    STUDY is a study's name or folder, or a bundle file.
    """
    open_window: Callable[[Sequence[str]], int] | None = context.obj
    if open_window is None:
        raise StudyError("The rating window needs Qt. Install PySide6-Essentials.")
    return open_window(context.args)


@app.command("export")
def export(
    study: StudyName,
    out: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write.")],
    *,
    is_ratings: Annotated[
        bool, typer.Option("--ratings", help="Export the ratings given here, to be sent back, instead of the study.")
    ] = False,
) -> int:
    """Export a study as one file that raters can open without your library."""
    folder = study_named(study)
    if is_ratings:
        typer.echo(f"{out}: {responses_text(bundles.write_responses(folder, out))}.")
        return EXIT_DONE
    bundles.write_bundle(folder, out)
    size = out.stat().st_size / 1e6
    typer.echo(
        f"{out}: {len(folder.study.items):,} excerpts, {size:.1f} MB. Open it elsewhere with "
        f"`bowerbird study rate {out.name}`."
    )
    return EXIT_DONE


@app.command("merge")
def merge(
    study: StudyName,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Ratings that raters sent back.")],
    *,
    as_json: JsonOption = False,
) -> int:
    """Merge ratings given elsewhere. Merging a file twice changes nothing; conflicting ratings are both kept."""
    folder = study_named(study)
    for path in files:
        merged = bundles.merge(folder, path)
        if as_json:
            typer.echo(json.dumps({"file": str(path), **merged.to_json()}))
            continue
        for sentence in merge_sentences(path.name, merged):
            typer.echo(printable(sentence))
    return EXIT_DONE


@app.command("remove")
def remove(
    name: Annotated[str, typer.Argument(metavar="STUDY", help="Name of a study.")],
    *,
    is_sure: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> int:
    """Delete a study and all its ratings."""
    if not is_sure:
        typer.confirm(f"Delete the study {name} and all its ratings", abort=True)
    study_files.remove_study(name)
    typer.echo(f"Deleted {name}.")
    return EXIT_DONE


@app.command("report")
def report_command(
    study: StudyName,
    out: Annotated[
        Path | None,
        typer.Argument(metavar="FOLDER", help="Where to write the report. Default: in the study's folder."),
    ] = None,
    *,
    as_json: JsonOption = False,
) -> int:
    """Print the findings, and write the report with all figures, plots and data files to a folder."""
    written = report_study(study_named(study), out.expanduser().absolute() if out is not None else None)
    if as_json:
        typer.echo(json.dumps(written.results.to_json()))
        return EXIT_DONE
    for sentence in written.results.sentences:
        typer.echo(printable(sentence))
    typer.echo(str(written.path))
    return EXIT_DONE


@app.command("simulate")
def simulate(
    *,
    n_studies: Annotated[int, typer.Option("--studies", min=1, help="Studies of each kind of trial.")] = 500,
    seed: Annotated[int, typer.Option(help="Random seed.")] = 0,
    as_json: JsonOption = False,
) -> int:
    """Simulate studies with known truth, and check that reports recover it.

    Some simulated raters are careless, and some systems are equally good. Exits with 1 if a target is missed and at
    least 200 studies were run.
    """
    with _progress_line() as report:
        calibration = check_calibration(n_studies=n_studies, seed=seed, control=Control(), report=report)
    shortfalls = calibration.shortfalls()
    if as_json:
        typer.echo(json.dumps({**dataclasses.asdict(calibration), "shortfalls": shortfalls}))
    else:
        for sentence in calibration.sentences():
            typer.echo(sentence)
        typer.echo("All targets are met." if not shortfalls else "Targets missed: " + "; ".join(shortfalls))
        if n_studies < _ENOUGH_STUDIES:
            typer.echo(f"{n_studies} studies are too few for a verdict; the default is 500.")
    return EXIT_SOME_REJECTED if shortfalls and n_studies >= _ENOUGH_STUDIES else EXIT_DONE


def _default_design(name: str, *, has_words: bool) -> StudyDesign:
    """Return the design that options are applied to; the acoustic encoder cannot search by words."""
    names = ("ear", "random") if has_words else ("ear", "acoustic", "random")
    systems = tuple(parse_system(text) for text in names)
    return StudyDesign(name, name.replace("_", " ").replace("-", " "), systems, planned=(Comparison(*names[:2]),))


def _choice(text: str, alias: Any, option: str) -> Any:
    if text not in alias.__args__:
        raise StudyError(f"{text} is not a valid value of {option}. Choose one of {', '.join(alias.__args__)}.")
    return text


def _comparison(text: str) -> Comparison:
    first, _, second = text.partition(":")
    return Comparison(first, second)


def _facts(folder: StudyFolder) -> dict[str, Any]:
    design = folder.study.design
    return {
        "name": design.name,
        "title": design.title,
        "question": design.shown_question,
        "construct": design.construct,
        "trial": design.kind,
        "is_pilot": design.is_pilot,
        "systems": [system.name for system in design.systems],
        "depth": design.depth,
        "n_excerpts": len(folder.study.items),
        "hash": folder.study.hash,
        "folder": str(folder.path),
        **dataclasses.asdict(overview_of(folder)),
    }


def _print_facts(folder: StudyFolder, *, as_json: bool) -> None:
    facts = _facts(folder)
    if as_json:
        typer.echo(json.dumps(facts))
        return
    pilot = " (pilot)" if facts["is_pilot"] else ""
    typer.echo(printable(f"{facts['name']}{pilot}: {facts['question']}"))
    typer.echo(
        f"{count_text(facts['n_queries'], 'query', 'queries')}, {', '.join(facts['systems'])}, "
        f"{count_text(facts['depth'], 'result', 'results')} each; "
        f"{count_text(facts['n_excerpts'], 'excerpt', 'excerpts')}, {effort_text(facts['n_pages'], facts['minutes'])}"
        + (f" in {facts['n_sittings']} sessions" if facts["n_sittings"] > 1 else "")
    )
    typer.echo(f"{facts['folder']}\nsha256 {facts['hash']}")
    for rater in facts["raters"]:
        typer.echo(printable(f"  {rater['pseudonym']}: {rater['n_done']} of {rater['n_pages']} pages"))
    if not facts["raters"]:
        typer.echo(f"Start rating with `bowerbird study rate {facts['name']}`.")


@contextmanager
def _progress_line() -> Iterator[Report]:
    """Show progress on a line of the terminal; nothing when stderr is not a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield ignore
        return
    with Live(console=console, transient=True, refresh_per_second=8) as live:
        yield lambda progress: live.update(progress_text(progress))
