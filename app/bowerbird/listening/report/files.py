"""The folder of a report: the page, the figures, all responses, and the study files, so that it is self-contained."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import floor
from pathlib import Path
from typing import Any, Final

import numpy as np

from bowerbird.base.errors import StudyError
from bowerbird.base.files import os_reason, write_atomic
from bowerbird.listening.analysis.grades import grade_table, valid_ratings
from bowerbird.listening.analysis.results import Results, results_of
from bowerbird.listening.report.page import (
    QRELS_NAME,
    REPORT_NAME,
    RESULTS_NAME,
    listed_files,
    report_html,
)
from bowerbird.listening.response_store import ResponseStore
from bowerbird.listening.responses import Responses
from bowerbird.listening.store import MANIFEST_NAME, SYSTEMS_NAME, StudyFolder
from bowerbird.listening.study import Study
from bowerbird.listening.tables import response_tables
from bowerbird.ranking.graded import mean_grades

FOLDER_NAME: Final = "report"
"""In the study's folder, where nothing else is chosen."""


@dataclass(frozen=True, slots=True)
class WrittenReport:
    """A report on disk.

    Attributes
    ----------
    path : Path
        Of the page.
    names : tuple of str
        All files, relative to the page's folder.
    results : Results
    """

    path: Path
    names: tuple[str, ...]
    results: Results


def report_study(folder: StudyFolder, out: Path | None = None) -> WrittenReport:
    """Evaluate the responses to a study and write its report.

    Parameters
    ----------
    folder : StudyFolder
    out : Path, optional
        In the study's own folder by default.

    Raises
    ------
    StudyError
        When there are no ratings yet, the folder holds another study, or it cannot be written.
    """
    with ResponseStore(folder.path) as store:
        responses = store.responses()
    if not responses.raters:
        raise StudyError("There are no ratings yet. Rate the study, or merge ratings from other raters.")
    return write_report(folder, responses, out or folder.path / FOLDER_NAME)


def write_report(
    folder: StudyFolder, responses: Responses, out: Path, *, results: Results | None = None
) -> WrittenReport:
    """Evaluate responses to a study and write all files of its report into a folder.

    An earlier report is overwritten file by file; each file is written whole or not at all.

    Parameters
    ----------
    folder : StudyFolder
    responses : Responses
    out : Path
        Created when it does not exist.
    results : Results, optional
        Of these responses, when they are known already.

    Raises
    ------
    StudyError
        When the folder holds another study, or it cannot be written.
    """
    study = folder.study
    try:
        _refuse_another(folder, out)
        systems = _systems(folder)
        if results is None:
            results = results_of(study, responses)
        made = {
            REPORT_NAME: report_html(study, results, systems=systems),
            RESULTS_NAME: json.dumps(results.to_json(), indent=2, ensure_ascii=False, allow_nan=False) + "\n",
            QRELS_NAME: qrels(study, responses),
            **response_tables(responses, study_id=study.design.name),
        }
        names = tuple(file.name for file in listed_files(study))
        # The page is written last: when it exists, all files that it lists exist.
        for name in reversed(names):
            data = made[name].encode("utf-8", "replace") if name in made else (folder.path / name).read_bytes()
            path = out / name
            if not (path.is_file() and path.read_bytes() == data):
                path.parent.mkdir(parents=True, exist_ok=True)
                write_atomic(path, data)
    except OSError as error:
        raise StudyError(f"Cannot write the report to “{out}” ({os_reason(error)}). Choose another folder.") from error
    return WrittenReport(out / REPORT_NAME, names, results)


def qrels(study: Study, responses: Responses) -> str:
    """Return relevance judgements in TREC format, ``query 0 item grade``.

    The grade of a pair is the mean over its raters, rounded half up; controls, repeats and training are left out.
    Empty for studies without grades.
    """
    if study.design.kind != "grade":
        return ""
    rater_ids = list(dict.fromkeys(rating.rater_id for rating in responses.ratings))
    table = grade_table(study, valid_ratings(responses), rater_ids=rater_ids)
    means = mean_grades(table.grades)
    return "".join(
        f"{query_id} 0 {item_id} {floor(means[row, index] + 0.5)}\n"
        for row, query_id in enumerate(table.query_ids)
        for index, item_id in enumerate(study.pool(query_id))
        if not np.isnan(means[row, index])
    )


def _refuse_another(folder: StudyFolder, out: Path) -> None:
    manifest = out / MANIFEST_NAME
    if manifest.is_file() and manifest.read_bytes() != (folder.path / MANIFEST_NAME).read_bytes():
        raise StudyError(f"“{out}” contains another study or its report. Choose an empty folder.")


def _systems(folder: StudyFolder) -> Mapping[str, Mapping[str, Any]]:
    """Return the cards of the systems; entries that are not tables are ignored."""
    known = json.loads((folder.path / SYSTEMS_NAME).read_text(encoding="utf-8"))
    return {str(name): card for name, card in known.items() if isinstance(card, Mapping)}
