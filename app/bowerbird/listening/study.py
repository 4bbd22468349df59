"""Listening tests as values: what a study asks, of which sounds and systems. What raters answer is in `ratings`."""

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
    "sounds_alike": "How much does each sound like the first?",
    "same_kind": "Is each the same kind of thing as the first?",
    "replacement": "Would each serve in place of the first?",
    "matches_words": "How well does each match the words?",
}
PREFERRED: Final[Mapping[Construct, str]] = {
    "sounds_alike": "Which list sounds more like the first?",
    "same_kind": "Which list has more of the same kind of thing?",
    "replacement": "Which list would serve better in place of the first?",
    "matches_words": "Which list matches the words better?",
}
WHICH_IS_X: Final = "Which of the two is X?"
GRADES: Final[Mapping[Construct, tuple[str, ...]]] = {
    "sounds_alike": ("Not alike", "A little alike", "Much alike", "Nearly the same"),
    "same_kind": ("Another kind", "Distantly related", "Closely related", "The same kind"),
    "replacement": ("Useless", "With much work", "With little work", "As it is"),
    "matches_words": ("Not at all", "In part", "Well", "Exactly"),
}
MAX_PER_PAGE: Final = 9
"""Candidates have the keys 1 to 9."""

MAX_SYSTEMS: Final = 12


@dataclass(frozen=True, slots=True)
class Scale:
    """What raters answer with.

    Attributes
    ----------
    grades : tuple of str
        Worst first; grade 0 is the first. Empty for a slider alone.
    has_slider : bool
        A line from 0 to 100 without a place to begin with.
    """

    grades: tuple[str, ...] = GRADES["sounds_alike"]
    has_slider: bool = False


@dataclass(frozen=True, slots=True)
class QueryChoice:
    """How queries are chosen.

    Attributes
    ----------
    how : str
        stratified: over length, and class or folder; random; sounds: those of `sounds`; words: those of `words`.
    n_queries : int
        For stratified and random.
    sounds : tuple of str
        Paths. They stay at home: the study that is frozen knows sounds by their content alone.
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
        As the report has it: letters, digits, ``-`` and ``_``.
    kind : str
        encoder: vectors of the library; ranking: a file that was computed elsewhere; random: by chance, for scale.
    encoder : str
        Name of one that the library has vectors of.
    n_components : int
        Principal components that are kept; 0 for all dimensions.
    search : str
        cosine; inner_product; nearest: by Euclidean distance.
    aspects : mapping of str to float
        Weights of the vector's named parts; those not named have 1.
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
    """Trials whose right answer is known.

    Attributes
    ----------
    identical_share : float
        Of pages that hold the query itself among the candidates.
    far_share : float
        Of pages that hold a sound that no system finds near.
    repeat_share : float
        Of trials that come a second time.
    """

    identical_share: float = 0.1
    far_share: float = 0.1
    repeat_share: float = 0.07


@dataclass(frozen=True, slots=True)
class Exclusion:
    """When a rater is flagged. The report has its figures with and without them; nobody is left out silently.

    Attributes
    ----------
    max_control_failures : float
        Share of controls graded against their nature.
    min_decision_ms : int
        A median below it is too fast to have listened.
    max_same_grade : float
        Share of the commonest grade.
    min_retest : float
        Weighted kappa of repeats with first answers.
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
    """Two systems that the study was made to compare; said before the first rating."""

    first: str
    second: str


@dataclass(frozen=True, slots=True)
class StudyQuery:
    """What candidates are compared with.

    Attributes
    ----------
    id : str
        ``q01`` and so on; ``t01`` for those of the training pages.
    item_id : str
        The sound; "" where words are asked.
    words : str
    stratum : str
        What it stands for, such as ``short, drums``.
    far_id : str
        A sound that no system finds near; "" where there is none.
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
    """Everything that is decided before the first rating.

    Attributes
    ----------
    name : str
        Of the study and its folder: small letters, digits, ``-`` and ``_``.
    title : str
        As raters see it.
    construct : str
        What is judged.
    question : str
        "" for the construct's own.
    kind : str
        Of trial: grade, preference or abx.
    scale : Scale
    choice : QueryChoice
    systems : tuple of System
    depth : int
        Best results of every system that are judged.
    near_copies : str
        Copies of the query among the results are removed, flagged, or kept.
    near_copy_cosine : float
        How alike to the descriptors a copy is, at least.
    controls : Controls
    n_training : int
        Pages to learn on, which do not count.
    n_per_page : int
        Candidates on a page, controls included.
    excerpt_s : float
        Longest stretch that is played.
    target_lufs : float
        Loudness that excerpts are brought to, as far as their peaks let them.
    must_hear_share : float
        Of every excerpt, from its beginning, that must have been heard before an answer counts; of all in both lists
        where these are compared.
    break_after_min : float
        When a break is proposed.
    has_headphone_check : bool
    exclusion : Exclusion
    planned : tuple of Comparison
    seed : int
    is_pilot : bool
        Ratings are for trying the study out: the report says so on top.
    instructions : str
        "" for the usual ones.
    queries : tuple of StudyQuery
        Empty until the study is frozen.
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
    def asked(self) -> str:
        """The question as raters read it."""
        usual = {"grade": QUESTIONS[self.construct], "preference": PREFERRED[self.construct], "abx": WHICH_IS_X}
        return self.question or usual[self.kind]


@dataclass(frozen=True, slots=True)
class Item:
    """A frozen excerpt.

    Attributes
    ----------
    id : str
        From its content.
    content_hash : str
        Hexadecimal; of the sound's whole file.
    start_s, duration_s : float
    lufs : float
        Before the gain.
    gain_db : float
        That the excerpt has been given.
    label : str
        Classes, where labels are known; "" else. For the report, never shown to raters.
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
    """One result of a system, best first in its ranking.

    `is_near_copy` says that it is a copy, of the query or of a better result of the same system.
    """

    item_id: str
    score: float
    is_near_copy: bool = False


Run: TypeAlias = Mapping[str, tuple[RankedItem, ...]]
"""Query id to results."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sound of the library that a study asks about or judges.

    Attributes
    ----------
    path : Path
    content_hash : str
        Hexadecimal.
    label : str
        Its classes where labels are known, else "".
    """

    path: Path
    content_hash: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class RankedStudy:
    """What a library answers to a study, before anything is frozen.

    Attributes
    ----------
    design : StudyDesign
        With its queries.
    candidates : mapping of str to Candidate
        By item id; everything that queries, runs and controls name.
    runs : mapping of str to Run
        System to results, some more than `design.depth` so that one that cannot be heard is made up for.
    systems : mapping of str to mapping
        What every system was, in plain types: encoder id, dimensions, how many sounds, program version.
    notes : tuple of str
        What is worth saying, such as results of a foreign ranking that are no sounds of the library.
    """

    design: StudyDesign
    candidates: Mapping[str, Candidate]
    runs: Mapping[str, Run]
    systems: Mapping[str, Mapping[str, object]]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Study:
    """A study that can be rated: nothing in it changes any more.

    Attributes
    ----------
    hash : str
        SHA-256 over everything frozen, 64 hexadecimal digits.
    design : StudyDesign
        With its queries.
    items : mapping of str to Item
    runs : mapping of str to Run
        System to its results, `depth` of them at most.
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
