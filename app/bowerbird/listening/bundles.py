"""Studies that travel: one file with everything raters need, one file back with what they answered, and the joining.

A bundle holds the frozen study alone: no path, no name of a sound, no rating. It opens where there is no library.
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
from bowerbird.base.paths import studies_path
from bowerbird.listening.response_store import ResponseStore
from bowerbird.listening.responses import Choice, Event, Rater, Rating, Responses
from bowerbird.listening.store import MANIFEST_NAME, StudyFolder, open_study, study_file_names
from bowerbird.listening.tables import answer_tables, read_answers

BUNDLE_ENDING: Final = ".bowerbird"
RATINGS_ENDING: Final = ".ratings"

_STUDY_NAME: Final = "study.json"
_MAX_BYTES: Final = 4_000_000_000
_MAX_FILES: Final = 100_000
_Row = TypeVar("_Row", Rating, Choice)


@dataclass(frozen=True, slots=True)
class MergeResult:
    """What joining answers came to.

    Attributes
    ----------
    n_raters, n_answers : int
        New ones.
    n_known : int
        Responses that were here already.
    n_conflicts : int
        Responses that claim the place of another one; both were kept.
    renamed : tuple of (str, str)
        Raters whose pseudonym somebody else had here, and what they are called now.
    """

    n_raters: int
    n_answers: int
    n_known: int
    n_conflicts: int
    renamed: tuple[tuple[str, str], ...] = ()


def write_bundle(folder: StudyFolder, out: Path) -> None:
    """Pack a study into one file.

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
    """Unpack a bundle among the studies that are here, or find the same study there.

    Raises
    ------
    StudyError
        When it is none, is damaged, or another study has its name.
    """
    studies = studies_path()
    draft = studies / f".{path.stem}.draft"
    try:
        studies.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(draft, ignore_errors=True)
        with zipfile.ZipFile(path) as bundle:
            _check_names(bundle, path)
            bundle.extractall(draft)
            names = set(bundle.namelist())
        opened = open_study(draft)
        study = opened.study
        if not names <= set(study_file_names(opened)):
            raise StudyError(f"`{path.name}` holds files that are no part of the study. Ask for it to be made again.")
        target = studies / study.design.name
        if target.exists():
            known = open_study(target)
            if known.study.hash != study.hash:
                raise StudyError(
                    f"Another study is called {study.design.name} here. Rename its folder {target} and try again."
                )
        else:
            draft.replace(target)
        return open_study(target)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise StudyError(f"`{path.name}` is no bundle, or is damaged. Ask for it to be sent again.") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StudyError(f"`{path.name}` cannot be opened ({reason}). Check the path and the free space.") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def write_answers(folder: StudyFolder, out: Path) -> Responses:
    """Pack what was answered here into one file, to be sent back; return it.

    Raises
    ------
    StudyError
        When nobody has answered, or it cannot be written.
    """
    with ResponseStore(folder.path) as file:
        answers = file.responses()
    if not answers.raters:
        raise StudyError("Nobody has rated yet. `bowerbird study rate` begins.")
    study = {"name": folder.study.design.name, "study_hash": folder.study.hash}
    texts = {_STUDY_NAME: json.dumps(study), **answer_tables(answers, study_id=folder.study.design.name)}

    def fill(bundle: zipfile.ZipFile) -> None:
        for name, text in texts.items():
            bundle.writestr(name, text, compress_type=zipfile.ZIP_DEFLATED)

    _write_zip(out, fill)
    return answers


def merge(folder: StudyFolder, path: Path) -> MergeResult:
    """Join answers that were given elsewhere to those that are here. Doing it twice changes nothing.

    Raises
    ------
    StudyError
        When the file is none, is damaged, or belongs to another study.
    """
    answers = _answers_in(path, folder)
    with ResponseStore(folder.path) as file:
        here = file.responses()
        raters, renamed = _new_raters(here.raters, answers.raters)
        ratings, n_known, n_conflicts = _new_rows(here.ratings, answers.ratings)
        choices, n_known_choices, n_conflicting = _new_rows(here.choices, answers.choices)
        known_events = Counter(here.events)
        events = []
        for event in answers.events:
            if known_events[event]:
                known_events[event] -= 1
            else:
                events.append(event)
        file.add_all(Responses(tuple(raters), tuple(ratings), tuple(choices), tuple(events)))
    return MergeResult(
        len(raters),
        len(ratings) + len(choices),
        n_known + n_known_choices,
        n_conflicts + n_conflicting,
        tuple(renamed),
    )


def _new_raters(here: Iterable[Rater], there: Iterable[Rater]) -> tuple[list[Rater], list[tuple[str, str]]]:
    known = {rater.id for rater in here}
    taken = {rater.pseudonym for rater in here}
    added, renamed = [], []
    for rater in there:
        if rater.id in known:
            continue
        free = rater.pseudonym
        for number in itertools.count(2):
            if free not in taken:
                break
            free = f"{rater.pseudonym} ({number})"
        if free != rater.pseudonym:
            renamed.append((rater.pseudonym, free))
        taken.add(free)
        added.append(replace(rater, pseudonym=free))
    return added, renamed


def _new_rows(here: Iterable[_Row], there: Iterable[_Row]) -> tuple[list[_Row], int, int]:
    """Return rows that are not here.

    Of two that claim one place the other one is marked, and with it all later corrections of that answer: the first
    answer's own counts.
    """
    known: dict[tuple[object, ...], set[_Row]] = {}
    disputed: set[tuple[object, ...]] = set()
    for row in here:
        known.setdefault(_key_of(row), set()).add(replace(row, is_conflict=False))
    added, n_known, n_conflicts = [], 0, 0
    for row in there:
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


def _answers_in(path: Path, folder: StudyFolder) -> Responses:
    try:
        with zipfile.ZipFile(path) as bundle:
            if sum(entry.file_size for entry in bundle.infolist()) > _MAX_BYTES:
                raise StudyError(f"`{path.name}` is too large for ratings. Ask for it to be exported again.")
            texts = {name: bundle.read(name).decode("utf-8") for name in bundle.namelist()}
        study = json.loads(texts[_STUDY_NAME])
        study_hash = study["study_hash"]
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, EOFError, RuntimeError) as error:
        raise StudyError(f"`{path.name}` holds no ratings, or is damaged. Ask for it to be exported again.") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StudyError(f"`{path.name}` cannot be read ({reason}). Check the path.") from error
    if study_hash != folder.study.hash:
        raise StudyError(
            f"`{path.name}` answers another study: its hash begins with {str(study_hash)[:12]}, this one's with "
            f"{folder.study.hash[:12]}. Merge it with the study it was made for."
        )
    answers = read_answers(texts)
    _check_fit(answers, folder, path)
    return answers


def _check_fit(answers: Responses, folder: StudyFolder, path: Path) -> None:
    """Refuse rows that cannot be of this study, whatever the file says of itself."""
    raters = {rater.id for rater in answers.raters}
    queries = {query.id for query in folder.study.design.queries}
    rows: list[Rating | Choice] = [*answers.ratings, *answers.choices]
    for row in rows:
        _check_values(row, folder, path)
        items = {row.item_id} if isinstance(row, Rating) else {row.left_item, row.right_item, row.x_item} - {""}
        is_ours = row.study_hash == folder.study.hash and row.rater_id in raters and row.query_id in queries
        if not is_ours or not items <= set(folder.study.items):
            raise StudyError(f"`{path.name}` has an answer that is not of this study. Ask for it to be exported again.")
    events: tuple[Event, ...] = answers.events
    if any(event.rater_id not in raters for event in events):
        raise StudyError(f"`{path.name}` has an event of nobody. Ask for it to be exported again.")


def _check_values(row: Rating | Choice, folder: StudyFolder, path: Path) -> None:
    """Refuse answers that nobody can have given: they could never be taken out again."""
    design = folder.study.design
    names = {system.name for system in design.systems}
    if isinstance(row, Rating):
        is_possible = (
            (row.grade is None or 0 <= row.grade < len(design.scale.grades))
            and (row.slider is None or 0.0 <= row.slider <= 100.0)
            and row.presented_position >= 1
            and row.construct == design.construct
        )
    else:
        is_possible = row.kind == design.kind and {row.left_system, row.right_system} <= names
    if not is_possible or min(row.page, row.revision, row.decision_ms, row.listened_ms) < 0:
        raise StudyError(f"`{path.name}` has an answer that nobody can have given. Ask for it to be exported again.")


def _check_names(bundle: zipfile.ZipFile, path: Path) -> None:
    infos = bundle.infolist()
    is_large = len(infos) > _MAX_FILES or sum(info.file_size for info in infos) > _MAX_BYTES
    is_odd = any(
        info.filename.startswith(("/", "\\")) or ".." in Path(info.filename).parts or ":" in info.filename
        for info in infos
    )
    if is_large or is_odd or MANIFEST_NAME not in bundle.namelist():
        raise StudyError(f"`{path.name}` is no bundle of a study. `bowerbird study export` makes one.")


def _write_zip(out: Path, fill: Callable[[zipfile.ZipFile], None]) -> None:
    draft = out.with_name(f".{out.name}.draft")
    if out.is_dir() or not out.name:
        raise StudyError(f"`{out}` is a folder. Name the file to write, such as study{BUNDLE_ENDING}.")
    try:
        with zipfile.ZipFile(draft, "w") as bundle:
            fill(bundle)
        draft.replace(out)
    except OSError as error:
        draft.unlink(missing_ok=True)
        reason = (error.strerror or str(error)).lower()
        raise StudyError(f"`{out}` cannot be written ({reason}). Choose another folder.") from error
