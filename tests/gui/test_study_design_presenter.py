"""A new study, without Qt: good at once, faults beside their fields, frozen in the background."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from gui_studies_desk import FakeDesign, Queries, Thread

from bowerbird.base import paths
from bowerbird.catalogue.sqlite.reader import CatalogueReader
from bowerbird.catalogue.sqlite.writer import Catalogue
from bowerbird.gui.listening import study_making
from bowerbird.gui.listening.study_design_fields import FIELDS, value_at, with_value
from bowerbird.gui.listening.study_design_presenter import StudyDesignPresenter
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
        self.labels: list[str] = []
        self.presenter = StudyDesignPresenter(
            self.view,
            library,
            queries=Queries(),
            background=self.thread.background,
            selected=lambda: self.selected,
            typed=lambda: self.typed,
            made=self._made,
            rate=self.rated.append,
            remember_labels=self.labels.append,
        )
        self.presenter.opened()

    def _made(self) -> None:
        self.n_made += 1

    @property
    def problems(self) -> dict[str, str]:
        return dict(self.view.state.problems)

    def key(self, name: str) -> int:
        return next(line.key for line in self.view.state.lines if line.system.name == name)

    def freeze(self) -> None:
        self.presenter.freeze()
        self.thread.finish()

    def shrink(self) -> None:
        """Make a study of it that is frozen in no time."""
        self.presenter.change("choice.n_queries", 1)
        self.presenter.change("n_training", 0)
        self.presenter.change("depth", 1)


@pytest.fixture
def desk(indexed: Path, sounds: Path) -> Iterator[Desk]:
    desk = Desk(indexed, sounds)
    yield desk
    desk.thread.close()


def test_what_is_there_at_once_is_a_study(desk: Desk):
    state = desk.view.state
    assert state.can_create
    assert state.problems == {}
    assert [system.name for system in state.design.systems] == ["ear", "acoustic", "random"]
    assert state.design.planned == (Comparison("ear", "acoustic"),)
    assert state.design.name == "study-1"
    assert state.estimate.startswith("About ")
    assert state.estimate.endswith("a rater")


def test_every_field_can_be_read_and_written(desk: Desk):
    design = desk.view.state.design
    for field in FIELDS:
        value = value_at(design, field.path)
        assert with_value(design, field.path, value) == design, field.path
        if field.kind == "choice":
            assert value in [choice for choice, _ in field.choices]


def test_a_frozen_study_is_the_one_that_was_designed(desk: Desk):
    desk.shrink()
    desk.presenter.change("title", "Which is closer?")
    desk.presenter.change("name", "closer")
    desk.freeze()
    made = open_study(paths.studies_path() / "closer").study
    assert (made.design.title, made.design.depth, len(made.design.queries)) == ("Which is closer?", 1, 1)
    assert desk.view.frozen[0].startswith("“Which is closer?” is frozen: ")
    assert desk.n_made == 1
    desk.presenter.rate()
    assert [folder.path.name for folder in desk.rated] == ["closer"]
    assert desk.view.n_closed == 1


def test_progress_is_told_and_ends(desk: Desk):
    desk.shrink()
    desk.freeze()
    texts = [job.text for job, _ in desk.view.jobs if job is not None]
    assert texts[0] == "Reading the library"
    assert desk.view.jobs[-1] == (None, "")


def test_a_study_that_is_cancelled_leaves_nothing_and_the_design_stays(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    def rank(library, design, *, labels, progress):
        desk.presenter.cancel()
        progress(0, 1)
        raise AssertionError("it went on")

    monkeypatch.setattr(study_making, "rank_study", rank)
    desk.presenter.change("title", "Kept")
    desk.freeze()
    assert not list(paths.studies_path().glob("*"))
    assert desk.view.state.design.title == "Kept"
    assert (desk.view.frozen, desk.view.complaint) == ([], "")


def test_a_study_that_cannot_be_made_says_why(desk: Desk, tmp_path: Path):
    theirs = tmp_path / "theirs.trec"
    theirs.write_text("no run at all")
    desk.shrink()
    desk.presenter.add_ranking(theirs)
    desk.freeze()
    assert "Line 1 of the ranking" in desk.view.complaint
    assert desk.view.state.can_create


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("name", "Not a name", "Use small letters"),
        ("title", " ", "Write a title"),
        ("depth", 60, "Depth is 60; it may be 1 to 50."),
        ("near_copy_cosine", 2.0, "from 0 to 1"),
        ("choice.n_queries", 53, "The library has 54 sounds; with the training pages this needs 55"),
        ("scale.grades", ("one",), "Write two to ten grades"),
    ],
)
def test_a_fault_stands_beside_its_field_and_goes_with_it(desk: Desk, path: str, value: object, said: str):
    before = value_at(desk.view.state.design, path)
    desk.presenter.change(path, value)
    assert said in desk.problems[path]
    assert not desk.view.state.can_create
    desk.presenter.freeze()
    assert not desk.thread.background.is_running
    desk.presenter.change(path, before)
    assert desk.problems == {}


def test_a_name_that_is_taken_is_said_and_the_next_study_has_a_free_one(desk: Desk):
    (paths.studies_path() / "study-1").mkdir(parents=True)
    desk.presenter.change("title", "Again")
    assert desk.problems == {"name": "A study has this name already. Choose another."}
    desk.presenter.done()
    desk.presenter.opened()
    assert desk.view.state.design.name == "study-2"
    assert desk.view.state.design.title == "A listening test"


def test_words_ask_how_well_they_match_and_only_of_systems_that_know_words(desk: Desk):
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


def test_grades_that_somebody_wrote_stay_with_another_question(desk: Desk):
    desk.presenter.change("scale.grades", ("no", "yes"))
    desk.presenter.change("construct", "replacement")
    assert desk.view.state.design.scale.grades == ("no", "yes")


def test_the_selected_sounds_are_asked(desk: Desk):
    desk.presenter.change("choice.how", "sounds")
    assert desk.view.state.sounds == "Kick 1.wav, Tone 07.wav"
    desk.selected = [Path("/a.wav"), Path("/b.wav"), Path("/c.wav")]
    desk.presenter.take_selection()
    assert desk.view.state.sounds == "a.wav, b.wav and 1 more"
    desk.selected = []
    desk.presenter.take_selection()
    assert "choice.sounds" in desk.problems


def test_a_trial_that_compares_needs_two_systems(desk: Desk):
    for name in ("acoustic", "random"):
        desk.presenter.tick(desk.key(name), False)
    assert desk.view.state.can_create
    desk.presenter.change("kind", "preference")
    assert desk.problems == {"systems": "This trial compares two systems. Tick another."}
    assert "scale.grades" not in desk.view.state.shown


def test_a_planned_comparison_follows_a_new_name_and_goes_with_its_system(desk: Desk):
    desk.presenter.add_variant(desk.key("ear"))
    key = desk.key("ear-pca27")
    desk.presenter.plan((Comparison("ear", "ear-pca27"), Comparison("ear", "random")))
    desk.presenter.change_system(key, System("small", encoder="ear", n_components=27))
    assert desk.view.state.design.planned == (Comparison("ear", "small"), Comparison("ear", "random"))
    desk.presenter.remove_system(key)
    assert desk.view.state.design.planned == (Comparison("ear", "random"),)


def test_a_design_is_read_back_as_it_was_saved(desk: Desk, tmp_path: Path):
    desk.presenter.change("depth", 7)
    desk.presenter.add_variant(desk.key("ear"))
    desk.presenter.save_design(tmp_path / "mine.yaml")
    saved = desk.view.state.design
    desk.presenter.done()
    desk.presenter.opened()
    assert desk.view.state.design != saved
    desk.presenter.open_design(tmp_path / "mine.yaml")
    assert desk.view.state.design == saved


def test_a_file_that_is_no_design_is_said_and_nothing_changes(desk: Desk, tmp_path: Path):
    (tmp_path / "odd.yaml").write_text("title: [")
    before = desk.view.state.design
    desk.presenter.open_design(tmp_path / "odd.yaml")
    assert "is no YAML" in desk.view.complaint
    assert desk.view.state.design == before


def test_a_place_that_cannot_be_written_is_said(desk: Desk, tmp_path: Path):
    desk.presenter.save_design(tmp_path / "no such folder" / "mine.yaml")
    assert "cannot be written" in desk.view.complaint


def test_classes_of_a_table_are_what_queries_are_spread_over(desk: Desk, tmp_path: Path, sounds: Path):
    table = tmp_path / "labels.csv"
    table.write_text("path,class\n" + "".join(f"{path},{path.parent.name}\n" for path in sounds.glob("*/*.wav")))
    desk.presenter.choose_labels(table)
    assert (desk.view.state.labels, desk.labels) == ("labels.csv", [str(table)])
    desk.shrink()
    desk.presenter.change("choice.n_queries", 4)
    desk.freeze()
    made = open_study(paths.studies_path() / "study-1").study
    assert {query.stratum.partition(", ")[2] for query in made.design.queries} == {"Drums", "Tones"}
    assert {item.label for item in made.items.values()} <= {"Drums", "Tones"}


def test_a_table_that_is_none_is_said_and_not_remembered(desk: Desk, tmp_path: Path):
    (tmp_path / "odd.csv").write_text("nothing\n1\n")
    desk.presenter.choose_labels(tmp_path / "odd.csv")
    assert "has no columns" in desk.view.complaint
    assert desk.labels == []


def test_an_empty_library_has_one_sentence(indexed: Path, sounds: Path, tmp_path: Path):
    shutil.copytree(indexed, tmp_path / "library")
    with CatalogueReader(tmp_path / "library") as reader:
        (folder,) = reader.folders()
    with Catalogue(tmp_path / "library") as catalogue:
        catalogue.remove_folder(folder.id)
    desk = Desk(tmp_path / "library", sounds)
    assert desk.problems == {"": "The library has no analysed sound yet. Add a folder first."}
    assert not desk.view.state.can_create
