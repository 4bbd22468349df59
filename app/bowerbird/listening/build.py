"""Freezing a study: excerpts are cut and brought to one loudness, results written down, and everything sealed."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from bowerbird.audio.excerpts import EXCERPT_RATE_HZ, make_excerpt
from bowerbird.audio.writing import write_flac
from bowerbird.base.errors import AudioError, StudyError
from bowerbird.listening.design import check_design
from bowerbird.listening.plan import plan_pages
from bowerbird.listening.store import EXCERPTS_NAME, HOME_NAME, StudyFolder, open_study, write_study
from bowerbird.listening.study import Candidate, Item, RankedItem, RankedStudy, Run, Study, StudyQuery


@dataclass(frozen=True, slots=True)
class BuiltStudy:
    """A study that was frozen, and what had to be left out on the way."""

    folder: StudyFolder
    notes: tuple[str, ...]


def freeze(
    ranked: RankedStudy,
    folder: Path,
    *,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> BuiltStudy | None:
    """Write a study that can be rated; None when it was cancelled.

    The folder appears whole or not at all. Sounds that cannot be heard are left out, and the next results of their
    systems take their places.

    Parameters
    ----------
    ranked : RankedStudy
    folder : Path
        Must not exist yet.
    progress : callable
        Gets how many excerpts are cut, and of how many at most.

    Raises
    ------
    StudyError
        When the folder exists, or a query cannot be heard.
    """
    check_design(ranked.design)
    if folder.exists():
        raise StudyError(f"{folder} exists already. Choose another name, or delete it; its ratings would be lost.")
    draft = folder.with_name(f".{folder.name}.draft")
    try:
        shutil.rmtree(draft, ignore_errors=True)
        (draft / EXCERPTS_NAME).mkdir(parents=True)
        cutter = _Cutter(ranked, draft, progress, is_cancelled)
        runs: dict[str, dict[str, tuple[RankedItem, ...]]] = {name: {} for name in ranked.runs}
        queries = []
        for query in ranked.design.queries:
            judged = {name: cutter.results(run[query.id]) for name, run in ranked.runs.items()}
            for name, results in judged.items():
                runs[name][query.id] = results
            if (heard := cutter.heard(query)) is not None:
                queries.append(heard)
        if cutter.is_stopped:
            shutil.rmtree(draft, ignore_errors=True)
            return None
        queries = [query for query in queries if any(run[query.id] for run in runs.values())]
        kept = {query.id for query in queries}
        if not any(not query.is_training for query in queries):
            raise StudyError("No query has a single result, so there is nothing to judge. Check the systems.")
        final: dict[str, Run] = {
            name: {query_id: results for query_id, results in run.items() if query_id in kept}
            for name, run in runs.items()
        }
        design = replace(
            ranked.design,
            queries=tuple(queries),
            choice=replace(ranked.design.choice, sounds=()),
            systems=tuple(replace(system, ranking=Path(system.ranking).name) for system in ranked.design.systems),
        )
        if not any(not page.is_training for page in plan_pages(Study("", design, cutter.items, final), rater_number=0)):
            raise StudyError("The systems answer every query alike, so there is nothing to compare. Choose others.")
        write_study(draft, design, cutter.items, final, ranked.systems)
        home = {
            item_id: str(ranked.candidates[item_id].path).encode("utf-8", "replace").decode()
            for item_id in cutter.items
        }
        (draft / HOME_NAME).write_text(json.dumps(home, indent=1, ensure_ascii=False), encoding="utf-8")
        draft.replace(folder)
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        reason = (error.strerror or str(error)).lower()
        raise StudyError(f"The study cannot be written to {folder} ({reason}). Choose another place.") from error
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return BuiltStudy(open_study(folder), (*ranked.notes, *cutter.notes))


class _Cutter:
    """Cuts every excerpt once, when it is first asked for."""

    def __init__(
        self,
        ranked: RankedStudy,
        draft: Path,
        progress: Callable[[int, int], None],
        is_cancelled: Callable[[], bool],
    ) -> None:
        self._ranked = ranked
        self._draft = draft
        self._progress = progress
        self._is_cancelled = is_cancelled
        self._depth = ranked.design.depth
        self._unheard: dict[str, str] = {}
        self._n_wanted = len(
            {
                result.item_id
                for run in ranked.runs.values()
                for found in run.values()
                for result in found[: self._depth]
            }
            | {item_id for query in ranked.design.queries for item_id in (query.item_id, query.far_id) if item_id}
        )
        self.items: dict[str, Item] = {}
        self.notes: list[str] = []
        self.is_stopped = False

    def results(self, found: tuple[RankedItem, ...]) -> tuple[RankedItem, ...]:
        """Return the best results that can be heard, as many as are judged."""
        kept: list[RankedItem] = []
        for entry in found:
            if len(kept) == self._depth:
                break
            if self._cut(entry.item_id):
                kept.append(entry)
        return tuple(kept)

    def heard(self, query: StudyQuery) -> StudyQuery | None:
        """Return a query whose sound can be heard, without a far sound that cannot; None for one that is left out.

        Raises
        ------
        StudyError
            When a query that was chosen by hand cannot be heard.
        """
        if query.item_id and not self._cut(query.item_id) and not self.is_stopped:
            why = self._unheard[query.item_id]
            if self._ranked.design.choice.how == "sounds" and not query.is_training:
                raise StudyError(f"A query cannot be heard. {why}")
            self.notes.append(f"A query was left out. {why}")
            return None
        return query if not query.far_id or self._cut(query.far_id) else replace(query, far_id="")

    def _cut(self, item_id: str) -> bool:
        if item_id in self.items:
            return True
        if self.is_stopped or self._is_cancelled():
            self.is_stopped = True
            return False
        if item_id in self._unheard:
            return False
        candidate: Candidate = self._ranked.candidates[item_id]
        design = self._ranked.design
        try:
            excerpt = make_excerpt(candidate.path, longest_s=design.excerpt_s, target_lufs=design.target_lufs)
        except AudioError as error:
            self._unheard[item_id] = str(error)
            self.notes.append(str(error))
            return False
        write_flac(self._draft / EXCERPTS_NAME / f"{item_id}.flac", excerpt.samples, EXCERPT_RATE_HZ)
        self.items[item_id] = Item(
            item_id,
            candidate.content_hash,
            round(excerpt.start_s, 4),
            round(excerpt.duration_s, 4),
            round(excerpt.lufs, 2),
            round(excerpt.gain_db, 2),
            candidate.label,
        )
        self._progress(len(self.items), max(self._n_wanted, len(self.items)))
        return True
