"""Designing a study, without Qt: usable defaults, problems beside their fields, and creating the study."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from gui_studies_desk import FakeDesign, Queries, Thread

from bowerbird.base import paths
from bowerbird.catalogue.sqlite.reader import CatalogueReader
from bowerbird.catalogue.sqlite.writer import Catalogue
from bowerbird.gui.listening.study_design_fields import FIELDS, value_at, with_value
from bowerbird.gui.listening.study_design_presenter import StudyDesignPresenter
from bowerbird.listening import making
from bowerbird.listening.store import StudyFolder, open_study
from bowerbird.listening.study import GRADES, Comparison, System


class Desk:
    def __init__(self, library: Path, sounds: Path) -> None:
        self.view = FakeDesign()
        self.thread = Thread()
        self.selected: list[Path] = [sounds / "Drums" / "Kick 1.wav", sounds / "Tones" / "Tone 07.wav"]
        self.typed = ""
        self.rated: list[StudyFolder] = []
        self.n_made = 0
        self.labels: list[Path | None] = []
        self.presenter = StudyDesignPresenter(
            self.view,
            library,
            queries=Queries(),
            jobs=self.thread.jobs,
            selected=lambda: self.selected,
            typed=lambda: self.typed,
            made=self._made,
            rate=self.rated.append,
            labels_chosen=self.labels.append,
        )
        self.presenter.opened()

    def _made(self) -> None:
        self.n_made += 1

    @property
    def problems(self) -> dict[str, str]:
        return dict(self.view.state.problems)

    def key(self, name: str) -> int:
        return next(row.key for row in self.view.state.system_rows if row.system.name == name)

    def create(self) -> None:
        self.presenter.create()
        self.thread.finish()

    def shrink(self) -> None:
        """Change the design to a study that is quick to create."""
        self.presenter.change("choice.n_queries", 1)
        self.presenter.change("n_training", 0)
        self.presenter.change("depth", 1)


@pytest.fixture
def desk(indexed: Path, sounds: Path) -> Iterator[Desk]:
    desk = Desk(indexed, sounds)
    yield desk
    desk.thread.close()


def test_the_defaults_are_a_valid_design(desk: Desk):
    state = desk.view.state
    assert state.can_create
    assert state.problems == {}
    assert [system.name for system in state.design.systems] == ["ear", "acoustic", "random"]
    assert state.design.planned == (Comparison("ear", "acoustic"),)
    assert state.design.name == "study-1"
    assert state.estimate.startswith("Estimate: ")
    assert state.estimate.endswith("per rater")


def test_every_field_can_be_read_and_written(desk: Desk):
    design = desk.view.state.design
    for field in FIELDS:
        value = value_at(design, field.path)
        assert with_value(design, field.path, value) == design, field.path
        if field.kind == "choice":
            assert value in [choice for choice, _ in field.choices]


def test_the_created_study_has_the_design(desk: Desk):
    desk.shrink()
    desk.presenter.change("title", "Which is closer?")
    desk.presenter.change("name", "closer")
    desk.create()
    made = open_study(paths.studies_path() / "closer").study
    assert (made.design.title, made.design.depth, len(made.design.queries)) == ("Which is closer?", 1, 1)
    assert desk.view.created[0].startswith("“Which is closer?” was created: ")
    assert desk.n_made == 1
    desk.presenter.rate()
    assert [folder.path.name for folder in desk.rated] == ["closer"]
    assert desk.view.n_closed == 1


def test_progress_is_shown_and_ends(desk: Desk):
    desk.shrink()
    desk.create()
    texts = [job.activity for job, _ in desk.view.jobs if job is not None]
    assert texts[0] == "Reading the library"
    assert desk.view.jobs[-1] == (None, None)


def test_a_cancelled_study_leaves_nothing_and_the_design_stays(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    def rank(library, design, *, labels, control, report):
        desk.presenter.cancel()
        control.check()
        raise AssertionError("the job was not cancelled")

    monkeypatch.setattr(making, "rank_study", rank)
    desk.presenter.change("title", "Kept")
    desk.create()
    assert not list(paths.studies_path().glob("*"))
    assert desk.view.state.design.title == "Kept"
    assert (desk.view.created, desk.view.error) == ([], None)


def test_a_study_that_cannot_be_created_shows_the_error(desk: Desk, tmp_path: Path):
    theirs = tmp_path / "theirs.trec"
    theirs.write_text("no run at all")
    desk.shrink()
    desk.presenter.add_ranking(theirs)
    desk.create()
    assert "Line 1 of the ranking" in desk.view.error
    assert desk.view.state.can_create


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("name", "Not a name", "Use only lowercase letters"),
        ("title", " ", "Enter a title"),
        ("depth", 60, "Depth is 60; use 1 to 50."),
        ("near_copy_cosine", 2.0, "use a share from 0 to 1"),
        ("choice.n_queries", 53, "The library has only 54 sounds; with training pages the study needs 55"),
        ("scale.grades", ("one",), "Enter two to ten grades"),
    ],
)
def test_a_problem_is_shown_beside_its_field_until_it_is_fixed(desk: Desk, path: str, value: object, sentence: str):
    before = value_at(desk.view.state.design, path)
    desk.presenter.change(path, value)
    assert sentence in desk.problems[path]
    assert not desk.view.state.can_create
    desk.presenter.create()
    assert not desk.thread.jobs.is_running
    desk.presenter.change(path, before)
    assert desk.problems == {}


def test_a_taken_name_is_a_problem_and_the_next_study_has_a_free_name(desk: Desk):
    (paths.studies_path() / "study-1").mkdir(parents=True)
    desk.presenter.change("title", "Again")
    assert desk.problems == {"name": "Another study has this name. Choose a different name."}
    desk.presenter.done()
    desk.presenter.opened()
    assert desk.view.state.design.name == "study-2"
    assert desk.view.state.design.title == "A listening test"


def test_queries_in_words_need_their_construct_and_systems_that_can_search_by_words(desk: Desk):
    desk.typed = "a long hiss duration<2"
    desk.presenter.change("choice.how", "words")
    design = desk.view.state.design
    assert (design.construct, design.choice.words) == ("matches_words", ("a long hiss",))
    assert design.scale.grades == GRADES["matches_words"]
    assert [system.name for system in design.systems] == ["ear", "random"]
    assert design.planned == (Comparison("ear", "random"),)
    assert "choice.words" in desk.view.state.shown
    assert "near_copies" not in desk.view.state.shown
    desk.presenter.change("construct", "same_kind")
    design = desk.view.state.design
    assert (design.choice.how, design.scale.grades) == ("stratified", GRADES["same_kind"])
    assert [system.name for system in design.systems] == ["ear", "acoustic", "random"]


def test_edited_grades_stay_when_the_construct_changes(desk: Desk):
    desk.presenter.change("scale.grades", ("no", "yes"))
    desk.presenter.change("construct", "replacement")
    assert desk.view.state.design.scale.grades == ("no", "yes")


def test_the_selected_sounds_are_queries(desk: Desk):
    desk.presenter.change("choice.how", "sounds")
    assert desk.view.state.sounds == "Kick 1.wav, Tone 07.wav"
    desk.selected = [Path("/a.wav"), Path("/b.wav"), Path("/c.wav")]
    desk.presenter.use_selection()
    assert desk.view.state.sounds == "a.wav, b.wav and 1 more"
    desk.selected = []
    desk.presenter.use_selection()
    assert "choice.sounds" in desk.problems


def test_a_comparison_needs_two_systems(desk: Desk):
    for name in ("acoustic", "random"):
        desk.presenter.check_system(desk.key(name), False)
    assert desk.view.state.can_create
    desk.presenter.change("kind", "preference")
    assert desk.problems == {"systems": "This trial compares two systems. Select another."}
    assert "scale.grades" not in desk.view.state.shown


def test_a_planned_comparison_follows_the_name_of_its_system_and_is_removed_with_it(desk: Desk):
    desk.presenter.add_variant(desk.key("ear"))
    key = desk.key("ear-pca27")
    desk.presenter.plan((Comparison("ear", "ear-pca27"), Comparison("ear", "random")))
    desk.presenter.change_system(key, System("small", encoder="ear", n_components=27))
    assert desk.view.state.design.planned == (Comparison("ear", "small"), Comparison("ear", "random"))
    desk.presenter.remove_system(key)
    assert desk.view.state.design.planned == (Comparison("ear", "random"),)


def test_a_saved_design_is_read_back(desk: Desk, tmp_path: Path):
    desk.presenter.change("depth", 7)
    desk.presenter.add_variant(desk.key("ear"))
    desk.presenter.save_design(tmp_path / "mine.yaml")
    saved = desk.view.state.design
    desk.presenter.done()
    desk.presenter.opened()
    assert desk.view.state.design != saved
    desk.presenter.open_design(tmp_path / "mine.yaml")
    assert desk.view.state.design == saved


def test_an_invalid_design_file_is_refused_and_nothing_changes(desk: Desk, tmp_path: Path):
    (tmp_path / "odd.yaml").write_text("title: [")
    before = desk.view.state.design
    desk.presenter.open_design(tmp_path / "odd.yaml")
    assert "is not valid YAML" in desk.view.error
    assert desk.view.state.design == before


def test_a_file_that_cannot_be_written_is_an_error(desk: Desk, tmp_path: Path):
    desk.presenter.save_design(tmp_path / "no such folder" / "mine.yaml")
    assert "Cannot write" in desk.view.error


def test_queries_are_spread_over_the_classes_in_a_labels_file(desk: Desk, tmp_path: Path, sounds: Path):
    table = tmp_path / "labels.csv"
    table.write_text("path,class\n" + "".join(f"{path},{path.parent.name}\n" for path in sounds.glob("*/*.wav")))
    desk.presenter.choose_labels(table)
    assert (desk.view.state.labels, desk.labels) == ("labels.csv", [table])
    desk.shrink()
    desk.presenter.change("choice.n_queries", 4)
    desk.create()
    made = open_study(paths.studies_path() / "study-1").study
    assert {query.stratum.partition(", ")[2] for query in made.design.queries} == {"Drums", "Tones"}
    assert {item.label for item in made.items.values()} <= {"Drums", "Tones"}


def test_an_invalid_labels_file_is_refused(desk: Desk, tmp_path: Path):
    (tmp_path / "odd.csv").write_text("nothing\n1\n")
    desk.presenter.choose_labels(tmp_path / "odd.csv")
    assert "has no columns" in desk.view.error
    assert desk.labels == []


def test_an_empty_library_has_a_single_problem(indexed: Path, sounds: Path, tmp_path: Path):
    shutil.copytree(indexed, tmp_path / "library")
    with CatalogueReader(tmp_path / "library") as reader:
        (folder,) = reader.folders()
    with Catalogue(tmp_path / "library") as catalogue:
        catalogue.remove_folder(folder.id)
    desk = Desk(tmp_path / "library", sounds)
    assert desk.problems == {"": "The library has no indexed sounds yet. Add a folder first."}
    assert not desk.view.state.can_create
