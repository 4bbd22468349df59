"""Classifiers of embeddings, which show how much of the classes they hold; the only module that imports scikit-learn.

A linear probe (multinomial logistic regression) as in HEAR (Turian et al., NeurIPS 2021 Competitions), and a network
with a hidden layer of 256 units, trained several times, as in COALA (Favory, Drossos, Virtanen and Serra, 2020). Every
sound is classified by a probe that was trained on other folds; takes of one origin are in one fold. Settings are fixed,
not chosen by the results.
"""

import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import numpy as np

from bowerbird.base.errors import QueryError
from bowerbird.benchmark.evaluation import SEED, Prepared
from bowerbird.benchmark.retrieval import Relevance
from bowerbird.domain.sounds import Vectors
from bowerbird.ranking.hits import Flags, Floats, Ints, average_precisions
from bowerbird.ranking.significance import (
    ClusteredMeans,
    bootstrap_deviations,
    clustered_means,
    percentile_limits,
    permutation_p,
    sign_flips,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

Kind: TypeAlias = Literal["linear", "mlp"]

KINDS: Final[tuple[Kind, ...]] = ("linear", "mlp")

_LEAST_EPOCHS: Final = 30
_MOST_EPOCHS: Final = 300

_BATCH_SIZE: Final = 64
_STEP: Final = 0.001
_LINEAR_STEP: Final = 0.01
_N_ITERATIONS: Final = 1_000
_SMALLEST_SD: Final = 1e-6


@dataclass(frozen=True, slots=True)
class ProbeSettings:
    """How probes are trained.

    Attributes
    ----------
    n_folds : int
    n_runs : int
        Trainings of the network, with other folds and initial weights.
    n_hidden : int
        Hidden units.
    n_steps : int
        Training steps of a network; more if they were less than 30 epochs, fewer if they were more than 300.
    seed : int
    kinds : tuple of Kind
    """

    n_folds: int = 5
    n_runs: int = 10
    n_hidden: int = 256
    n_steps: int = 2_000
    seed: int = SEED
    kinds: tuple[Kind, ...] = KINDS


@dataclass(frozen=True, slots=True)
class ProbeFigures:
    """How well a probe classifies the sounds of other folds.

    Attributes
    ----------
    system : str
    kind : Kind
    n_sounds, n_classes, n_folds, n_runs : int
    accuracy : float
        Share of sounds whose most likely class is among theirs: the mean over runs.
    low, high : float
        Its 95 % interval over groups of sounds.
    run_sd : float
        Standard deviation of the accuracy of a run; 0 for one run.
    class_accuracy : float
        Mean over classes.
    mean_ap : float
        Mean over classes of the average precision of ranking all sounds by the score of the class.
    """

    system: str
    kind: Kind
    n_sounds: int
    n_classes: int
    n_folds: int
    n_runs: int
    accuracy: float
    low: float
    high: float
    run_sd: float
    class_accuracy: float
    mean_ap: float


@dataclass(frozen=True, slots=True)
class ProbeDifference:
    """The accuracy of a probe on one system minus that on another, paired by sound.

    Attributes
    ----------
    first, second : str
    kind : Kind
    value : float
    low, high : float
        The 95 % interval.
    p : float or None
        Of the paired permutation test.
    holm_p : float or None
        Adjusted for the number of differences that are reported together.
    """

    first: str
    second: str
    kind: Kind
    value: float
    low: float
    high: float
    p: float | None
    holm_p: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ProbeResults:
    """The figures of all probes, and what their differences are computed from."""

    figures: tuple[ProbeFigures, ...]
    accuracies: dict[tuple[str, Kind], ClusteredMeans]

    def difference(self, first: str, second: str, kind: Kind, *, seed: int = SEED) -> ProbeDifference:
        """Compare two systems by a paired permutation test over groups of sounds."""
        means, others = self.accuracies[first, kind], self.accuracies[second, kind]
        value = float(means.means[0] - others.means[0])
        deviations = bootstrap_deviations(means.influences - others.influences, seed=seed)
        low, high = percentile_limits(np.array([value]), deviations)[0].tolist()
        p = permutation_p(value, sign_flips(means.shares - others.shares, seed=seed)[:, 0])
        return ProbeDifference(first, second, kind, value, low, high, p)


def check_probes(ready: Prepared) -> None:
    """Check that systems can be probed, without training.

    Raises
    ------
    QueryError
        When no system has vectors, or fewer than two classes have sounds of two groups.
    """
    if not ready.vectors:
        raise QueryError("Rankings cannot be probed. Add a system with vectors, such as --encoder ear.")
    probed(ready.relevance)


def probe_systems(ready: Prepared, settings: ProbeSettings | None = None) -> ProbeResults:
    """Probe every system that has vectors.

    Parameters
    ----------
    ready : Prepared
    settings : ProbeSettings, optional

    Raises
    ------
    QueryError
        When no system has vectors, or fewer than two classes have sounds of two groups.
    """
    settings = settings or ProbeSettings()
    check_probes(ready)
    relevance = probed(ready.relevance)
    kept = relevance.carries.any(axis=0)
    targets = relevance.carries[:, kept].T
    groups = np.unique(relevance.group_codes[kept], return_inverse=True)[1].astype(np.int64)
    n_groups = int(groups.max()) + 1
    n_folds = min(settings.n_folds, n_groups, int(np.bincount(targets.argmax(axis=1)).max()))
    settings = replace(settings, n_folds=n_folds)
    figures = []
    accuracies: dict[tuple[str, Kind], ClusteredMeans] = {}
    for name, vectors in ready.vectors.items():
        own = vectors[kept]
        for kind in settings.kinds:
            n_trainings = settings.n_runs if kind == "mlp" else 1
            found = [
                scores_of(own, targets, groups, kind=kind, settings=replace(settings, seed=settings.seed + run))
                for run in range(n_trainings)
            ]
            hits = np.stack([targets[np.arange(len(own)), scores.argmax(axis=1)] for scores in found])
            by_sound = hits.mean(axis=0)
            means = clustered_means(
                by_sound[:, None], classes=np.zeros(len(own), np.int64), clusters=groups, n_clusters=n_groups
            )
            limits = percentile_limits(means.means, bootstrap_deviations(means.influences, seed=settings.seed))[0]
            low, high = np.clip(limits, 0.0, 1.0).tolist()
            by_run = hits.mean(axis=1)
            accuracies[name, kind] = means
            figures.append(
                ProbeFigures(
                    system=name,
                    kind=kind,
                    n_sounds=len(own),
                    n_classes=targets.shape[1],
                    n_folds=n_folds,
                    n_runs=n_trainings,
                    accuracy=float(means.means[0]),
                    low=low,
                    high=high,
                    run_sd=float(by_run.std(ddof=1)) if n_trainings > 1 else 0.0,
                    class_accuracy=float(np.mean([by_sound[own_class].mean() for own_class in targets.T])),
                    mean_ap=float(np.mean([_mean_ap(scores, targets) for scores in found])),
                )
            )
    return ProbeResults(tuple(figures), accuracies)


def probed(relevance: Relevance) -> Relevance:
    """Return the classes that have sounds of two groups; the others cannot be learned from other folds.

    Raises
    ------
    QueryError
        When there are fewer than two.
    """
    rows = [row for row, carries in enumerate(relevance.carries) if len(np.unique(relevance.group_codes[carries])) > 1]
    if len(rows) < 2:
        raise QueryError("Fewer than two classes have sounds of two groups, so there is nothing to classify.")
    return Relevance(tuple(relevance.classes[row] for row in rows), relevance.carries[rows], relevance.group_codes)


def scores_of(vectors: Vectors, targets: Flags, groups: Ints, *, kind: Kind, settings: ProbeSettings) -> Floats:
    """Return the score of each class for each sound, by a probe that was trained on the other folds.

    Parameters
    ----------
    vectors : ndarray, shape (n_sounds, n_dims), float32
    targets : ndarray, shape (n_sounds, n_classes), bool
    groups : ndarray, shape (n_sounds,), int64
        Sounds of a group are in the same fold.
    kind : Kind
    settings : ProbeSettings

    Returns
    -------
    ndarray, shape (n_sounds, n_classes), float64
        Probabilities; 0 for classes without a sound in the other folds.
    """
    is_single = bool((targets.sum(axis=1) == 1).all())
    scores = np.zeros(targets.shape)
    for train, test in _folds(targets, groups, n_folds=settings.n_folds, seed=settings.seed):
        mean, sd = vectors[train].mean(axis=0), vectors[train].std(axis=0)
        scaled = (vectors - mean) / np.maximum(sd, np.float32(_SMALLEST_SD))
        known = np.flatnonzero(targets[train].any(axis=0))
        if len(known) < 2:
            scores[np.ix_(test, known)] = 1.0
            continue
        wanted: NDArray[Any] = targets[train].argmax(axis=1) if is_single else targets[np.ix_(train, known)]
        probe = _new_probe(kind, is_single=is_single, n_train=len(train), settings=settings)
        with warnings.catch_warnings(), _one_thread():
            # The number of steps is fixed.
            warnings.filterwarnings("ignore", message=".*(?:Maximum iterations|lbfgs failed to converge)")
            probe.fit(scaled[train], wanted)
            scores[np.ix_(test, known)] = probe.predict_proba(scaled[test])
    return scores


def _one_thread() -> AbstractContextManager[object]:
    """Keep matrix products in one thread: those of small batches take less time than threads wait for each other."""
    from threadpoolctl import threadpool_limits  # noqa: PLC0415 - only probes need it

    limits: AbstractContextManager[object] = threadpool_limits(1)
    return limits


def _new_probe(kind: Kind, *, is_single: bool, n_train: int, settings: ProbeSettings) -> Any:
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - 1 s
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415

    if kind == "linear" and is_single:
        return LogisticRegression(max_iter=_N_ITERATIONS)
    size = min(_BATCH_SIZE, n_train)
    n_epochs = min(_MOST_EPOCHS, max(_LEAST_EPOCHS, -(-settings.n_steps * size // n_train)))
    return MLPClassifier(
        # Without hidden layers it is a logistic regression of each class.
        (settings.n_hidden,) if kind == "mlp" else (),
        learning_rate_init=_STEP if kind == "mlp" else _LINEAR_STEP,
        batch_size=size,
        max_iter=n_epochs,
        n_iter_no_change=n_epochs,
        random_state=settings.seed,
    )


def _folds(targets: Flags, groups: Ints, *, n_folds: int, seed: int) -> Iterator[tuple[Ints, Ints]]:
    """Yield training and test sounds; the folds have similar shares of each class, or of each first class."""
    from sklearn.model_selection import StratifiedGroupKFold  # noqa: PLC0415

    splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class")
        yield from splitter.split(np.zeros(len(targets)), targets.argmax(axis=1), groups)


def _mean_ap(scores: Floats, targets: Flags) -> float:
    """Return the mean over classes of the average precision of all sounds by the score of the class."""
    order = np.argsort(-scores, axis=0, kind="stable")
    hits = np.take_along_axis(targets, order, axis=0).T
    return float(average_precisions(hits, n_relevant=targets.sum(axis=0), cutoff=hits.shape[1]).mean())
