"""Tuning the ear to a library: the names that people gave their sounds teach it what their words mean.

Whether it learned something is measured on sounds it was not shown, before anything is written.
"""

import hashlib
import re
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from bowerbird.base.errors import EncoderError, QueryError
from bowerbird.base.paths import ears_path
from bowerbird.domain.names import fold, search_text
from bowerbird.domain.sounds import Vectors
from bowerbird.encoders.ear.encoder import FRONT_END_VERSION, EarEncoder
from bowerbird.encoders.ear.tuning import NamedSounds, centred_words, corrected, fitted_correction, units
from bowerbird.encoders.ear.words import EarWords, write_own_words
from bowerbird.encoders.registry import encoder_names, trained_ears
from bowerbird.library.export import sound_vectors
from bowerbird.ranking.average_precision import average_precision

MIN_SOUNDS: Final = 200
MIN_WORDS: Final = 10
MIN_SOUNDS_A_WORD: Final = 5
MIN_GAIN: Final = 0.01
"""Of mean average precision, on sounds that were held back; less is not worth an encoder of its own."""

MIN_STANDARD_ERRORS: Final = 3.0
"""How many of its standard errors over words a gain must be: the best of nine plans gains a little by chance."""

_MOST_COMMON_SHARE: Final = 0.3
_N_FOLDERS: Final = 2
_N_PARTS: Final = 5
_STRENGTHS: Final = (0.25, 0.5, 0.75)
_PENALTIES: Final = (3.0, 30.0, 300.0)
_NAME: Final = re.compile(r"(?!.*-(?:\d+|int8)$)[a-z0-9][a-z0-9-]{0,30}")
"""What ends in a number or in int8 would read as a full id, or as 8-bit weights."""

_LETTERS: Final = re.compile(r"[^\W\d_]{3,}")
_SAY_NOTHING: Final = frozenset(
    {"the", "and", "for", "with", "from", "wav", "aif", "aiff", "flac", "ogg", "sound", "sounds", "sample", "samples"}
    | {"audio", "sfx", "new", "copy", "take", "mono", "stereo", "left", "right", "loop", "loops", "one", "shot"}
    | {"oneshot", "edit", "master", "final", "mix", "untitled", "track", "version"}
)


@dataclass(frozen=True, slots=True)
class Tuned:
    """What tuning came to.

    Attributes
    ----------
    name : str
        What people write after ``--encoder``.
    n_sounds, n_words : int
        What it learned from.
    before, after : float
        Mean over words of the average precision with which each finds, among sounds that were held back, those that
        are called so: by the shipped ear, and by the tuned one.
    """

    name: str
    n_sounds: int
    n_words: int
    before: float
    after: float


def tune(
    library: Path, ear: EarEncoder, name: str, *, progress: Callable[[int, int], None] = lambda _done, _total: None
) -> Tuned:
    """Tune an ear to a library and keep it beside the shipped one, as an encoder of its own.

    Parameters
    ----------
    library : Path
    ear : EarEncoder
        The shipped one.
    name : str
        Of the new encoder: small letters, digits and hyphens.

    Raises
    ------
    QueryError
        When the name cannot be, or there is too little to learn from.
    EncoderError
        When nothing was gained, or the disk refuses.
    CatalogueError
        When there is no library.
    """
    is_free = name in trained_ears() or name not in encoder_names()
    is_taken = name.split("-", maxsplit=1)[0] in {"ear", "acoustic", "clap"}
    if not is_free or is_taken or not _NAME.fullmatch(name):
        raise QueryError(
            f"`{name}` cannot be the name of your ear. Use small letters, digits and hyphens, such as `mine`; names "
            "that begin with ear, acoustic or clap, or end in a number, are taken, and those of other encoders."
        )
    if not isinstance(ear.text, EarWords):
        raise EncoderError("The ear's words are missing. Install Bowerbird again.")
    paths, vectors = sound_vectors(library, ear)
    sounds, groups = _named(paths, vectors, ear)
    vocabulary = sorted({word for words in sounds.words for word in words})
    word_vectors = dict(zip(vocabulary, _meanings(ear.text, ear, vocabulary), strict=True))
    parts = _parts(groups)
    baseline = _precisions(sounds, word_vectors, parts, None)
    plans = [(strength, penalty) for strength in _STRENGTHS for penalty in _PENALTIES]
    scores = []
    for n_done, plan in enumerate(plans):
        progress(n_done, len(plans))
        scores.append(_precisions(sounds, word_vectors, parts, plan))
    progress(len(plans), len(plans))
    best = int(np.argmax([one.mean() for one in scores]))
    before, after = float(baseline.mean()), float(scores[best].mean())
    if not _is_gain(scores[best] - baseline):
        raise EncoderError(
            f"Your names teach the ear nothing that it can hear: on sounds that were held back, words find "
            f"{after:.3f} with tuning and {before:.3f} without, too little to tell from chance or to matter. Keep "
            "the shipped ear, or name more sounds."
        )
    strength, penalty = plans[best]
    correction = fitted_correction(sounds, word_vectors, strength=strength, penalty=penalty)
    heard = NamedSounds(corrected(sounds.learned, sounds.acoustic, correction), sounds.acoustic, sounds.words)
    _write(name, ear, correction, centred_words(heard, word_vectors))
    return Tuned(name, len(sounds.words), len(vocabulary), before, after)


def remove_ear(name: str) -> int:
    """Delete a tuned ear; return how many bytes are free now.

    Raises
    ------
    EncoderError
        When the disk refuses.
    """
    place = ears_path() / name
    n_bytes = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
    try:
        shutil.rmtree(place)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise EncoderError(f"{place} could not be deleted ({reason}). Close other programs that use it.") from error
    return n_bytes


def _named(paths: Sequence[Path], vectors: Vectors, ear: EarEncoder) -> tuple[NamedSounds, list[str]]:
    """Sounds with words in their names that others share, and a name for what takes of one sound have in common."""
    paths, vectors, said = _each_once(paths, vectors)
    counts = Counter(word for words in said for word in words)
    most = max(MIN_SOUNDS_A_WORD, _MOST_COMMON_SHARE * len(paths))
    usable = {word for word, n in counts.items() if MIN_SOUNDS_A_WORD <= n <= most}
    words = [tuple(sorted(one & usable)) for one in said]
    chosen = [place for place, one in enumerate(words) if one]
    if len(chosen) < MIN_SOUNDS or len(usable) < MIN_WORDS:
        raise QueryError(
            f"There is too little to learn from: {len(chosen):,} sounds share {len(usable):,} words in their names; "
            f"{MIN_SOUNDS} sounds with {MIN_WORDS} words, each in {MIN_SOUNDS_A_WORD} names, are needed. Index more "
            "folders, or name more sounds."
        )
    learned = ear.blocks["meaning"]
    sounds = NamedSounds(
        units(vectors[chosen][:, learned]), units(vectors[chosen][:, learned.stop :]), tuple(words[i] for i in chosen)
    )
    return sounds, [f"{paths[i].parent}/{' '.join(sorted(_LETTERS.findall(fold(paths[i].stem))))}" for i in chosen]


def _each_once(paths: Sequence[Path], vectors: Vectors) -> tuple[list[Path], Vectors, list[set[str]]]:
    """Make one of copies, with the words of all their names: a copy that is held back was shown in truth."""
    firsts: dict[bytes, int] = {}
    words: list[set[str]] = []
    kept: list[int] = []
    for place, path in enumerate(paths):
        key = vectors[place].tobytes()
        if key not in firsts:
            firsts[key] = len(kept)
            kept.append(place)
            words.append(set())
        words[firsts[key]] |= _words_of(path)
    return [paths[place] for place in kept], vectors[kept], words


def _words_of(path: Path) -> set[str]:
    """Words of a name and of the folders just above it."""
    texts = [path.stem, *(parent.name for parent in list(path.parents)[:_N_FOLDERS])]
    found = {word for text in texts for word in _LETTERS.findall(fold(search_text(text)))}
    return found - _SAY_NOTHING


def _meanings(text: EarWords, ear: EarEncoder, words: Sequence[str]) -> Vectors:
    return units(text.encode(list(words))[:, ear.blocks["meaning"]])


def _parts(groups: Sequence[str]) -> npt.NDArray[np.int64]:
    """Assign every sound to one of the parts that are held back in turn; takes of one sound stay together."""
    return np.array(
        [hashlib.blake2b(group.encode("utf-8", "replace"), digest_size=2).digest()[0] % _N_PARTS for group in groups]
    )


def _precisions(
    sounds: NamedSounds,
    word_vectors: Mapping[str, Vectors],
    parts: npt.NDArray[np.int64],
    plan: tuple[float, float] | None,
) -> npt.NDArray[np.float64]:
    """Average precision of every word among held-back sounds, in a fixed order; None is the ear as it ships."""
    scores: dict[str, list[float]] = {word: [] for word in word_vectors}
    called = {word: np.zeros(len(sounds.words), bool) for word in word_vectors}
    for place, words in enumerate(sounds.words):
        for word in words:
            called[word][place] = True
    for part in range(_N_PARTS):
        shown, held = np.flatnonzero(parts != part), np.flatnonzero(parts == part)
        if not len(held) or not len(shown):
            continue
        learned, meanings = sounds.learned[held], dict(word_vectors)
        if plan is not None:
            taught = sounds.only(shown)
            correction = fitted_correction(taught, word_vectors, strength=plan[0], penalty=plan[1])
            learned = corrected(learned, sounds.acoustic[held], correction)
            heard = NamedSounds(corrected(taught.learned, taught.acoustic, correction), taught.acoustic, taught.words)
            meanings |= centred_words(heard, word_vectors)
        for word, vector in meanings.items():
            is_called = called[word][held]
            if is_called.any():
                scores[word].append(average_precision(is_called[np.argsort(-(learned @ vector), kind="stable")]))
    return np.array([np.mean(one) if one else 0.0 for one in scores.values()])


def _is_gain(gains: npt.NDArray[np.float64]) -> bool:
    """Tell whether words gain more than chance gives."""
    error = float(gains.std(ddof=1) / np.sqrt(len(gains)))
    return bool(gains.mean() >= max(MIN_GAIN, MIN_STANDARD_ERRORS * error))


def _write(name: str, ear: EarEncoder, correction: Vectors, words: Mapping[str, Vectors]) -> None:
    """Write a folder with everything the tuned ear needs, whole or not at all."""
    place = ears_path() / name
    draft = place.with_name(f".{name}.draft")
    card = ear.card
    try:
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
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
        former = place.with_name(f".{name}.former")
        shutil.rmtree(former, ignore_errors=True)
        if place.exists():
            place.replace(former)
        draft.replace(place)
        shutil.rmtree(former, ignore_errors=True)
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        reason = (error.strerror or str(error)).lower()
        raise EncoderError(f"Your ear could not be written to {place} ({reason}). Free some space.") from error
