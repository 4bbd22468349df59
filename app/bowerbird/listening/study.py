"""The design of a listening test, its stimuli and its systems' results. Responses of raters are in `responses`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, TypeAlias

Construct: TypeAlias = Literal["sounds_alike", "same_kind", "replacement", "matches_words"]
TrialKind: TypeAlias = Literal["grade", "preference", "abx"]
SystemKind: TypeAlias = Literal["encoder", "ranking", "random"]
SearchFunction: TypeAlias = Literal["cosine", "inner_product", "nearest"]
ChoiceOfQueries: TypeAlias = Literal["stratified", "random", "sounds", "words"]
CopyRule: TypeAlias = Literal["remove", "flag", "keep"]

QUESTIONS: Final[Mapping[Construct, str]] = {
    "sounds_alike": "How similar is each sound to the reference?",
    "same_kind": "Is each sound the same kind of sound as the reference?",
    "replacement": "Could you use each sound instead of the reference?",
    "matches_words": "How well does each sound match the words?",
}
PREFERRED: Final[Mapping[Construct, str]] = {
    "sounds_alike": "Which list is more similar to the reference?",
    "same_kind": "Which list has more sounds of the same kind as the reference?",
    "replacement": "Which list has better replacements for the reference?",
    "matches_words": "Which list matches the words better?",
}
WHICH_IS_X: Final = "Is X the same as A or B?"
GRADES: Final[Mapping[Construct, tuple[str, ...]]] = {
    "sounds_alike": ("Not similar", "Slightly similar", "Very similar", "Nearly identical"),
    "same_kind": ("Different kind", "Distantly related", "Closely related", "Same kind"),
    "replacement": ("Not usable", "With a lot of editing", "With little editing", "Usable as is"),
    "matches_words": ("Not at all", "Partly", "Well", "Exactly"),
}
MAX_PER_PAGE: Final = 9
"""Stimuli are played with the keys 1 to 9."""

MAX_SYSTEMS: Final = 12


@dataclass(frozen=True, slots=True)
class Scale:
    """The rating scale.

    Attributes
    ----------
    grades : tuple of str
        Worst first; grade 0 is the first. Empty for a slider alone.
    has_slider : bool
        A slider from 0 to 100 without a default position.
    """

    grades: tuple[str, ...] = GRADES["sounds_alike"]
    has_slider: bool = False


@dataclass(frozen=True, slots=True)
class QueryChoice:
    """How queries are chosen.

    Attributes
    ----------
    how : str
        stratified: spread over length, and class or folder; random; sounds: `sounds`; words: `words`.
    n_queries : int
        For stratified and random.
    sounds : tuple of str
        Paths, which a built study does not contain.
    words : tuple of str
    """

    how: ChoiceOfQueries = "stratified"
    n_queries: int = 20
    sounds: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class System:
    """One way to rank sounds.

    Attributes
    ----------
    name : str
        As in the report: letters, digits, ``-``, ``_``, ``.``, ``+`` and ``@``.
    kind : str
        encoder: embeddings of the library; ranking: a file computed elsewhere; random: a baseline.
    encoder : str
        Name of an encoder that the library has embeddings of.
    n_components : int
        Principal components to keep; 0 for all dimensions.
    search : str
        cosine; inner_product; nearest: by Euclidean distance.
    aspects : mapping of str to float
        Weights of the named parts of the vector, 1 by default.
    ranking : str
        Path of the file: JSON lines or a TREC run.
    """

    name: str
    kind: SystemKind = "encoder"
    encoder: str = ""
    n_components: int = 0
    search: SearchFunction = "cosine"
    aspects: Mapping[str, float] = field(default_factory=dict)
    ranking: str = ""


@dataclass(frozen=True, slots=True)
class Controls:
    """Control trials, whose correct response is known.

    Attributes
    ----------
    identical_share : float
        Share of pages with a hidden reference among the stimuli.
    far_share : float
        Share of pages with a low anchor, a sound that every encoder ranks last.
    repeat_share : float
        Share of trials that are presented twice.
    """

    identical_share: float = 0.1
    far_share: float = 0.1
    repeat_share: float = 0.07


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Exclusion criteria: when a rater is flagged. The report has all figures with and without flagged raters.

    Attributes
    ----------
    max_control_failures : float
        Share of failed control trials.
    min_decision_ms : int
        A rater whose median is below it did not listen.
    max_same_grade : float
        Share of the most frequent grade.
    min_retest : float
        Test–retest reliability: weighted kappa of repeats with first responses.
    min_agreement : float
        Rank correlation with the mean of the other raters.
    """

    max_control_failures: float = 0.15
    min_decision_ms: int = 1500
    max_same_grade: float = 0.9
    min_retest: float = 0.2
    min_agreement: float = 0.1


@dataclass(frozen=True, slots=True)
class Comparison:
    """A planned comparison of two systems, declared before the first rating."""

    first: str
    second: str


@dataclass(frozen=True, slots=True)
class StudyQuery:
    """What stimuli are compared with.

    Attributes
    ----------
    id : str
        ``q01`` and so on; ``t01`` for those of the training pages.
    item_id : str
        The reference; "" for a query in words.
    words : str
    stratum : str
        Such as ``short, drums``.
    far_id : str
        The low anchor; "" for none.
    is_training : bool
    """

    id: str
    item_id: str = ""
    words: str = ""
    stratum: str = ""
    far_id: str = ""
    is_training: bool = False


@dataclass(frozen=True, slots=True)
class StudyDesign:
    """All decisions that are made before the first rating.

    Attributes
    ----------
    name : str
        Of the study and its folder: lowercase letters, digits, ``-`` and ``_``.
    title : str
        Shown to raters.
    construct : str
        What is rated.
    question : str
        "" for the default question of construct and kind; a built study stores its question.
    kind : str
        Kind of trial: grade, preference or abx.
    scale : Scale
    choice : QueryChoice
    systems : tuple of System
    depth : int
        Number of results per system that are rated.
    near_copies : str
        Whether copies of the query among the results are removed, flagged or kept.
    near_copy_cosine : float
        Smallest cosine of the acoustic vectors of a copy.
    controls : Controls
    n_training : int
        Queries of training pages, whose responses do not count.
    n_per_page : int
        Stimuli on a page, controls included.
    excerpt_s : float
        Longest excerpt.
    target_lufs : float
        Loudness of excerpts, unless their peaks prevent it.
    must_hear_share : float
        Share of an excerpt, from its start, that a rater must listen to before responding; for preference, of every
        excerpt in both lists.
    break_after_min : float
        Listening time after which a break is suggested.
    has_headphone_check : bool
    exclusion : Exclusion
    planned : tuple of Comparison
    seed : int
    is_pilot : bool
        The ratings try the study out: the report says so at the top.
    instructions : str
        "" for the default ones; a built study stores its instructions.
    queries : tuple of StudyQuery
        Empty until the study is built.
    """

    name: str
    title: str
    systems: tuple[System, ...]
    construct: Construct = "sounds_alike"
    question: str = ""
    kind: TrialKind = "grade"
    scale: Scale = field(default_factory=Scale)
    choice: QueryChoice = field(default_factory=QueryChoice)
    depth: int = 5
    near_copies: CopyRule = "remove"
    near_copy_cosine: float = 0.995
    controls: Controls = field(default_factory=Controls)
    n_training: int = 2
    n_per_page: int = 8
    excerpt_s: float = 10.0
    target_lufs: float = -23.0
    must_hear_share: float = 0.5
    break_after_min: float = 25.0
    has_headphone_check: bool = False
    exclusion: Exclusion = field(default_factory=Exclusion)
    planned: tuple[Comparison, ...] = ()
    seed: int = 1
    is_pilot: bool = False
    instructions: str = ""
    queries: tuple[StudyQuery, ...] = ()

    @property
    def shown_question(self) -> str:
        """The question that raters read."""
        default = {"grade": QUESTIONS[self.construct], "preference": PREFERRED[self.construct], "abx": WHICH_IS_X}
        return self.question or default[self.kind]


@dataclass(frozen=True, slots=True)
class Item:
    """An excerpt of a sound.

    Attributes
    ----------
    id : str
        From its content.
    content_hash : str
        Hexadecimal, of the whole file of the sound.
    start_s, duration_s : float
    lufs : float
        Before the gain.
    gain_db : float
        Applied to the excerpt.
    label : str
        Classes, if known, else "". For the report; never shown to raters.
    """

    id: str
    content_hash: str
    start_s: float
    duration_s: float
    lufs: float
    gain_db: float
    label: str = ""


@dataclass(frozen=True, slots=True)
class RankedItem:
    """A result of a system.

    `is_near_copy` marks a copy of the query, or of a better result of the same system.
    """

    item_id: str
    score: float
    is_near_copy: bool = False


Run: TypeAlias = Mapping[str, tuple[RankedItem, ...]]
"""Query id to results, best first."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sound of the library that a study uses.

    Attributes
    ----------
    path : Path
    content_hash : str
        Hexadecimal.
    label : str
        Its classes, if known, else "".
    """

    path: Path
    content_hash: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class RankedStudy:
    """The results of all systems, before excerpts are cut.

    Attributes
    ----------
    design : StudyDesign
        With its queries.
    candidates : mapping of str to Candidate
        By item id; every sound in queries, runs and controls.
    runs : mapping of str to Run
        System to results, more than `design.depth` to replace sounds that cannot be decoded.
    systems : mapping of str to mapping
        The card of each system: encoder id, dimensions, number of sounds, program version.
    notes : tuple of str
        Sentences about what was left out.
    """

    design: StudyDesign
    candidates: Mapping[str, Candidate]
    runs: Mapping[str, Run]
    systems: Mapping[str, Mapping[str, object]]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Study:
    """A study that can be rated; it never changes.

    Attributes
    ----------
    hash : str
        SHA-256 of the study files, 64 hexadecimal digits.
    design : StudyDesign
        With its queries.
    items : mapping of str to Item
    runs : mapping of str to Run
        System to results, at most `depth` each.
    """

    hash: str
    design: StudyDesign
    items: Mapping[str, Item]
    runs: Mapping[str, Run]

    def query(self, query_id: str) -> StudyQuery:
        """Return a query by its id."""
        return next(query for query in self.design.queries if query.id == query_id)

    def pool(self, query_id: str) -> tuple[str, ...]:
        """Return the union of every system's results for a query, each once, in a fixed order."""
        found = {result.item_id for run in self.runs.values() for result in run.get(query_id, ())}
        return tuple(sorted(found))
