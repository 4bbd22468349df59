"""A study's report as one page that needs nothing but a browser: no other file, no script, no network.

What stands where is in `resources/report/study.html.jinja`; here is what the template asks of Python.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

import bowerbird
from bowerbird.base.paths import resources_path
from bowerbird.listening.analysis.results import Results
from bowerbird.listening.report import drawing, numerals, plots
from bowerbird.listening.store import DESIGN_NAME, ITEMS_NAME, MANIFEST_NAME, RUNS_NAME, SYSTEMS_NAME
from bowerbird.listening.study import Construct, CopyRule, Study, StudyDesign, TrialKind
from bowerbird.listening.tables import CHOICES_NAME, EVENTS_NAME, RATERS_NAME, RATINGS_NAME

REPORT_NAME: Final = "report.html"
RESULTS_NAME: Final = "results.json"
QRELS_NAME: Final = "qrels.txt"

_CONSTRUCTS: Final[Mapping[Construct, str]] = {
    "sounds_alike": "how much two sounds sound alike",
    "same_kind": "whether two sounds are the same kind of thing",
    "replacement": "whether one sound would serve in place of another",
    "matches_words": "how well a sound matches words",
}
_KINDS: Final[Mapping[TrialKind, str]] = {
    "grade": "Single results, each graded against the query.",
    "preference": "Two lists of results side by side, blind; which is better, ties allowed.",
    "abx": "Results of two systems as A and B, and X, which is one of them; which one?",
}
_COPY_RULES: Final[Mapping[CopyRule, str]] = {
    "remove": "Copies of the query were removed from the results.",
    "flag": "Copies of the query stayed among the results and are counted as crowding.",
    "keep": "Copies of the query stayed among the results.",
}
_SEARCHES: Final[Mapping[str, str]] = {
    "cosine": "by cosine",
    "inner_product": "by inner product",
    "nearest": "by Euclidean distance",
}


@dataclass(frozen=True, slots=True)
class SystemWords:
    """One system as a reader should know it.

    Attributes
    ----------
    name : str
    what : str
        A phrase: encoder, dimensions, search, how many sounds.
    encoder_id : str
        Of the very weights; "" where there are none.
    """

    name: str
    what: str
    encoder_id: str


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file that belongs to the report, and what is in it."""

    name: str
    what: str


def report_html(study: Study, results: Results, *, systems: Mapping[str, Mapping[str, object]] | None = None) -> str:
    """Write the report.

    Parameters
    ----------
    study : Study
    results : Results
        Of this study.
    systems : mapping of str to mapping, optional
        What every system was, as `systems.json` has it; else as the design has it.

    Returns
    -------
    str
        A page of HTML. The same for the same study and results.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - reports are rare

    environment = Environment(
        loader=FileSystemLoader(resources_path() / "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "decimal": numerals.decimal,
        "percent": numerals.percent,
        "count": numerals.count,
        "p_value": numerals.p_value,
        "p_said": numerals.p_said,
        "reach": numerals.reach,
        "percent_reach": numerals.percent_reach,
        "typeset": numerals.typeset,
        "beside": zip,
    }
    return environment.get_template("study.html.jinja").render(
        study=study,
        design=study.design,
        results=results,
        said=said_first(results),
        found=results.everybody,
        cleared=results.without_flagged,
        figures=_figure_columns(results),
        systems=system_words(study, systems),
        asked=[(name, numerals.typeset(words)) for name, words in asked_of(study, results)],
        plots=plots.plots_of(study, results),
        files=listed_files(study),
        tokens=drawing.tokens(),
        program=f"Bowerbird {bowerbird.__version__}",
    )


def listed_files(study: Study) -> tuple[ListedFile, ...]:
    """Return the files of a report, this page first."""
    judged = (
        [ListedFile(QRELS_NAME, "Mean grade of every judged pair, rounded, as TREC's tools read it.")]
        if study.design.kind == "grade"
        else []
    )
    return (
        ListedFile(REPORT_NAME, "This page."),
        ListedFile(RESULTS_NAME, "Every figure of this page, and those by query, for programs."),
        ListedFile(RATINGS_NAME, "Every grade in long form, corrections, controls and repeats included."),
        ListedFile(CHOICES_NAME, "Every preference and ABX answer, likewise."),
        ListedFile(RATERS_NAME, "Pseudonyms, consent and what raters told of themselves."),
        ListedFile(EVENTS_NAME, "What happened while rating, with the orders that were shown."),
        *judged,
        ListedFile(DESIGN_NAME, "The study: question, scale, systems, queries, controls, exclusion rules."),
        ListedFile(MANIFEST_NAME, "SHA-256 of everything frozen; its own is the study's hash."),
        ListedFile(ITEMS_NAME, "Every excerpt: content hash, duration, loudness, gain."),
        ListedFile(SYSTEMS_NAME, "What the systems were."),
        *(
            ListedFile(f"{RUNS_NAME}/{name}.trec", f"What {name} found, with ranks and scores.")
            for name in sorted(study.runs)
        ),
    )


def said_first(results: Results) -> tuple[str, ...]:
    """Return the sentences that open the report.

    That it is a pilot has a place of its own there, and so has what was found without flagged raters.
    """
    cleared = results.without_flagged.sentences if results.without_flagged is not None else ()
    kept = results.sentences
    if results.is_pilot and kept and "pilot" in kept[0].lower():
        kept = kept[1:]
    return tuple(
        sentence for sentence in kept if not any(sentence != other and sentence.endswith(other) for other in cleared)
    )


def system_words(study: Study, cards: Mapping[str, Mapping[str, object]] | None = None) -> tuple[SystemWords, ...]:
    """Say what every system is."""
    known = {system.name: {**asdict(system), **(cards or {}).get(system.name, {})} for system in study.design.systems}
    return tuple(SystemWords(name, _phrase(card), str(card.get("encoder_id") or "")) for name, card in known.items())


def asked_of(study: Study, results: Results) -> tuple[tuple[str, str], ...]:
    """Return what was asked, as names and sentences."""
    design = study.design
    queries = [query for query in design.queries if not query.is_training]
    rows = [
        ("Question", design.shown_question),
        ("Construct", f"{_CONSTRUCTS[design.construct][0].upper()}{_CONSTRUCTS[design.construct][1:]}."),
        ("Trials", _KINDS[design.kind]),
    ]
    if design.kind == "grade":
        rows.append(("Scale", _scale(design, results)))
    rows.append(("Queries", _queries(design, n=results.n_queries, strata=[query.stratum for query in queries])))
    words = [query.words for query in queries if query.words]
    if words:
        rows.append(("Words", " · ".join(words)))
    rows += [
        ("Depth", f"The best {design.depth} of every system. {_COPY_RULES[design.near_copies]}"),
        (
            "Excerpts",
            f"At most {design.excerpt_s:g} s, brought to {numerals.decimal(design.target_lufs, places=0)} LUFS.",
        ),
        ("Controls", _controls(design)),
        ("Flags", _exclusion(design)),
        ("Seed", str(design.seed)),
    ]
    return tuple(rows)


def _phrase(card: Mapping[str, object]) -> str:
    """Say what a system is, from its card; what the card does not know is left out."""
    number = {name: value for name, value in card.items() if isinstance(value, int) and not isinstance(value, bool)}
    kinds = {"encoder": str(card.get("encoder") or "an encoder"), "random": "in random order"}
    parts = [kinds.get(str(card.get("kind")), f"ranking of {card.get('ranking') or 'a file'}")]
    if card.get("kind") == "encoder":
        if number.get("n_components"):
            parts.append(f"{number['n_components']} principal components")
        elif number.get("n_dims"):
            parts.append(f"{number['n_dims']} dimensions")
        parts.append(_SEARCHES.get(str(card.get("search")), str(card.get("search") or "")))
        aspects = card.get("aspects")
        if isinstance(aspects, Mapping):
            parts += [f"{name} × {weight:g}" for name, weight in aspects.items()]
        parts += [str(card["vector"])] if card.get("vector") else []
        parts += [f"{card['index']} index"] if card.get("index") else []
    if number.get("n_sounds"):
        parts.append(f"{numerals.count(number['n_sounds'])} sounds")
    if card.get("program"):
        parts.append(str(card["program"]))
    return ", ".join(part for part in parts if part)


def _scale(design: StudyDesign, results: Results) -> str:
    if not design.scale.grades:
        return "A slider from 0 to 100 without a place to begin with."
    words = ", ".join(f"{grade} {word}" for grade, word in enumerate(results.grades))
    slider = " With a slider beside them." if design.scale.has_slider else ""
    gains = ", ".join(f"{gain:.2g}" for gain in results.gains)
    return f"{words}. Gains in nDCG: {gains}. A mean of {results.relevant_from:g} or more is relevant.{slider}"


def _queries(design: StudyDesign, *, n: int, strata: Sequence[str]) -> str:
    how = {
        "stratified": "chosen at random within strata",
        "random": "chosen at random",
        "sounds": "chosen by hand",
        "words": "in words",
    }[design.choice.how]
    counted = {name: strata.count(name) for name in dict.fromkeys(strata) if name}
    spread = "; ".join(f"{name}: {n_of}" for name, n_of in counted.items())
    return f"{numerals.count(n)}, {how}{f' ({spread})' if spread else ''}."


def _controls(design: StudyDesign) -> str:
    controls = design.controls
    repeats = f"{numerals.percent(controls.repeat_share)} of trials came a second time."
    if design.kind != "grade":
        return repeats
    identical, far = numerals.percent(controls.identical_share), numerals.percent(controls.far_share)
    return f"The query itself on {identical} of pages, a sound far from it on {far}; {repeats}"


def _exclusion(design: StudyDesign) -> str:
    rules = design.exclusion
    parts = [
        f"less than {rules.min_decision_ms / 1000.0:g} s an answer",
        f"the same answer more than {numerals.percent(rules.max_same_grade)} of the time",
    ]
    if design.kind != "abx":  # who recognises X less often has other ears, not less care
        parts += [
            f"repeats below a weighted kappa of {numerals.decimal(rules.min_retest, places=2)}",
            f"a correlation with the others below {numerals.decimal(rules.min_agreement, places=2)}",
        ]
    if design.kind == "grade":
        parts.insert(0, f"more than {numerals.percent(rules.max_control_failures)} of controls failed")
        parts.append("a far sound graded like the query itself")
    return (
        f"Said before the first rating: {'; '.join(parts)}. Each is held against a rater only where it is rare among "
        "careful ones too; weak signs of several kinds add up."
    )


def _figure_columns(results: Results) -> tuple[tuple[str, str, bool], ...]:
    """Return the figures of a system: field, name, and whether it is a share."""
    depth = results.depth
    return (
        ("ndcg", f"nDCG@{depth}", False),
        ("mean_grade", "Mean grade", False),
        ("success_1", "Success@1", True),
        ("success_5", "Success@5", True),
        ("precision", f"P@{depth}", True),
        ("mrr", "MRR", False),
        ("crowding", "Crowding", True),
    )
