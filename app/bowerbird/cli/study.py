"""`bowerbird study`: listening tests, from the design to the report."""

import dataclasses
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table

from bowerbird.base.errors import StudyError
from bowerbird.base.paths import library_path, studies_path
from bowerbird.base.text import count_text, printable
from bowerbird.benchmark.labels import labels_by_path
from bowerbird.cli.options import EXIT_DONE, EXIT_SOME_REJECTED, AsJson, Library, warn
from bowerbird.listening import bundles
from bowerbird.listening import store as study_files
from bowerbird.listening.build import freeze
from bowerbird.listening.calibration import check_calibration
from bowerbird.listening.design import check_design, design_yaml, parse_system, read_design
from bowerbird.listening.overview import overview_of
from bowerbird.listening.plan import same_results
from bowerbird.listening.report.files import write_report
from bowerbird.listening.response_store import ResponseStore
from bowerbird.listening.store import StudyFolder, study_named
from bowerbird.listening.study import GRADES, Comparison, Construct, QueryChoice, Scale, StudyDesign, TrialKind
from bowerbird.listening.systems.queries import rank_study

app = typer.Typer(
    no_args_is_help=True,
    help="Listening tests: which similarity is right, by ear and blind, on your own sounds.",
)

_ENOUGH_STUDIES: Final = 200

StudyName = Annotated[str, typer.Argument(metavar="STUDY", help="Name of a study that is here, or its folder.")]


@app.command("new")
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Small letters, digits, - and _.")],
    *,
    design: Annotated[
        Path | None,
        typer.Option(metavar="YAML", help="A whole design; other options are taken over it.", show_default=False),
    ] = None,
    system: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SYSTEM",
            help="What is compared; repeatable: ear, acoustic, random, a file of rankings (.jsonl, .trec), or with a "
            "name and variants: small=ear,pca=100,search=nearest,timbre=2. By default ear, acoustic and random.",
            show_default=False,
        ),
    ] = None,
    title: Annotated[str | None, typer.Option(help="What raters read on top.", show_default=False)] = None,
    construct: Annotated[
        str | None,
        typer.Option(help="sounds_alike, same_kind, replacement or matches_words.", show_default=False),
    ] = None,
    kind: Annotated[str | None, typer.Option("--trial", help="grade, preference or abx.", show_default=False)] = None,
    n_queries: Annotated[int | None, typer.Option("--queries", min=1, help="How many.", show_default=False)] = None,
    query: Annotated[
        list[Path] | None,
        typer.Option(metavar="SOUND", help="A query of your own choice; repeatable.", show_default=False),
    ] = None,
    words: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT", help="A query in words; repeatable.", show_default=False),
    ] = None,
    depth: Annotated[int | None, typer.Option(min=1, help="Results of every system.", show_default=False)] = None,
    plan: Annotated[
        list[str] | None,
        typer.Option(
            "--compare", metavar="A:B", help="A comparison that the study is made for; repeatable.", show_default=False
        ),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="Classes, as for evaluate: queries are spread over them.", show_default=False),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of everything drawn by chance.", show_default=False)] = None,
    is_pilot: Annotated[bool, typer.Option("--pilot", help="For trying the study out; the report says so.")] = False,
    is_draft: Annotated[
        bool, typer.Option("--draft", help="Print the design as YAML, for editing, and stop there.")
    ] = False,
    library: Library = None,
    as_json: AsJson = False,
) -> int:
    """Design a study, run every system once, and freeze everything that raters will hear."""
    base = read_design(design) if design is not None else _usual(name, has_words=bool(words))
    changes: dict[str, Any] = {"name": name, "is_pilot": is_pilot or base.is_pilot}
    if system:
        changes |= {"systems": tuple(parse_system(text) for text in system), "planned": ()}
    for key, value in (("title", title), ("depth", depth), ("seed", seed)):
        if value is not None:
            changes[key] = value
    if construct is not None:
        changes["construct"] = _one_of(construct, Construct, "--construct")
        changes["scale"] = Scale(GRADES[changes["construct"]], base.scale.has_slider)
    if kind is not None:
        changes["kind"] = _one_of(kind, TrialKind, "--trial")
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
    made = dataclasses.replace(base, choice=choice, **changes)
    if words and not system and design is None:
        warn("`acoustic` knows no words and is left out.")
    check_design(made, where="")
    if is_draft:
        typer.echo(design_yaml(made), nl=False)
        return EXIT_DONE
    folder = studies_path() / made.name
    if folder.exists():
        raise StudyError(f"There is a study {made.name} already, in {folder}. Choose another name.")
    named = {path: ", ".join(some) for path, some in labels_by_path(labels).items()}
    with _Progress("queries") as told:
        ranked = rank_study(
            library_path(library),
            made,
            labels=named,
            progress=told,
        )
    studies_path().mkdir(parents=True, exist_ok=True)
    with _Progress("excerpts") as told:
        frozen = freeze(ranked, folder, progress=told)
    assert frozen is not None  # nobody cancels here but by an interrupt
    for note in (*frozen.notes, *same_results(frozen.folder.study)):
        warn(note)
    _tell(frozen.folder, as_json=as_json)
    return EXIT_DONE


@app.command("list")
def list_studies(*, as_json: AsJson = False) -> int:
    """List the studies that are here."""
    rows = []
    for folder in study_files.studies_here():
        try:
            rows.append(_facts(study_files.open_study(folder)))
        except StudyError as error:
            warn(str(error))
    if as_json:
        typer.echo(json.dumps(rows))
    elif not rows:
        typer.echo("There is no study yet. `bowerbird study new NAME` makes one.")
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
                str(sum(rater["n_done"] == row["n_pages"] for rater in row["raters"])),
            )
        Console(highlight=False).print(table)
    return EXIT_DONE


@app.command("show")
def show(study: StudyName, *, as_json: AsJson = False) -> int:
    """Say what a study asks, how long it takes, and how far its raters are."""
    _tell(study_named(study), as_json=as_json)
    return EXIT_DONE


@app.command("rate", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def rate(context: typer.Context) -> int:
    """Open the rating window: bowerbird study rate STUDY [--rater NAME] [--windowed].

    STUDY is a study that is here, or a bundle file that somebody sent.
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
        bool, typer.Option("--ratings", help="Pack what was answered here, to be sent back, instead of the study.")
    ] = False,
) -> int:
    """Pack a study into one file that raters can open elsewhere, without your library."""
    folder = study_named(study)
    if is_ratings:
        answers = bundles.write_answers(folder, out)
        n_answers = len(answers.final_ratings()) + len(answers.final_choices())
        typer.echo(
            f"{out}: {count_text(n_answers, 'answer', 'answers')} of "
            f"{count_text(len(answers.raters), 'rater', 'raters')}."
        )
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
    as_json: AsJson = False,
) -> int:
    """Join answers that were given elsewhere. Twice changes nothing; what disagrees is kept beside the other."""
    folder = study_named(study)
    for path in files:
        merged = bundles.merge(folder, path)
        if as_json:
            typer.echo(json.dumps({"file": str(path), **dataclasses.asdict(merged)}))
            continue
        typer.echo(
            f"{path.name}: {count_text(merged.n_raters, 'new rater', 'new raters')}, "
            f"{count_text(merged.n_answers, 'new answer or correction', 'new answers and corrections')}, "
            f"{merged.n_known:,} were here already."
        )
        if merged.n_conflicts:
            typer.echo(f"{merged.n_conflicts:,} disagree with answers in the same place; both were kept.")
        for before, after in merged.renamed:
            typer.echo(f"Somebody is called {before} here: the other one is {after} now.")
    return EXIT_DONE


@app.command("remove")
def remove(
    name: Annotated[str, typer.Argument(metavar="STUDY", help="Name of a study that is here.")],
    *,
    is_sure: Annotated[bool, typer.Option("--yes", help="Ask nothing.")] = False,
) -> int:
    """Delete a study with everything that was answered to it here."""
    if not is_sure:
        typer.confirm(f"Delete the study {name} and every answer to it", abort=True)
    study_files.remove_study(name)
    typer.echo(f"{name} is deleted.")
    return EXIT_DONE


@app.command("report")
def report(
    study: StudyName,
    out: Annotated[
        Path | None,
        typer.Argument(metavar="FOLDER", help="Where to write it; in the study's own folder by default."),
    ] = None,
    *,
    as_json: AsJson = False,
) -> int:
    """Say what was found: in sentences here; with every figure, plot and file in a folder."""
    folder = study_named(study)
    with ResponseStore(folder.path) as file:
        answers = file.responses()
    written = write_report(folder, answers, (out or folder.path / "report").expanduser().absolute())
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
    n_studies: Annotated[int, typer.Option("--studies", min=1, help="Of each kind of trial.")] = 500,
    seed: Annotated[int, typer.Option(help="Of everything drawn by chance.")] = 0,
    as_json: AsJson = False,
) -> int:
    """Play studies whose truth is known with simulated raters, and say whether reports find it.

    Some raters are careless, some systems equal. Exit code 1 says that over 200 studies or more a promise was not kept.
    """
    with _Progress("studies") as told:
        honesty = check_calibration(n_studies=n_studies, seed=seed, progress=told)
    shortfalls = honesty.shortfalls()
    if as_json:
        typer.echo(json.dumps({**dataclasses.asdict(honesty), "shortfalls": shortfalls}))
    else:
        for sentence in honesty.sentences():
            typer.echo(sentence)
        typer.echo("Everything is as promised." if not shortfalls else "Not as promised: " + "; ".join(shortfalls))
        if n_studies < _ENOUGH_STUDIES:
            typer.echo(f"{n_studies} studies are too few to hold anybody to it; 500 are usual.")
    return EXIT_SOME_REJECTED if shortfalls and n_studies >= _ENOUGH_STUDIES else EXIT_DONE


def _usual(name: str, *, has_words: bool) -> StudyDesign:
    """Return what is asked where nothing is said: the descriptors know no words, chance is for scale."""
    names = ("ear", "random") if has_words else ("ear", "acoustic", "random")
    systems = tuple(parse_system(name) for name in names)
    return StudyDesign(name, name.replace("_", " ").replace("-", " "), systems, planned=(Comparison(*names[:2]),))


def _one_of(text: str, alias: Any, option: str) -> Any:
    if text not in alias.__args__:
        raise StudyError(f"`{option} {text}` is unknown. It may be {', '.join(alias.__args__)}.")
    return text


def _comparison(text: str) -> Comparison:
    first, _, second = text.partition(":")
    return Comparison(first, second)


def _facts(folder: StudyFolder) -> dict[str, Any]:
    design = folder.study.design
    overview = overview_of(folder)
    return {
        "name": design.name,
        "title": design.title,
        "question": design.asked,
        "construct": design.construct,
        "trial": design.kind,
        "is_pilot": design.is_pilot,
        "systems": [system.name for system in design.systems],
        "depth": design.depth,
        "n_excerpts": len(folder.study.items),
        "hash": folder.study.hash,
        "folder": str(folder.path),
        **dataclasses.asdict(overview),
    }


def _tell(folder: StudyFolder, *, as_json: bool) -> None:
    facts = _facts(folder)
    if as_json:
        typer.echo(json.dumps(facts))
        return
    pilot = " (pilot)" if facts["is_pilot"] else ""
    typer.echo(printable(f"{facts['name']}{pilot}: {facts['question']}"))
    typer.echo(
        f"{count_text(facts['n_queries'], 'query', 'queries')}, {', '.join(facts['systems'])}, "
        f"{count_text(facts['depth'], 'result', 'results')} each; "
        f"{count_text(facts['n_excerpts'], 'excerpt', 'excerpts')} on {count_text(facts['n_pages'], 'page', 'pages')}, "
        f"about {count_text(max(1, round(facts['minutes'])), 'minute', 'minutes')} a rater"
        + (f" in {facts['n_sittings']} sittings" if facts["n_sittings"] > 1 else "")
    )
    typer.echo(f"{facts['folder']}\nsha256 {facts['hash']}")
    for rater in facts["raters"]:
        typer.echo(printable(f"  {rater['pseudonym']}: {rater['n_done']} of {facts['n_pages']} pages"))
    if not facts["raters"]:
        typer.echo(f"Begin with `bowerbird study rate {facts['name']}`.")


class _Progress:
    """A line on a terminal that says how far something is; nothing elsewhere."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._live = Live(console=Console(stderr=True), transient=True, refresh_per_second=8)

    def __enter__(self) -> Callable[[int, int], None]:
        if self._live.console.is_terminal:
            self._live.start()
        return lambda done, total: self._live.update(f"{done:,} of {total:,} {self._what}")

    def __exit__(self, *_: object) -> None:
        if self._live.console.is_terminal:
            self._live.stop()
