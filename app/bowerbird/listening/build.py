"""Building a study: excerpts are cut and brought to one loudness, results are written, and everything is hashed."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

from bowerbird.audio.excerpts import EXCERPT_RATE_HZ, make_excerpt
from bowerbird.audio.writing import write_flac
from bowerbird.base.errors import AudioError, StudyError
from bowerbird.base.files import os_reason, replace_folder
from bowerbird.jobs.control import Control
from bowerbird.jobs.progress import Progress, Report, ignore
from bowerbird.listening.design import check_design
from bowerbird.listening.instructions import default_instructions
from bowerbird.listening.plan import plan_pages
from bowerbird.listening.store import EXCERPTS_NAME, HOME_NAME, StudyFolder, open_study, write_study
from bowerbird.listening.study import Item, RankedItem, RankedStudy, Run, Study, StudyDesign, StudyQuery


@dataclass(frozen=True, slots=True)
class BuiltStudy:
    """A study that can be rated, and sentences about what was left out."""

    folder: StudyFolder
    notes: tuple[str, ...]


def build_study(ranked: RankedStudy, folder: Path, *, control: Control, report: Report = ignore) -> BuiltStudy:
    """Build a study that can be rated, whole or not at all.

    A sound that cannot be decoded is left out, and the next result of each system takes its rank.

    Parameters
    ----------
    ranked : RankedStudy
    folder : Path
        Must not exist yet.
    control : Control
    report : callable

    Raises
    ------
    StudyError
        When the folder exists, or there is nothing to rate.
    Cancelled
        When the job was cancelled; nothing is left.
    """
    check_design(ranked.design)
    if folder.exists():
        raise StudyError(f"{folder} already exists. Choose another name, or delete it together with its ratings.")
    notes: list[str] = []

    def fill(draft: Path) -> None:
        (draft / EXCERPTS_NAME).mkdir()
        excerpts = _Excerpts(ranked, draft / EXCERPTS_NAME, control, report)
        design, runs = _usable(ranked, excerpts)
        notes.extend(excerpts.notes)
        write_study(draft, design, excerpts.items, runs, ranked.systems)
        home = {
            item_id: str(ranked.candidates[item_id].path).encode("utf-8", "replace").decode()
            for item_id in excerpts.items
        }
        (draft / HOME_NAME).write_text(json.dumps(home, indent=1, ensure_ascii=False), encoding="utf-8")

    try:
        replace_folder(folder, fill)
    except OSError as error:
        raise StudyError(f"Cannot write the study to {folder} ({os_reason(error)}). Choose another folder.") from error
    return BuiltStudy(open_study(folder), (*ranked.notes, *notes))


def _usable(ranked: RankedStudy, excerpts: "_Excerpts") -> tuple[StudyDesign, dict[str, Run]]:
    """Return the design and the runs without the sounds that cannot be decoded.

    Raises
    ------
    StudyError
        When nothing is left to rate.
    """
    runs: dict[str, dict[str, tuple[RankedItem, ...]]] = {name: {} for name in ranked.runs}
    queries = []
    for query in ranked.design.queries:
        for name, run in ranked.runs.items():
            runs[name][query.id] = excerpts.results(run[query.id])
        if (usable := excerpts.query(query)) is not None:
            queries.append(usable)
    queries = [query for query in queries if any(run[query.id] for run in runs.values())]
    if not any(not query.is_training for query in queries):
        raise StudyError("No query has any results, so there is nothing to rate. Check the systems.")
    ids = {query.id for query in queries}
    kept: dict[str, Run] = {
        name: {query_id: results for query_id, results in run.items() if query_id in ids} for name, run in runs.items()
    }
    design = replace(
        ranked.design,
        question=ranked.design.shown_question,
        instructions=ranked.design.instructions or "\n\n".join(default_instructions(ranked.design)),
        queries=tuple(queries),
        choice=replace(ranked.design.choice, sounds=()),
        systems=tuple(replace(system, ranking=Path(system.ranking).name) for system in ranked.design.systems),
    )
    study = Study("", design, excerpts.items, kept)
    if not any(not page.is_training for page in plan_pages(study, rater_number=0)):
        raise StudyError("All systems return the same results, so there is nothing to compare. Choose other systems.")
    return design, kept


class _Excerpts:
    """Cuts each excerpt once, when it is first needed.

    Parameters
    ----------
    ranked : RankedStudy
    folder : Path
        Of the excerpts.
    control : Control
    report : callable
    """

    def __init__(self, ranked: RankedStudy, folder: Path, control: Control, report: Report) -> None:
        self._ranked = ranked
        self._folder = folder
        self._control = control
        self._report = report
        self._depth = ranked.design.depth
        self._errors: dict[str, str] = {}
        results = (found[: self._depth] for run in ranked.runs.values() for found in run.values())
        wanted = {result.item_id for found in results for result in found}
        wanted |= {item_id for query in ranked.design.queries for item_id in (query.item_id, query.far_id)} - {""}
        self._n_wanted = len(wanted)
        self.items: dict[str, Item] = {}
        self.notes: list[str] = []

    def results(self, ranked: tuple[RankedItem, ...]) -> tuple[RankedItem, ...]:
        """Return the best results that can be decoded, as many as are rated."""
        kept: list[RankedItem] = []
        for result in ranked:
            if len(kept) == self._depth:
                break
            if self._cut(result.item_id):
                kept.append(result)
        return tuple(kept)

    def query(self, query: StudyQuery) -> StudyQuery | None:
        """Return a query without a low anchor that cannot be decoded; None when its reference cannot be decoded.

        Raises
        ------
        StudyError
            When the query was chosen by hand.
        """
        if query.item_id and not self._cut(query.item_id):
            error = self._errors[query.item_id]
            if self._ranked.design.choice.how == "sounds" and not query.is_training:
                raise StudyError(f"A query cannot be played. {error}")
            self.notes.append(f"A query was left out. {error}")
            return None
        return query if not query.far_id or self._cut(query.far_id) else replace(query, far_id="")

    def _cut(self, item_id: str) -> bool:
        self._control.check()
        if item_id in self.items:
            return True
        if item_id in self._errors:
            return False
        candidate, design = self._ranked.candidates[item_id], self._ranked.design
        try:
            excerpt = make_excerpt(candidate.path, longest_s=design.excerpt_s, target_lufs=design.target_lufs)
        except AudioError as error:
            self._errors[item_id] = str(error)
            self.notes.append(str(error))
            return False
        write_flac(self._folder / f"{item_id}.flac", excerpt.samples, EXCERPT_RATE_HZ)
        self.items[item_id] = Item(
            item_id,
            candidate.content_hash,
            round(excerpt.start_s, 4),
            round(excerpt.duration_s, 4),
            round(excerpt.lufs, 2),
            round(excerpt.gain_db, 2),
            candidate.label,
        )
        n_items = len(self.items)
        self._report(Progress("Cutting excerpts", n_items, max(self._n_wanted, n_items), "excerpts"))
        return True
