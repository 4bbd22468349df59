"""The list of studies, without Qt: progress of raters, reports, bundles and merging."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from gui_studies_desk import FakeStudies, Queries, Thread

from bowerbird.base import paths
from bowerbird.base.errors import CatalogueError
from bowerbird.gui.listening.studies_presenter import StudiesPresenter
from bowerbird.listening.bundles import open_bundle
from bowerbird.listening.raters import join
from bowerbird.listening.response_store import ResponseStore
from bowerbird.listening.session import RatingSession
from bowerbird.listening.store import StudyFolder
from listening_stage import sample_study


class Bench:
    def __init__(self) -> None:
        self.view = FakeStudies()
        self.thread = Thread()
        self.rated: list[str] = []
        self.fault: Exception | None = None
        self.presenter = StudiesPresenter(self.view, queries=Queries(), jobs=self.thread.jobs, rate=self._rate)

    def _rate(self, folder: StudyFolder) -> None:
        if self.fault is not None:
            raise self.fault
        self.rated.append(folder.path.name)


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.thread.close()


@pytest.fixture
def study() -> StudyFolder:
    return sample_study(paths.studies_path() / "tones")


def rate(folder: StudyFolder, pseudonym: str, *, n_pages: int | None = None) -> None:
    """Rate a number of pages, or all."""
    with ResponseStore(folder.path) as file:
        session = RatingSession(folder, file, join(folder, file, pseudonym, {}))
        grades = itertools.cycle((0, 1, 2, 3))
        n_done = 0
        while session.page is not None and n_done != n_pages:
            for position in (None, *range(len(session.page.slots))):
                session.record_playback(position, 1000.0, is_start=True)
            for position in range(len(session.page.slots)):
                session.grade(position, next(grades))
            session.complete()
            n_done += 1


def test_nothing_is_read_before_the_dialog_is_open(bench: Bench, study: StudyFolder):
    bench.presenter.refresh()
    assert bench.view.rows == []
    bench.presenter.opened()
    assert [row.name for row in bench.view.rows] == ["tones"]


def test_a_row_has_facts_and_the_progress_of_raters(bench: Bench, study: StudyFolder):
    (study.path / "home.json").write_text("{}")  # here raters are counted
    rate(study, "heron")
    rate(study, "wren", n_pages=1)
    bench.presenter.opened()
    (row,) = bench.view.rows
    assert row.title == "Tones"
    assert row.facts.startswith("tones · 4 queries · ratings · good, middling, chance · ")
    assert row.raters.startswith("heron done · wren 1 of ")
    assert row.has_ratings


def test_a_row_without_ratings_says_so(bench: Bench, study: StudyFolder):
    bench.presenter.opened()
    assert bench.view.rows[0].raters == "No ratings yet"
    assert not bench.view.rows[0].has_ratings


def test_a_damaged_study_has_an_error_and_the_others_are_listed(bench: Bench, study: StudyFolder):
    broken = sample_study(paths.studies_path() / "broken")
    next((broken.path / "excerpts").iterdir()).write_bytes(b"other")
    bench.presenter.opened()
    assert [row.name for row in bench.view.rows] == ["broken", "tones"]
    assert "was changed after the study was created" in bench.view.rows[0].error
    assert bench.view.rows[1].error is None


def test_rating_opens_the_study_and_shows_a_refusal(bench: Bench, study: StudyFolder):
    bench.presenter.opened()
    bench.presenter.rate("tones")
    assert bench.rated == ["tones"]
    bench.fault = CatalogueError("Another window rates this study. Close it.")
    bench.presenter.rate("tones")
    assert bench.view.error == "Another window rates this study. Close it."


def test_a_report_is_written_into_the_study_and_opened(bench: Bench, study: StudyFolder):
    for name in ("heron", "wren"):
        rate(study, name)
    bench.presenter.opened()
    bench.presenter.report("tones")
    assert bench.view.jobs[-1][0] is not None
    bench.thread.finish()
    assert bench.view.error is None
    assert bench.view.opened == [study.path / "report" / "report.html"]
    assert bench.view.opened[0].is_file()
    assert bench.view.message.endswith(f" The report is in {study.path / 'report'}.")
    assert "nDCG" in bench.view.message


def test_a_study_without_ratings_has_no_report(bench: Bench, study: StudyFolder):
    bench.presenter.opened()
    bench.presenter.report("tones")
    bench.thread.finish()
    assert bench.view.error == "There are no ratings yet. Rate the study, or merge ratings from other raters."
    assert bench.view.opened == []


def test_a_bundle_is_opened_elsewhere_and_its_ratings_are_merged(
    bench: Bench, study: StudyFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    bundle, ratings = tmp_path / "tones.bowerbird", tmp_path / "tones.ratings"
    bench.presenter.opened()
    bench.presenter.export("tones", bundle)
    bench.thread.finish()
    assert bench.view.message.startswith("tones.bowerbird contains ")
    home = paths.studies_path()
    monkeypatch.setenv("BOWERBIRD_HOME", str(tmp_path / "elsewhere"))
    bench.presenter.open_bundle(bundle)
    bench.thread.finish()
    assert bench.view.message == "“Tones” was added."
    assert [row.name for row in bench.view.rows] == ["tones"]
    rate(open_bundle(bundle), "owl")
    bench.presenter.export_ratings("tones", ratings)
    bench.thread.finish()
    assert bench.view.message.endswith(" responses from 1 rater.")
    monkeypatch.setenv("BOWERBIRD_HOME", str(home.parent))
    bench.presenter.refresh()
    bench.presenter.merge("tones", [ratings])
    bench.thread.finish()
    assert bench.view.message.startswith("tones.ratings: 1 new rater, ")
    assert bench.view.rows[0].raters == "owl done"


def test_a_wrong_file_is_refused(bench: Bench, study: StudyFolder, tmp_path: Path):
    (tmp_path / "odd").write_text("nothing")
    bench.presenter.opened()
    bench.presenter.merge("tones", [tmp_path / "odd"])
    bench.thread.finish()
    assert "contains no ratings" in bench.view.error
    bench.presenter.open_bundle(tmp_path / "odd")
    bench.thread.finish()
    assert "is not a bundle" in bench.view.error
    bench.presenter.opened()
    assert bench.view.error is None


def test_a_closed_dialog_is_not_refreshed(bench: Bench, study: StudyFolder):
    bench.presenter.opened()
    bench.presenter.closed()
    sample_study(paths.studies_path() / "second")
    bench.presenter.refresh()
    assert [row.name for row in bench.view.rows] == ["tones"]
