"""Studies and ratings as files to send: a bundle goes out to a rater, ratings come back and are merged.

A bundle contains the study files alone: no paths, no names of sounds, no ratings. It opens without a library.
"""

import itertools
import json
import shutil
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar

from bowerbird.base.errors import StudyError
from bowerbird.base.files import open_atomic, os_reason
from bowerbird.base.paths import studies_path
from bowerbird.listening.response_store import ResponseStore
from bowerbird.listening.responses import Choice, Rater, Rating, Responses
from bowerbird.listening.store import MANIFEST_NAME, StudyFolder, open_study, study_file_names
from bowerbird.listening.tables import read_responses, response_tables

BUNDLE_ENDING: Final = ".bowerbird"
RATINGS_ENDING: Final = ".ratings"

_STUDY_NAME: Final = "study.json"
_MAX_BYTES: Final = 4_000_000_000
_MAX_FILES: Final = 100_000
_EXPORT_AGAIN: Final = "Ask the rater to export the ratings again."
_Row = TypeVar("_Row", Rating, Choice)


@dataclass(frozen=True, slots=True)
class MergeResult:
    """What a merge changed.

    Attributes
    ----------
    n_raters, n_responses : int
        Added.
    n_known : int
        Responses that were here already.
    n_conflicts : int
        Responses to a stimulus that the same rater answered differently here; both are kept.
    renamed : tuple of (str, str)
        Raters whose alias was taken here, with their new alias.
    """

    n_raters: int
    n_responses: int
    n_known: int
    n_conflicts: int
    renamed: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> dict[str, object]:
        """Return the fields that the command line prints as JSON."""
        return {
            "n_raters": self.n_raters,
            "n_answers": self.n_responses,
            "n_known": self.n_known,
            "n_conflicts": self.n_conflicts,
            "renamed": self.renamed,
        }


def write_bundle(folder: StudyFolder, out: Path) -> None:
    """Write a study as one file.

    Raises
    ------
    StudyError
        When it cannot be written.
    """

    def fill(bundle: zipfile.ZipFile) -> None:
        for name in study_file_names(folder):  # FLAC does not compress further
            kind = zipfile.ZIP_STORED if name.endswith(".flac") else zipfile.ZIP_DEFLATED
            bundle.write(folder.path / name, name, compress_type=kind)

    _write_zip(out, fill)


def open_bundle(path: Path) -> StudyFolder:
    """Add the study in a bundle to the user's studies, unless it is there already, and open it.

    Raises
    ------
    StudyError
        When the file is not a bundle or is damaged, or another study has the same name.
    """
    draft = studies_path() / f".{path.stem}.draft"
    try:
        studies_path().mkdir(parents=True, exist_ok=True)
        shutil.rmtree(draft, ignore_errors=True)
        with zipfile.ZipFile(path) as bundle:
            _check_names(bundle, path)
            bundle.extractall(draft)
            names = set(bundle.namelist())
        opened = open_study(draft)
        study = opened.study
        if not names <= set(study_file_names(opened)):
            raise StudyError(f"{path.name} contains files that do not belong to a study. Ask for a new bundle.")
        folder = studies_path() / study.design.name
        if not folder.exists():
            draft.replace(folder)
        elif open_study(folder).study.hash != study.hash:
            raise StudyError(
                f"You have another study named {study.design.name}. Rename its folder {folder}, then try again."
            )
        return open_study(folder)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise StudyError(f"{path.name} is not a bundle, or it is damaged. Ask for it to be sent again.") from error
    except OSError as error:
        raise StudyError(f"Cannot open {path.name} ({os_reason(error)}). Check the path and the disk space.") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def write_responses(folder: StudyFolder, out: Path) -> Responses:
    """Write the responses that were given here as one file, and return them.

    Raises
    ------
    StudyError
        When there are none, or the file cannot be written.
    """
    with ResponseStore(folder.path) as store:
        responses = store.responses()
    if not responses.raters:
        raise StudyError("There are no ratings yet. Rate the study first.")
    study = {"name": folder.study.design.name, "study_hash": folder.study.hash}
    texts = {_STUDY_NAME: json.dumps(study), **response_tables(responses, study_id=folder.study.design.name)}

    def fill(bundle: zipfile.ZipFile) -> None:
        for name, text in texts.items():
            bundle.writestr(name, text, compress_type=zipfile.ZIP_DEFLATED)

    _write_zip(out, fill)
    return responses


def merge(folder: StudyFolder, path: Path) -> MergeResult:
    """Add responses that were given elsewhere. Merging a file twice changes nothing.

    Raises
    ------
    StudyError
        When the file contains no ratings, is damaged, or belongs to another study.
    """
    theirs = _read_ratings_file(path, folder)
    with ResponseStore(folder.path) as store:
        ours = store.responses()
        raters, renamed = _new_raters(ours.raters, theirs.raters)
        ratings, n_known, n_conflicts = _new_rows(ours.ratings, theirs.ratings)
        choices, n_known_choices, n_conflicting = _new_rows(ours.choices, theirs.choices)
        known_events = Counter(ours.events)
        events = []
        for event in theirs.events:
            if known_events[event]:
                known_events[event] -= 1
            else:
                events.append(event)
        store.add_all(Responses(tuple(raters), tuple(ratings), tuple(choices), tuple(events)))
    return MergeResult(
        len(raters),
        len(ratings) + len(choices),
        n_known + n_known_choices,
        n_conflicts + n_conflicting,
        tuple(renamed),
    )


def _new_raters(ours: Iterable[Rater], theirs: Iterable[Rater]) -> tuple[list[Rater], list[tuple[str, str]]]:
    known = {rater.id for rater in ours}
    aliases = {rater.pseudonym for rater in ours}
    added, renamed = [], []
    for rater in theirs:
        if rater.id in known:
            continue
        alias = rater.pseudonym
        for number in itertools.count(2):
            if alias not in aliases:
                break
            alias = f"{rater.pseudonym} ({number})"
        if alias != rater.pseudonym:
            renamed.append((rater.pseudonym, alias))
        aliases.add(alias)
        added.append(replace(rater, pseudonym=alias))
    return added, renamed


def _new_rows(ours: Iterable[_Row], theirs: Iterable[_Row]) -> tuple[list[_Row], int, int]:
    """Return the rows that are not here, and how many are known and how many conflict.

    When two rows have the same key, the later one is marked as a conflict, and so are all its corrections: the first
    row and its own corrections count.
    """
    known: dict[tuple[object, ...], set[_Row]] = {}
    disputed: set[tuple[object, ...]] = set()
    for row in ours:
        known.setdefault(_key_of(row), set()).add(replace(row, is_conflict=False))
    added, n_known, n_conflicts = [], 0, 0
    for row in theirs:
        rivals = known.setdefault(_key_of(row), set())
        plain = replace(row, is_conflict=False)
        if plain in rivals:
            n_known += 1
            continue
        if rivals or row.is_conflict:
            disputed.add(_key_of(row)[:-1])
        is_conflict = _key_of(row)[:-1] in disputed
        n_conflicts += is_conflict
        added.append(replace(row, is_conflict=is_conflict))
        rivals.add(plain)
    return added, n_known, n_conflicts


def _key_of(row: Rating | Choice) -> tuple[object, ...]:
    position = row.presented_position if isinstance(row, Rating) else 0
    return (row.rater_id, row.page, position, row.revision)


def _read_ratings_file(path: Path, folder: StudyFolder) -> Responses:
    try:
        with zipfile.ZipFile(path) as bundle:
            if sum(entry.file_size for entry in bundle.infolist()) > _MAX_BYTES:
                raise StudyError(f"{path.name} is too large to be a file of ratings. {_EXPORT_AGAIN}")
            texts = {name: bundle.read(name).decode("utf-8") for name in bundle.namelist()}
        study = json.loads(texts[_STUDY_NAME])
        study_hash = study["study_hash"]
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, EOFError, RuntimeError) as error:
        raise StudyError(f"{path.name} contains no ratings, or it is damaged. {_EXPORT_AGAIN}") from error
    except OSError as error:
        raise StudyError(f"Cannot read {path.name} ({os_reason(error)}). Check the path.") from error
    if study_hash != folder.study.hash:
        raise StudyError(
            f"{path.name} belongs to another study: its hash starts with {str(study_hash)[:12]}, this study's with "
            f"{folder.study.hash[:12]}. Merge it into the study it was rated for."
        )
    responses = read_responses(texts)
    _check_responses(responses, folder, path)
    return responses


def _check_responses(responses: Responses, folder: StudyFolder, path: Path) -> None:
    """Refuse rows that cannot belong to this study, whatever the file says."""
    raters = {rater.id for rater in responses.raters}
    queries = {query.id for query in folder.study.design.queries}
    rows: list[Rating | Choice] = [*responses.ratings, *responses.choices]
    for row in rows:
        _check_values(row, folder, path)
        items = {row.item_id} if isinstance(row, Rating) else {row.left_item, row.right_item, row.x_item} - {""}
        is_ours = row.study_hash == folder.study.hash and row.rater_id in raters and row.query_id in queries
        if not is_ours or not items <= set(folder.study.items):
            raise StudyError(f"{path.name} contains a response that does not belong to this study. {_EXPORT_AGAIN}")
    if any(event.rater_id not in raters for event in responses.events):
        raise StudyError(f"{path.name} contains an event without a rater. {_EXPORT_AGAIN}")


def _check_values(row: Rating | Choice, folder: StudyFolder, path: Path) -> None:
    """Refuse values that are out of range: a merged row is never deleted."""
    design = folder.study.design
    names = {system.name for system in design.systems}
    if isinstance(row, Rating):
        is_valid = (
            (row.grade is None or 0 <= row.grade < len(design.scale.grades))
            and (row.slider is None or 0.0 <= row.slider <= 100.0)
            and row.presented_position >= 1
            and row.construct == design.construct
        )
    else:
        is_valid = row.kind == design.kind and {row.left_system, row.right_system} <= names
    if not is_valid or min(row.page, row.revision, row.decision_ms, row.listened_ms) < 0:
        raise StudyError(f"{path.name} contains a response that is out of range. {_EXPORT_AGAIN}")


def _check_names(bundle: zipfile.ZipFile, path: Path) -> None:
    infos = bundle.infolist()
    is_large = len(infos) > _MAX_FILES or sum(info.file_size for info in infos) > _MAX_BYTES
    is_unsafe = any(
        info.filename.startswith(("/", "\\")) or ".." in Path(info.filename).parts or ":" in info.filename
        for info in infos
    )
    if is_large or is_unsafe or MANIFEST_NAME not in bundle.namelist():
        raise StudyError(f"{path.name} is not a bundle of a study. Create one with `bowerbird study export`.")


def _write_zip(out: Path, fill: Callable[[zipfile.ZipFile], None]) -> None:
    if out.is_dir() or not out.name:
        raise StudyError(f"“{out}” is a folder. Enter a file name, such as study{BUNDLE_ENDING}.")
    try:
        with open_atomic(out) as file, zipfile.ZipFile(file, "w") as bundle:
            fill(bundle)
    except OSError as error:
        raise StudyError(f"Cannot write “{out}” ({os_reason(error)}). Choose another folder.") from error
