"""A report's folder: the page, the figures, every answer, and what was frozen, so that nothing else is needed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import floor
from pathlib import Path
from typing import Any

import numpy as np

from bowerbird.base.errors import StudyError
from bowerbird.listening.analysis.figures import mean_grades
from bowerbird.listening.analysis.grades import counting_ratings, grade_table
from bowerbird.listening.analysis.results import Results, results_of
from bowerbird.listening.report.page import (
    QRELS_NAME,
    REPORT_NAME,
    RESULTS_NAME,
    listed_files,
    report_html,
)
from bowerbird.listening.responses import Responses
from bowerbird.listening.store import MANIFEST_NAME, SYSTEMS_NAME, StudyFolder
from bowerbird.listening.study import Study
from bowerbird.listening.tables import answer_tables


@dataclass(frozen=True, slots=True)
class Report:
    """A report that was written.

    Attributes
    ----------
    path : Path
        Of the page.
    names : tuple of str
        Every file, relative to the page's folder.
    results : Results
    """

    path: Path
    names: tuple[str, ...]
    results: Results


def write_report(folder: StudyFolder, answers: Responses, out: Path, *, results: Results | None = None) -> Report:
    """Evaluate a study and write everything that its report consists of into a folder.

    A report that is there already is written over, file by file; each file is whole or as it was.

    Parameters
    ----------
    folder : StudyFolder
    answers : Responses
        Of this study.
    out : Path
        Made where it does not exist.
    results : Results, optional
        Of these answers, where they are known already.

    Raises
    ------
    StudyError
        When the folder holds another study, or the disk refuses.
    """
    study = folder.study
    try:
        _refuse_another(folder, out)
        systems = _systems(folder)
        if results is None:
            results = results_of(study, answers)
        made = {
            REPORT_NAME: report_html(study, results, systems=systems),
            RESULTS_NAME: json.dumps(results.to_json(), indent=2, ensure_ascii=False, allow_nan=False) + "\n",
            QRELS_NAME: qrels(study, answers),
            **answer_tables(answers, study_id=study.design.name),
        }
        names = tuple(file.name for file in listed_files(study))
        # The page comes last: where it stands, all that it lists is there.
        for name in reversed(names):
            data = made[name].encode("utf-8", "replace") if name in made else (folder.path / name).read_bytes()
            _put(out / name, data)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StudyError(f"The report cannot be written to `{out}` ({reason}). Choose another folder.") from error
    return Report(out / REPORT_NAME, names, results)


def qrels(study: Study, answers: Responses) -> str:
    """Return judgements in TREC's form, ``query 0 item grade``.

    A pair's grade is the mean over its raters, rounded, halves upwards; controls, repeats and training are left out.
    Empty where no grades were asked for.
    """
    if study.design.kind != "grade":
        return ""
    rater_ids = list(dict.fromkeys(rating.rater_id for rating in answers.ratings))
    table = grade_table(study, counting_ratings(answers), rater_ids=rater_ids)
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
        raise StudyError(f"`{out}` holds another study, or a report on one. Name an empty folder.")


def _systems(folder: StudyFolder) -> Mapping[str, Mapping[str, Any]]:
    """Return what every system was; what is no such table is left to the design."""
    known = json.loads((folder.path / SYSTEMS_NAME).read_text(encoding="utf-8"))
    return {str(name): card for name, card in known.items() if isinstance(card, Mapping)}


def _put(path: Path, data: bytes) -> None:
    """Write a file whole, or leave what was there."""
    if path.is_file() and path.read_bytes() == data:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    try:
        draft.write_bytes(data)
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
