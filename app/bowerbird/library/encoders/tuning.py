"""Tuning the built-in encoder to a library: it learns the words in the names of sounds and folders.

The gain is measured on held-out sounds before anything is written.
"""

import hashlib
import re
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from bowerbird.base.errors import EncoderError, QueryError
from bowerbird.base.files import os_reason, replace_folder
from bowerbird.base.paths import ears_path
from bowerbird.domain.name_words import describing_words, letter_runs
from bowerbird.domain.sounds import Vectors
from bowerbird.encoders.ear.encoder import FRONT_END_VERSION, EarEncoder
from bowerbird.encoders.ear.tuning import NamedSounds, centred_words, corrected, fitted_correction, units
from bowerbird.encoders.ear.words import EarWords, write_own_words
from bowerbird.encoders.registry import encoder_names, trained_ears
from bowerbird.jobs.progress import Progress, Report, ignore
from bowerbird.library.export import sound_vectors
from bowerbird.library.library import Library
from bowerbird.ranking.average_precision import average_precision

MIN_SOUNDS: Final = 200
MIN_WORDS: Final = 10
MIN_SOUNDS_PER_WORD: Final = 5
MIN_GAIN: Final = 0.01
"""Gain of mean average precision on held-out sounds that justifies a new encoder."""

MIN_STANDARD_ERRORS: Final = 3.0
"""Minimum gain in standard errors over words, because the best of nine settings gains a little by chance."""

_MOST_COMMON_SHARE: Final = 0.3
_N_FOLDERS: Final = 2
_N_FOLDS: Final = 5
_STRENGTHS: Final = (0.25, 0.5, 0.75)
_PENALTIES: Final = (3.0, 30.0, 300.0)
_NAME: Final = re.compile(r"(?!.*-(?:\d+|int8)$)[a-z0-9][a-z0-9-]{0,30}")
"""Names that end in a number or int8 would look like full ids or 8-bit weights."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """The result of tuning.

    Attributes
    ----------
    name : str
        Name for ``--encoder``.
    n_sounds, n_words : int
        Number of sounds and words that it learned from.
    before, after : float
        Mean average precision over words on held-out sounds, with the built-in and with the tuned encoder.
    """

    name: str
    n_sounds: int
    n_words: int
    before: float
    after: float


def tune(library: Library, ear: EarEncoder, name: str, *, report: Report = ignore) -> Tuned:
    """Tune the built-in encoder to a library, and store the result as a new encoder.

    Parameters
    ----------
    library : Library
    ear : EarEncoder
        The built-in encoder.
    name : str
        Of the new encoder: lower-case letters, digits and hyphens.
    report : callable

    Raises
    ------
    QueryError
        When the name is invalid, or there is too little to learn from.
    EncoderError
        When there is no gain, or it cannot be written.
    CatalogueError
        When there is no library.
    """
    is_free = name in trained_ears() or name not in encoder_names()
    is_reserved = name.split("-", maxsplit=1)[0] in {"ear", "acoustic", "clap"}
    if not is_free or is_reserved or not _NAME.fullmatch(name):
        raise QueryError(
            f"“{name}” is not a valid name. Use lower-case letters, digits and hyphens, such as “mine”. Names of other "
            "encoders are not allowed, nor names that begin with ear, acoustic or clap, or that end in a number."
        )
    if not isinstance(ear.text, EarWords):
        raise EncoderError("The word vectors of the built-in encoder are missing. Install Bowerbird again.")
    paths, vectors = sound_vectors(library, ear)
    sounds, groups = _named_sounds(paths, vectors, ear)
    vocabulary = sorted({word for words in sounds.words for word in words})
    word_vectors = dict(zip(vocabulary, _word_vectors(ear.text, ear, vocabulary), strict=True))
    folds = _folds(groups)
    baseline = _precisions(sounds, word_vectors, folds, None)
    settings = [(strength, penalty) for strength in _STRENGTHS for penalty in _PENALTIES]
    scores = []
    for n_done, setting in enumerate(settings):
        report(Progress("Measuring on held-out sounds", n_done, len(settings), "settings"))
        scores.append(_precisions(sounds, word_vectors, folds, setting))
    report(Progress("Measuring on held-out sounds", len(settings), len(settings), "settings"))
    best = int(np.argmax([precisions.mean() for precisions in scores]))
    before, after = float(baseline.mean()), float(scores[best].mean())
    if not _is_gain(scores[best] - baseline):
        raise EncoderError(
            f"Tuning brings no reliable gain: on held-out sounds, mean average precision is {after:.3f} with tuning "
            f"and {before:.3f} without. Use the built-in encoder, or give more sounds descriptive names."
        )
    strength, penalty = settings[best]
    correction = fitted_correction(sounds, word_vectors, strength=strength, penalty=penalty)
    moved = NamedSounds(corrected(sounds.learned, sounds.acoustic, correction), sounds.acoustic, sounds.words)
    _write(name, ear, correction, centred_words(moved, word_vectors))
    return Tuned(name, len(sounds.words), len(vocabulary), before, after)


def remove_ear(name: str) -> int:
    """Delete a tuned encoder; return how many bytes were freed.

    Raises
    ------
    EncoderError
        When it cannot be written.
    """
    folder = ears_path() / name
    n_bytes = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise EncoderError(
            f"{folder} cannot be deleted ({os_reason(error)}). Close other programs that use it."
        ) from error
    return n_bytes


def _named_sounds(paths: Sequence[Path], vectors: Vectors, ear: EarEncoder) -> tuple[NamedSounds, list[str]]:
    """Return the sounds whose names share words with others, and for each a key shared by takes of a sound."""
    paths, vectors, names = _without_copies(paths, vectors)
    counts = Counter(word for words in names for word in words)
    most = max(MIN_SOUNDS_PER_WORD, _MOST_COMMON_SHARE * len(paths))
    usable = {word for word, n in counts.items() if MIN_SOUNDS_PER_WORD <= n <= most}
    words = [tuple(sorted(name & usable)) for name in names]
    chosen = [i for i, name in enumerate(words) if name]
    if len(chosen) < MIN_SOUNDS or len(usable) < MIN_WORDS:
        raise QueryError(
            f"There is too little to learn from: {len(chosen):,} sounds share {len(usable):,} words in their names. "
            f"{MIN_SOUNDS} sounds with {MIN_WORDS} words, each in {MIN_SOUNDS_PER_WORD} names, are needed. Index more "
            "folders, or give more sounds descriptive names."
        )
    learned = ear.blocks["meaning"]
    sounds = NamedSounds(
        units(vectors[chosen][:, learned]), units(vectors[chosen][:, learned.stop :]), tuple(words[i] for i in chosen)
    )
    return sounds, [f"{paths[i].parent}/{' '.join(sorted(letter_runs(paths[i].stem)))}" for i in chosen]


def _without_copies(paths: Sequence[Path], vectors: Vectors) -> tuple[list[Path], Vectors, list[set[str]]]:
    """Merge copies of a sound and the words of their names, so that no held-out sound has a copy in training."""
    firsts: dict[bytes, int] = {}
    words: list[set[str]] = []
    kept: list[int] = []
    for i, path in enumerate(paths):
        key = vectors[i].tobytes()
        if key not in firsts:
            firsts[key] = len(kept)
            kept.append(i)
            words.append(set())
        words[firsts[key]] |= _words_of(path)
    return [paths[i] for i in kept], vectors[kept], words


def _words_of(path: Path) -> set[str]:
    """Return the words of a file name and of the folders just above it."""
    texts = [path.stem, *(parent.name for parent in list(path.parents)[:_N_FOLDERS])]
    return set().union(*map(describing_words, texts))


def _word_vectors(text: EarWords, ear: EarEncoder, words: Sequence[str]) -> Vectors:
    return units(text.encode(list(words))[:, ear.blocks["meaning"]])


def _folds(groups: Sequence[str]) -> npt.NDArray[np.int64]:
    """Assign each sound to a fold for cross-validation; takes of a sound stay together."""
    return np.array(
        [hashlib.blake2b(group.encode("utf-8", "replace"), digest_size=2).digest()[0] % _N_FOLDS for group in groups]
    )


def _precisions(
    sounds: NamedSounds,
    word_vectors: Mapping[str, Vectors],
    folds: npt.NDArray[np.int64],
    setting: tuple[float, float] | None,
) -> npt.NDArray[np.float64]:
    """Return the average precision of each word on held-out sounds; None for the encoder without tuning."""
    scores: dict[str, list[float]] = {word: [] for word in word_vectors}
    has_word = {word: np.zeros(len(sounds.words), bool) for word in word_vectors}
    for i, words in enumerate(sounds.words):
        for word in words:
            has_word[word][i] = True
    for number in range(_N_FOLDS):
        trained, held = np.flatnonzero(folds != number), np.flatnonzero(folds == number)
        if not len(held) or not len(trained):
            continue
        learned, meanings = sounds.learned[held], dict(word_vectors)
        if setting is not None:
            training = sounds.only(trained)
            correction = fitted_correction(training, word_vectors, strength=setting[0], penalty=setting[1])
            learned = corrected(learned, sounds.acoustic[held], correction)
            moved = NamedSounds(
                corrected(training.learned, training.acoustic, correction), training.acoustic, training.words
            )
            meanings |= centred_words(moved, word_vectors)
        for word, vector in meanings.items():
            is_relevant = has_word[word][held]
            if is_relevant.any():
                scores[word].append(average_precision(is_relevant[np.argsort(-(learned @ vector), kind="stable")]))
    return np.array([np.mean(values) if values else 0.0 for values in scores.values()])


def _is_gain(gains: npt.NDArray[np.float64]) -> bool:
    """Return whether the gain over words is significant and large enough."""
    error = float(gains.std(ddof=1) / np.sqrt(len(gains)))
    return bool(gains.mean() >= max(MIN_GAIN, MIN_STANDARD_ERRORS * error))


def _write(name: str, ear: EarEncoder, correction: Vectors, words: Mapping[str, Vectors]) -> None:
    """Write the folder of a tuned encoder, whole or not at all."""
    folder = ears_path() / name
    card = ear.card

    def fill(draft: Path) -> None:
        shutil.copyfile(card.network, draft / card.network.name)
        np.save(draft / "correction.npy", correction)
        write_own_words(card.words, draft / card.words.name, words)
        digest = hashlib.sha256((draft / "correction.npy").read_bytes()).hexdigest()
        text = (
            f'name = "{name}"\ntitle = "Your ear, {name}"\nkind = "ear"\n'
            f'summary = "The built-in ear, tuned to the names of your own sounds"\n'
            f"front_end_version = {FRONT_END_VERSION}\n"
            f'network = "{card.network.name}"\nsha256 = "{card.sha256}"\nwords = "{card.words.name}"\n'
            f"n_learned = {card.n_learned}\nmeaning_weight = {card.meaning_weight}\n"
            f'correction = "correction.npy"\ncorrection_sha256 = "{digest}"\n'
        )
        (draft / "ear.toml").write_text(text, "utf-8")

    try:
        replace_folder(folder, fill)
    except OSError as error:
        raise EncoderError(
            f"The encoder cannot be written to {folder} ({os_reason(error)}). Free some space."
        ) from error
