"""The report of a study as a self-contained HTML page: no other files, no scripts, no network.

The layout is in `resources/report/study.html.jinja`; this module has the values and filters of the template.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

import bowerbird
from bowerbird.base.paths import resources_path
from bowerbird.listening.analysis.results import Results
from bowerbird.listening.report import numerals, plots
from bowerbird.listening.store import DESIGN_NAME, ITEMS_NAME, MANIFEST_NAME, RUNS_NAME, SYSTEMS_NAME
from bowerbird.listening.study import Construct, CopyRule, Study, StudyDesign, TrialKind
from bowerbird.listening.tables import CHOICES_NAME, EVENTS_NAME, RATERS_NAME, RATINGS_NAME
from bowerbird.plotting import drawing
from bowerbird.plotting.numerals import decimal, p_value

REPORT_NAME: Final = "report.html"
RESULTS_NAME: Final = "results.json"
QRELS_NAME: Final = "qrels.txt"

_CONSTRUCTS: Final[Mapping[Construct, str]] = {
    "sounds_alike": "how similar two sounds are",
    "same_kind": "whether two sounds are of the same kind",
    "replacement": "whether a sound could replace another",
    "matches_words": "how well a sound matches words",
}
_KINDS: Final[Mapping[TrialKind, str]] = {
    "grade": "Single results, each graded against the query.",
    "preference": "Two lists of results side by side, blind; raters choose the better list, ties allowed.",
    "abx": "ABX: results of two systems as A and B, and X, which is the same as one of them; raters identify X.",
}
_COPY_RULES: Final[Mapping[CopyRule, str]] = {
    "remove": "Near-duplicates of the query were removed from the results.",
    "flag": "Near-duplicates of the query stayed among the results and count as crowding.",
    "keep": "Near-duplicates of the query stayed among the results.",
}
_SEARCHES: Final[Mapping[str, str]] = {
    "cosine": "by cosine",
    "inner_product": "by inner product",
    "nearest": "by Euclidean distance",
}


@dataclass(frozen=True, slots=True)
class SystemText:
    """A system in words.

    Attributes
    ----------
    name : str
    text : str
        Encoder, dimensions, search function, number of sounds.
    encoder_id : str
        "" for systems without an encoder.
    """

    name: str
    text: str
    encoder_id: str


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file of the report, and its content."""

    name: str
    text: str


def report_html(study: Study, results: Results, *, systems: Mapping[str, Mapping[str, object]] | None = None) -> str:
    """Return the report.

    Parameters
    ----------
    study : Study
    results : Results
        Of this study.
    systems : mapping of str to mapping, optional
        Cards of the systems from `systems.json`; by default the design describes them.

    Returns
    -------
    str
        An HTML page, the same for the same study and results.
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
        "decimal": decimal,
        "percent": numerals.percent,
        "count": numerals.count,
        "p_value": p_value,
        "p_text": numerals.p_text,
        "reach": numerals.reach,
        "percent_reach": numerals.percent_reach,
        "typeset": numerals.typeset,
        "beside": zip,
    }
    return environment.get_template("study.html.jinja").render(
        study=study,
        design=study.design,
        results=results,
        lead=lead_sentences(results),
        found=results.everybody,
        unflagged=results.without_flagged,
        figures=_figure_columns(results),
        systems=system_texts(study, systems),
        design_rows=[(name, numerals.typeset(text)) for name, text in design_rows(study, results)],
        plots=plots.plots_of(study, results),
        files=listed_files(study),
        tokens=drawing.tokens(),
        program=f"Bowerbird {bowerbird.__version__}",
    )


def listed_files(study: Study) -> tuple[ListedFile, ...]:
    """Return the files of a report, this page first."""
    qrels = (
        [ListedFile(QRELS_NAME, "Rounded mean grade of every rated pair, in TREC format.")]
        if study.design.kind == "grade"
        else []
    )
    return (
        ListedFile(REPORT_NAME, "This page."),
        ListedFile(RESULTS_NAME, "All figures of this page and by query, as JSON."),
        ListedFile(RATINGS_NAME, "All ratings in long form, including corrections, controls and repeats."),
        ListedFile(CHOICES_NAME, "All preferences and ABX responses, likewise."),
        ListedFile(RATERS_NAME, "Aliases, consent and background of the raters."),
        ListedFile(EVENTS_NAME, "Events of the sessions, with the presented orders."),
        *qrels,
        ListedFile(DESIGN_NAME, "The design: question, scale, systems, queries, controls, exclusion criteria."),
        ListedFile(MANIFEST_NAME, "SHA-256 of all study files; its own SHA-256 is the hash of the study."),
        ListedFile(ITEMS_NAME, "All excerpts: content hash, duration, loudness, gain."),
        ListedFile(SYSTEMS_NAME, "The systems."),
        *(
            ListedFile(f"{RUNS_NAME}/{name}.trec", f"The results of {name}, with ranks and scores.")
            for name in sorted(study.runs)
        ),
    )


def lead_sentences(results: Results) -> tuple[str, ...]:
    """Return the sentences at the top of the report, without those about pilots and flagged raters."""
    unflagged = results.without_flagged.sentences if results.without_flagged is not None else ()
    kept = results.sentences
    if results.is_pilot and kept and "pilot" in kept[0].lower():
        kept = kept[1:]
    return tuple(
        sentence for sentence in kept if not any(sentence != other and sentence.endswith(other) for other in unflagged)
    )


def system_texts(study: Study, cards: Mapping[str, Mapping[str, object]] | None = None) -> tuple[SystemText, ...]:
    """Return the description of each system."""
    known = {system.name: {**asdict(system), **(cards or {}).get(system.name, {})} for system in study.design.systems}
    return tuple(SystemText(name, _phrase(card), str(card.get("encoder_id") or "")) for name, card in known.items())


def design_rows(study: Study, results: Results) -> tuple[tuple[str, str], ...]:
    """Return the design as names and sentences."""
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
        ("Depth", f"The best {design.depth} results per system. {_COPY_RULES[design.near_copies]}"),
        (
            "Excerpts",
            f"At most {design.excerpt_s:g} s, normalised to {decimal(design.target_lufs, places=0)} LUFS.",
        ),
        ("Control trials", _controls(design)),
        ("Exclusion criteria", _exclusion(design)),
        ("Random seed", str(design.seed)),
    ]
    return tuple(rows)


def _phrase(card: Mapping[str, object]) -> str:
    """Return the description of a system from its card, as far as the card has it."""
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
        return "A slider from 0 to 100 without a default position."
    grades = ", ".join(f"{grade} {label}" for grade, label in enumerate(results.grades))
    slider = " With an additional slider." if design.scale.has_slider else ""
    gains = ", ".join(f"{gain:.2g}" for gain in results.gains)
    return f"{grades}. Gains in nDCG: {gains}. A mean grade of {results.relevant_from:g} or more is relevant.{slider}"


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
    repeats = f"{numerals.percent(controls.repeat_share)} of trials are repeated."
    if design.kind != "grade":
        return repeats
    identical, far = numerals.percent(controls.identical_share), numerals.percent(controls.far_share)
    return f"A hidden reference on {identical} of pages, a low anchor on {far}; {repeats}"


def _exclusion(design: StudyDesign) -> str:
    rules = design.exclusion
    parts = [
        f"less than {rules.min_decision_ms / 1000.0:g} s per response",
        f"the same response more than {numerals.percent(rules.max_same_grade)} of the time",
    ]
    if design.kind != "abx":  # identifying X less often does not show a lack of care
        parts += [
            f"a test–retest kappa below {decimal(rules.min_retest, places=2)}",
            f"a correlation with the others below {decimal(rules.min_agreement, places=2)}",
        ]
    if design.kind == "grade":
        parts.insert(0, f"more than {numerals.percent(rules.max_control_failures)} of control trials failed")
        parts.append("low anchors graded as high as hidden references")
    return (
        f"Set before the first rating: {'; '.join(parts)}. A rater is flagged only when the evidence is also rare "
        "among careful raters; weak evidence of several kinds is combined."
    )


def _figure_columns(results: Results) -> tuple[tuple[str, str, bool], ...]:
    """Return the columns of the table of systems: field, name, and whether it is a share."""
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
