"""The studies that are here, without Qt: listed with their raters, reported, sent, joined."""

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


class Desk:
    def __init__(self) -> None:
        self.view = FakeStudies()
        self.thread = Thread()
        self.rated: list[str] = []
        self.fault: Exception | None = None
        self.presenter = StudiesPresenter(
            self.view, queries=Queries(), background=self.thread.background, rate=self._rate
        )

    def _rate(self, folder: StudyFolder) -> None:
        if self.fault is not None:
            raise self.fault
        self.rated.append(folder.path.name)


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.thread.close()


@pytest.fixture
def study() -> StudyFolder:
    return sample_study(paths.studies_path() / "tones")


def rate(folder: StudyFolder, pseudonym: str, *, n_pages: int | None = None) -> None:
    """Let somebody answer, to the end where nothing else is said."""
    with ResponseStore(folder.path) as file:
        session = RatingSession(folder, file, join(folder, file, pseudonym, {}))
        grades = itertools.cycle((0, 1, 2, 3))
        n_done = 0
        while session.page is not None and n_done != n_pages:
            for position in (None, *range(len(session.page.slots))):
                session.hear(position, 1000.0, is_start=True)
            for position in range(len(session.page.slots)):
                session.grade(position, next(grades))
            session.complete()
            n_done += 1


def test_nothing_is_read_before_somebody_looks(desk: Desk, study: StudyFolder):
    desk.presenter.refresh()
    assert desk.view.rows == []
    desk.presenter.opened()
    assert [row.name for row in desk.view.rows] == ["tones"]


def test_a_study_says_what_it_is_and_how_far_its_raters_are(desk: Desk, study: StudyFolder):
    (study.path / "home.json").write_text("{}")  # at home raters are counted, elsewhere their numbers are random
    rate(study, "heron")
    rate(study, "wren", n_pages=1)
    desk.presenter.opened()
    (row,) = desk.view.rows
    assert row.title == "Tones"
    assert row.facts.startswith("tones · 4 queries graded · good, middling, chance · ")
    assert row.raters.startswith("heron is done · wren 1 of ")
    assert row.has_ratings


def test_nobody_is_said_where_nobody_rated(desk: Desk, study: StudyFolder):
    desk.presenter.opened()
    assert desk.view.rows[0].raters == "Nobody has rated yet"
    assert not desk.view.rows[0].has_ratings


def test_a_damaged_study_is_said_and_the_others_are_listed(desk: Desk, study: StudyFolder):
    broken = sample_study(paths.studies_path() / "broken")
    next((broken.path / "excerpts").iterdir()).write_bytes(b"other")
    desk.presenter.opened()
    assert [row.name for row in desk.view.rows] == ["broken", "tones"]
    assert "was changed after the study was frozen" in desk.view.rows[0].complaint
    assert desk.view.rows[1].complaint == ""


def test_rating_opens_the_study_and_a_refusal_is_said(desk: Desk, study: StudyFolder):
    desk.presenter.opened()
    desk.presenter.rate("tones")
    assert desk.rated == ["tones"]
    desk.fault = CatalogueError("Another window rates this study. Close it.")
    desk.presenter.rate("tones")
    assert desk.view.complaint == "Another window rates this study. Close it."


def test_a_report_is_written_into_the_study_and_opened(desk: Desk, study: StudyFolder):
    for name in ("heron", "wren"):
        rate(study, name)
    desk.presenter.opened()
    desk.presenter.report("tones")
    assert desk.view.jobs[-1][0] is not None
    desk.thread.finish()
    assert desk.view.complaint == ""
    assert desk.view.opened == [study.path / "report" / "report.html"]
    assert desk.view.opened[0].is_file()
    assert desk.view.said.endswith(f" The report is in {study.path / 'report'}.")
    assert "nDCG" in desk.view.said


def test_no_report_is_made_of_nothing(desk: Desk, study: StudyFolder):
    desk.presenter.opened()
    desk.presenter.report("tones")
    desk.thread.finish()
    assert desk.view.complaint == "Nobody has rated yet. Rate it first, or merge ratings that came back."
    assert desk.view.opened == []


def test_a_study_travels_and_its_ratings_come_home(
    desk: Desk, study: StudyFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    bundle, ratings = tmp_path / "tones.bowerbird", tmp_path / "tones.ratings"
    desk.presenter.opened()
    desk.presenter.export("tones", bundle)
    desk.thread.finish()
    assert desk.view.said.startswith("tones.bowerbird holds ")
    home = paths.studies_path()
    monkeypatch.setenv("BOWERBIRD_HOME", str(tmp_path / "elsewhere"))
    desk.presenter.open_bundle(bundle)
    desk.thread.finish()
    assert desk.view.said == "“Tones” is here."
    assert [row.name for row in desk.view.rows] == ["tones"]
    rate(open_bundle(bundle), "owl")
    desk.presenter.export_ratings("tones", ratings)
    desk.thread.finish()
    assert desk.view.said.endswith(" answers of 1 rater.")
    monkeypatch.setenv("BOWERBIRD_HOME", str(home.parent))
    desk.presenter.refresh()
    desk.presenter.merge("tones", [ratings])
    desk.thread.finish()
    assert desk.view.said.startswith("tones.ratings: 1 new rater, ")
    assert desk.view.rows[0].raters == "owl is done"


def test_a_file_that_is_none_is_said(desk: Desk, study: StudyFolder, tmp_path: Path):
    (tmp_path / "odd").write_text("nothing")
    desk.presenter.opened()
    desk.presenter.merge("tones", [tmp_path / "odd"])
    desk.thread.finish()
    assert "holds no ratings" in desk.view.complaint
    desk.presenter.open_bundle(tmp_path / "odd")
    desk.thread.finish()
    assert "is no bundle" in desk.view.complaint
    desk.presenter.opened()
    assert desk.view.complaint == ""


def test_what_was_closed_is_not_read_anew(desk: Desk, study: StudyFolder):
    desk.presenter.opened()
    desk.presenter.closed()
    sample_study(paths.studies_path() / "second")
    desk.presenter.refresh()
    assert [row.name for row in desk.view.rows] == ["tones"]
