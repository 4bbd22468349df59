"""The files of a study, and the hash that proves that they have not changed.

    study.yaml      the design, with its queries
    items.csv       all excerpts: content hash, duration, loudness, gain; no names, no paths
    systems.json    the systems: encoder id, index, program version
    runs/*.trec     the results of each system, ``query Q0 item rank score tag``
    excerpts/*.flac
    study.sha256    the SHA-256 of each of these files, as written by sha256sum
    home.json       the paths of the sounds; not part of the study, never sent
    ratings.sqlite3 the responses; not part of the study

The study's hash is that of ``study.sha256``.
"""

import csv
import hashlib
import io
import json
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from bowerbird.base.errors import StudyError
from bowerbird.base.files import os_reason
from bowerbird.base.paths import studies_path
from bowerbird.listening.design import design_yaml, parse_design
from bowerbird.listening.study import Item, RankedItem, Run, Study, StudyDesign

DESIGN_NAME: Final = "study.yaml"
ITEMS_NAME: Final = "items.csv"
SYSTEMS_NAME: Final = "systems.json"
RUNS_NAME: Final = "runs"
EXCERPTS_NAME: Final = "excerpts"
MANIFEST_NAME: Final = "study.sha256"
HOME_NAME: Final = "home.json"

_MANIFEST_LINE: Final = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9_.@+/-]+)")
_NEAR_COPY_TAG: Final = "near-copy"


@dataclass(frozen=True, slots=True)
class StudyFolder:
    """A study and its folder."""

    path: Path
    study: Study

    def excerpt(self, item_id: str) -> Path:
        """Return the path of an excerpt."""
        return self.path / EXCERPTS_NAME / f"{item_id}.flac"


def study_named(name: str | Path) -> StudyFolder:
    """Open a study by the name of one of the user's studies, or by its folder.

    Raises
    ------
    StudyError
        When there is none, or it was changed.
    """
    folder = studies_path() / name
    if is_study(folder):
        return open_study(folder)
    path = Path(name).expanduser().absolute()
    if not path.exists():
        raise _unknown_study(name)
    return open_study(path)


def user_studies() -> list[Path]:
    """Return the folders of the user's studies, by name."""
    return sorted(path for path in studies_path().glob("*") if is_study(path))


def remove_study(name: str) -> None:
    """Delete one of the user's studies, damaged or not, with its responses.

    Raises
    ------
    StudyError
        When there is none, or it cannot be written.
    """
    folder = studies_path() / name
    if Path(name).name != name or not (is_study(folder) or (folder / DESIGN_NAME).is_file()):
        raise _unknown_study(name)
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise StudyError(f"Cannot delete {folder} ({os_reason(error)}). Close other programs that use it.") from error


def _unknown_study(name: str | Path) -> StudyError:
    return StudyError(f"There is no study named {name}. Run `bowerbird study list` to see all studies.")


def is_study(folder: Path) -> bool:
    """Return whether a folder contains a study."""
    return (folder / MANIFEST_NAME).is_file()


def write_study(
    folder: Path,
    design: StudyDesign,
    items: Mapping[str, Item],
    runs: Mapping[str, Run],
    systems: Mapping[str, Mapping[str, Any]],
) -> StudyFolder:
    """Write the files of a study, whose excerpts exist already, and their hashes.

    Raises
    ------
    StudyError
        When it cannot be written.
    """
    try:
        (folder / DESIGN_NAME).write_text(design_yaml(design), encoding="utf-8")
        (folder / ITEMS_NAME).write_text(items_csv(items.values()), encoding="utf-8", newline="")
        (folder / SYSTEMS_NAME).write_text(json.dumps(systems, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        (folder / RUNS_NAME).mkdir(exist_ok=True)
        for name, run in runs.items():
            (folder / RUNS_NAME / f"{name}.trec").write_text(run_trec(run, name), encoding="utf-8")
        manifest = "".join(
            f"{_sha256(folder / name)}  {name}\n" for name in sorted(_file_names(list(runs), list(items)))
        )
        (folder / MANIFEST_NAME).write_text(manifest, encoding="utf-8")
    except OSError as error:
        raise StudyError(f"Cannot write the study to {folder} ({os_reason(error)}). Free some disk space.") from error
    return open_study(folder)


def open_study(folder: Path) -> StudyFolder:
    """Open a study after checking the hash of every file.

    Raises
    ------
    StudyError
        When the folder contains no study, or a file was changed.
    """
    if not is_study(folder):
        raise StudyError(f"{folder} does not contain a study. Run `bowerbird study list` to see all studies.")
    try:
        manifest = (folder / MANIFEST_NAME).read_text(encoding="utf-8")
        listed = _listed(manifest, folder)
        for name, digest in listed.items():
            if _sha256(folder / name) != digest:
                raise StudyError(
                    f"{name} of the study in {folder} was changed after the study was created. Restore the original "
                    "file, or create a new study."
                )
        design = parse_design((folder / DESIGN_NAME).read_text(encoding="utf-8"), where=DESIGN_NAME)
        items = read_items((folder / ITEMS_NAME).read_text(encoding="utf-8"))
        runs = {
            system.name: read_run((folder / RUNS_NAME / f"{system.name}.trec").read_text(encoding="utf-8"))
            for system in design.systems
        }
    except OSError as error:
        name = Path(error.filename).name if error.filename else "a file"
        raise StudyError(
            f"Cannot read {name} of the study in {folder} ({os_reason(error)}). Restore the file."
        ) from error
    except (UnicodeError, KeyError, TypeError, ValueError, IndexError) as error:
        raise StudyError(f"The study in {folder} is damaged. Restore the original files.") from error
    absent = sorted(set(_file_names(list(runs), list(items))) - set(listed))
    if absent:
        raise StudyError(f"{absent[0]} is missing in the study in {folder}. Restore the original files.")
    return StudyFolder(folder, Study(hashlib.sha256(manifest.encode()).hexdigest(), design, items, runs))


def study_file_names(folder: StudyFolder) -> list[str]:
    """Return the names of all study files, including the manifest, relative to the folder."""
    study = folder.study
    return [MANIFEST_NAME, *sorted(_file_names(list(study.runs), list(study.items)))]


def _file_names(systems: Sequence[str], item_ids: Sequence[str]) -> list[str]:
    return [
        DESIGN_NAME,
        ITEMS_NAME,
        SYSTEMS_NAME,
        *(f"{RUNS_NAME}/{name}.trec" for name in systems),
        *(f"{EXCERPTS_NAME}/{item_id}.flac" for item_id in item_ids),
    ]


def _listed(manifest: str, folder: Path) -> dict[str, str]:
    listed = {}
    for line in manifest.splitlines():
        found = _MANIFEST_LINE.fullmatch(line)
        if not found or ".." in found[2].split("/") or found[2].startswith("/"):
            raise StudyError(f"{MANIFEST_NAME} in {folder} is damaged. Restore the original file.")
        listed[found[2]] = found[1]
    return listed


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# File formats


def items_csv(items: Iterable[Item]) -> str:
    """Return items as CSV with a header."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [field.name for field in fields(Item)]
    writer.writerow(names)
    for item in items:
        writer.writerow([getattr(item, name) for name in names])
    return text.getvalue()


def read_items(text: str) -> dict[str, Item]:
    """Read the output of `items_csv`."""
    rows = csv.DictReader(io.StringIO(text))
    found = {}
    for row in rows:
        found[row["id"]] = Item(
            row["id"],
            row["content_hash"],
            float(row["start_s"]),
            float(row["duration_s"]),
            float(row["lufs"]),
            float(row["gain_db"]),
            row["label"],
        )
    return found


def run_trec(run: Run, tag: str) -> str:
    """Return a run in TREC format; the tag marks near copies of the query."""
    copy_tag = f"{tag}/{_NEAR_COPY_TAG}"
    return "".join(
        f"{query_id} Q0 {result.item_id} {rank} {result.score!r} {copy_tag if result.is_near_copy else tag}\n"
        for query_id, results in run.items()
        for rank, result in enumerate(results, start=1)
    )


def read_run(text: str) -> dict[str, tuple[RankedItem, ...]]:
    """Read a run in TREC format, ``query Q0 item rank score tag``, and sort its results by rank.

    Raises
    ------
    ValueError
        When a line has another format.
    """
    found: dict[str, list[tuple[int, RankedItem]]] = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        query_id, _, item_id, rank, score, tag = line.split()
        result = RankedItem(item_id, float(score), tag.endswith("/" + _NEAR_COPY_TAG))
        found.setdefault(query_id, []).append((int(rank), result))
    return {
        query_id: tuple(result for _, result in sorted(rows, key=lambda row: row[0]))
        for query_id, rows in found.items()
    }
