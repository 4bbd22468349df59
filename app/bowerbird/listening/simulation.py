"""Simulated listening tests with known truth, to check that the report recovers it.

Sounds are more or less similar to each query; a system orders them by similarity and noise, depending on its quality.
Raters perceive the similarity with individual bias and noise. Careless raters do not listen.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

import numpy as np

from bowerbird.listening.plan import plan_pages
from bowerbird.listening.responses import Answer, Choice, Page, Rater, Rating, Responses, Slot
from bowerbird.listening.study import (
    Exclusion,
    Item,
    RankedItem,
    Study,
    StudyDesign,
    StudyQuery,
    System,
    TrialKind,
)
from bowerbird.ranking.graded import Floats, Ints

Carelessness: TypeAlias = Literal["random", "same_answer", "too_fast"]

CARELESS: Final[tuple[Carelessness, ...]] = ("random", "same_answer", "too_fast")
GRADE_FROM: Final = (0.4, 1.2, 2.0)
"""Similarity at which grades 1, 2 and 3 start; over all sounds it has mean 0 and standard deviation 1."""

_IDENTICAL, _FAR = 4.0, -2.0
LAPSES: Final = 0.02
"""How often a careful rater responds at random by mistake."""

_UTC: Final = "2026-01-01T12:00:00Z"


@dataclass(frozen=True, slots=True)
class Truth:
    """The truth of a simulated study.

    Attributes
    ----------
    kind : str
        grade, preference or abx.
    quality : mapping of str to float
        Of each system: correlation of its order with similarity, from 0 (random) to 1.
    n_queries, depth : int
    n_sounds : int
        In the library.
    n_raters : int
        Careful raters.
    careless : tuple of str
        An entry per careless rater: random responses; always the same response; random responses, too fast.
    query_sd : float
        Standard deviation over queries of the similarity of their sounds.
    bias_sd, noise : float
        Of raters, in units of similarity; the noise of a single rater is 0.5 to 1.5 times as large.
    taste_sd : float
        preference: standard deviation over raters of their liking for each system beyond its quality.
    audible : float
        abx: mean share of trials in which the difference is heard.
    """

    kind: TrialKind = "grade"
    quality: Mapping[str, float] = field(default_factory=lambda: {"one": 0.8, "two": 0.8, "three": 0.4})
    n_queries: int = 20
    depth: int = 5
    n_sounds: int = 60
    n_raters: int = 6
    careless: tuple[Carelessness, ...] = ()
    query_sd: float = 0.4
    bias_sd: float = 0.25
    noise: float = 0.6
    taste_sd: float = 0.2
    audible: float = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class RaterTraits:
    """Traits of raters, a row each.

    Attributes
    ----------
    bias, noise : ndarray, shape (n_raters,)
    taste : ndarray, shape (n_raters, n_systems)
    """

    bias: Floats
    noise: Floats
    taste: Floats


def simulate_study(truth: Truth, *, seed: int) -> tuple[Study, Responses]:
    """Simulate a study: real pages, and responses drawn from the truth.

    Parameters
    ----------
    truth : Truth
    seed : int
        The same seed gives the same study.
    """
    rng = np.random.default_rng(seed)
    similarity, ranked = draw_queries(truth, truth.n_queries, rng)
    study = _study(truth, ranked, seed=seed)
    similarity_of = {
        (f"q{row:02d}", _item(row, sound)): float(similarity[row, sound])
        for row in range(truth.n_queries)
        for sound in np.unique(ranked[row])
    }
    n_raters = truth.n_raters + len(truth.careless)
    traits = draw_raters(truth, n_raters, rng)
    utilities = _utilities(truth, similarity, ranked)
    audible = draw_audible(truth, rng)
    kinds: list[Carelessness | None] = [*truth.careless, *([None] * truth.n_raters)]
    # Careless raters are mixed with careful raters.
    kinds = [kinds[index] for index in rng.permutation(n_raters)]
    raters, ratings, choices = [], [], []
    for number, careless in enumerate(kinds):
        name = f"{careless or 'careful'}-{number}"
        raters.append(Rater(f"{seed:08x}-{number:04x}", name, number, _UTC))
        for page in plan_pages(study, rater_number=number):
            seconds = _seconds(careless, rng)
            if page.kind == "grade":
                grades = _grades(page, careless, similarity_of, rng, traits=traits, number=number)
                ratings += _ratings(study, page, raters[-1], grades, seconds)
            else:
                row = int(page.query_id[1:])
                lead = _lead(study, page, utilities[row], traits.taste[number])
                felt = float(preferred(np.array(lead), traits.noise[number], rng))
                answer = _answer(page, careless, felt, float(audible[row]), rng)
                choices.append(_choice(study, page, raters[-1], answer, seconds))
    return study, Responses(tuple(raters), tuple(ratings), tuple(choices))


def draw_queries(truth: Truth, n: int, rng: np.random.Generator) -> tuple[Floats, Ints]:
    """Draw queries: similarities, shape (n, n_sounds), and results, shape (n, n_systems, depth), best first."""
    level = rng.normal(0.0, truth.query_sd, (n, 1))
    similarity = level + rng.normal(0.0, 1.0, (n, truth.n_sounds))
    ranked = []
    for quality in truth.quality.values():
        noise = rng.normal(0.0, 1.0, similarity.shape)
        scores = quality * (similarity - level) + np.sqrt(1.0 - quality**2) * noise
        ranked.append(np.argsort(-scores, axis=1)[:, : truth.depth])
    return similarity, np.stack(ranked, axis=1).astype(np.int64)


def draw_raters(truth: Truth, n: int, rng: np.random.Generator) -> RaterTraits:
    """Draw raters."""
    return RaterTraits(
        bias=rng.normal(0.0, truth.bias_sd, n),
        noise=truth.noise * rng.uniform(0.5, 1.5, n),
        taste=rng.normal(0.0, truth.taste_sd, (n, len(truth.quality))),
    )


def draw_audible(truth: Truth, rng: np.random.Generator) -> Floats:
    """Draw the share of raters who hear a difference, per query, from a beta distribution with the truth's mean."""
    if truth.audible <= 0.0:
        return np.zeros(truth.n_queries)
    return rng.beta(2.0, 2.0 * (1.0 - truth.audible) / truth.audible, truth.n_queries)


def graded(perceived: Floats, rng: np.random.Generator) -> Floats:
    """Return the grades of perceived similarities, with occasional lapses; NaN stays NaN."""
    grades = np.searchsorted(np.array(GRADE_FROM), perceived, side="right").astype(np.float64)
    lapses = rng.random(perceived.shape) < LAPSES
    grades[lapses] = rng.integers(0, len(GRADE_FROM) + 1, int(lapses.sum()))
    return np.where(np.isnan(perceived), np.nan, grades)


def preferred(lead: Floats, noise: Floats, rng: np.random.Generator) -> Floats:
    """Return 1 when the first list is preferred, 0.5 for a tie, else 0; `lead` is how much better it is.

    Lists are compared with less noise than single sounds.
    """
    felt = lead + rng.logistic(0.0, 0.35 * noise)
    return np.where(np.abs(felt) < 0.15, 0.5, (felt > 0.0).astype(np.float64))


def list_values(similarity: Floats, ranked: Ints) -> Floats:
    """Return the quality of each list: the discounted mean similarity of its results."""
    rows = np.arange(len(similarity))[:, None, None]
    weights = 1.0 / np.log2(2.0 + np.arange(ranked.shape[2]))
    return np.asarray((similarity[rows, ranked] * weights).sum(axis=2) / weights.sum(), dtype=np.float64)


def _utilities(truth: Truth, similarity: Floats, ranked: Ints) -> list[dict[str, float]]:
    values = list_values(similarity, ranked)
    return [dict(zip(truth.quality, map(float, row), strict=True)) for row in values]


def _study(truth: Truth, ranked: Ints, *, seed: int) -> Study:
    queries, items = [], {}
    runs: dict[str, dict[str, tuple[RankedItem, ...]]] = {name: {} for name in truth.quality}
    for row in range(truth.n_queries):
        query = StudyQuery(f"q{row:02d}", item_id=f"s{row:02d}", far_id=f"f{row:02d}")
        queries.append(query)
        for item_id in (query.item_id, query.far_id, *(_item(row, sound) for sound in np.unique(ranked[row]))):
            items[item_id] = Item(item_id, hashlib.sha256(item_id.encode()).hexdigest(), 0.0, 5.0, -23.0, 0.0)
        for column, name in enumerate(truth.quality):
            runs[name][query.id] = tuple(
                RankedItem(_item(row, sound), 1.0 - rank / 100.0) for rank, sound in enumerate(ranked[row, column])
            )
    design = StudyDesign(
        name="simulated",
        title="A simulated study",
        systems=tuple(System(name) for name in truth.quality),
        kind=truth.kind,
        depth=truth.depth,
        n_training=0,
        seed=seed,
        exclusion=Exclusion(),
        queries=tuple(queries),
    )
    return Study(hashlib.sha256(f"simulated {seed}".encode()).hexdigest(), design, items, runs)


def _item(row: int, sound: int) -> str:
    return f"i{row:02d}-{sound:03d}"


def _seconds(careless: Carelessness | None, rng: np.random.Generator) -> float:
    """Draw the time per stimulus."""
    return float(rng.lognormal(np.log(0.7 if careless == "too_fast" else 6.0), 0.4))


def _grades(
    page: Page,
    careless: Carelessness | None,
    similarity_of: Mapping[tuple[str, str], float],
    rng: np.random.Generator,
    *,
    traits: RaterTraits,
    number: int,
) -> list[int]:
    n = len(page.slots)
    if careless == "same_answer":
        favourite = number % (len(GRADE_FROM) + 1)
        return [favourite if rng.random() < 0.97 else int(rng.integers(0, len(GRADE_FROM) + 1)) for _ in range(n)]
    if careless is not None:
        return [int(grade) for grade in rng.integers(0, len(GRADE_FROM) + 1, n)]
    true = np.array([_similarity(page.query_id, slot, similarity_of) for slot in page.slots])
    perceived = true + traits.bias[number] + traits.noise[number] * rng.normal(size=n)
    return [int(grade) for grade in graded(perceived, rng)]


def _similarity(query_id: str, slot: Slot, similarity_of: Mapping[tuple[str, str], float]) -> float:
    known = {"identical": _IDENTICAL, "far": _FAR}
    return known[slot.control] if slot.control else similarity_of[query_id, slot.item_id]


def _lead(study: Study, page: Page, utilities: Mapping[str, float], taste: Floats) -> float:
    names = [system.name for system in study.design.systems]
    left, right = (utilities[column.system] + float(taste[names.index(column.system)]) for column in page.columns)
    return left - right


def _answer(page: Page, careless: Carelessness | None, felt: float, audible: float, rng: np.random.Generator) -> Answer:
    answers: tuple[Answer, ...] = ("left", "right") if page.kind == "abx" else ("left", "right", "tie")
    if careless == "same_answer":
        return "left" if rng.random() < 0.97 else "right"
    if careless is not None or (page.kind == "preference" and rng.random() < LAPSES):
        return answers[int(rng.integers(len(answers)))]
    if page.kind == "abx":
        is_right = rng.random() < 0.5 + 0.5 * audible
        return "left" if (page.columns[0].slots[0].item_id == page.x) == is_right else "right"
    return {1.0: answers[0], 0.0: answers[1], 0.5: answers[-1]}[felt]


def _ratings(study: Study, page: Page, rater: Rater, grades: list[int], seconds: float) -> list[Rating]:
    return [
        Rating(
            study_hash=study.hash,
            rater_id=rater.id,
            session_uuid=rater.id,
            page=page.number,
            query_id=page.query_id,
            item_id=slot.item_id,
            presented_position=index,
            presented_label=chr(ord("A") + index - 1),
            control_type=slot.control,
            construct=study.design.construct,
            grade=grade,
            slider=None,
            cannot_judge=False,
            is_broken=False,
            n_plays_query=1,
            n_plays_item=1,
            listened_ms=int(500 * seconds),
            decision_ms=int(1000 * seconds * index),
            is_repeat=page.is_repeat,
            is_training=page.is_training,
            revision=0,
            timestamp_utc=_UTC,
        )
        for index, (slot, grade) in enumerate(zip(page.slots, grades, strict=True), start=1)
    ]


def _choice(study: Study, page: Page, rater: Rater, answer: Answer, seconds: float) -> Choice:
    left, right = page.columns
    is_abx = page.kind == "abx"
    return Choice(
        study_hash=study.hash,
        rater_id=rater.id,
        session_uuid=rater.id,
        page=page.number,
        kind=page.kind,
        query_id=page.query_id,
        left_system=left.system,
        right_system=right.system,
        left_item=left.slots[0].item_id if is_abx else "",
        right_item=right.slots[0].item_id if is_abx else "",
        x_item=page.x,
        answer=answer,
        cannot_judge=False,
        n_plays_query=1,
        n_plays_items=len(page.slots),
        listened_ms=int(500 * seconds),
        decision_ms=int(1000 * seconds),
        is_repeat=page.is_repeat,
        is_training=page.is_training,
        revision=0,
        timestamp_utc=_UTC,
    )
