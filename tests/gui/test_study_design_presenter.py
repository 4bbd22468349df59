"""Designing a study, without Qt: usable defaults, problems beside their fields, and creating the study."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from gui_studies_desk import FakeDesign, Queries, Thread

from bowerbird.base import paths
from bowerbird.catalogue.sqlite.reader import SqliteReader
from bowerbird.catalogue.sqlite.writer import SqliteWriter
from bowerbird.gui.listening.study_design_fields import FIELDS, value_at, with_value
from bowerbird.gui.listening.study_design_presenter import StudyDesignPresenter
from bowerbird.library.library import Library
from bowerbird.listening import making
from bowerbird.listening.store import StudyFolder, open_study
from bowerbird.listening.study import GRADES, Comparison, System


class Bench:
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
            Library.open(library),
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
def bench(indexed: Path, sounds: Path) -> Iterator[Bench]:
    bench = Bench(indexed, sounds)
    yield bench
    bench.thread.close()


def test_the_defaults_are_a_valid_design(bench: Bench):
    state = bench.view.state
    assert state.can_create
    assert state.problems == {}
    assert [system.name for system in state.design.systems] == ["ear", "acoustic", "random"]
    assert state.design.planned == (Comparison("ear", "acoustic"),)
    assert state.design.name == "study-1"
    assert state.estimate.startswith("Estimate: ")
    assert state.estimate.endswith("per rater")


def test_every_field_can_be_read_and_written(bench: Bench):
    design = bench.view.state.design
    for field in FIELDS:
        value = value_at(design, field.path)
        assert with_value(design, field.path, value) == design, field.path
        if field.kind == "choice":
            assert value in [choice for choice, _ in field.choices]


def test_the_created_study_has_the_design(bench: Bench):
    bench.shrink()
    bench.presenter.change("title", "Which is closer?")
    bench.presenter.change("name", "closer")
    bench.create()
    made = open_study(paths.studies_path() / "closer").study
    assert (made.design.title, made.design.depth, len(made.design.queries)) == ("Which is closer?", 1, 1)
    assert bench.view.created[0].startswith("“Which is closer?” was created: ")
    assert bench.n_made == 1
    bench.presenter.rate()
    assert [folder.path.name for folder in bench.rated] == ["closer"]
    assert bench.view.n_closed == 1


def test_progress_is_shown_and_ends(bench: Bench):
    bench.shrink()
    bench.create()
    texts = [job.activity for job, _ in bench.view.jobs if job is not None]
    assert texts[0] == "Reading the library"
    assert bench.view.jobs[-1] == (None, None)


def test_a_cancelled_study_leaves_nothing_and_the_design_stays(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    def rank(library, design, *, labels, control, report):
        bench.presenter.cancel()
        control.check()
        raise AssertionError("the job was not cancelled")

    monkeypatch.setattr(making, "rank_study", rank)
    bench.presenter.change("title", "Kept")
    bench.create()
    assert not list(paths.studies_path().glob("*"))
    assert bench.view.state.design.title == "Kept"
    assert (bench.view.created, bench.view.error) == ([], None)


def test_a_study_that_cannot_be_created_shows_the_error(bench: Bench, tmp_path: Path):
    theirs = tmp_path / "theirs.trec"
    theirs.write_text("no run at all")
    bench.shrink()
    bench.presenter.add_ranking(theirs)
    bench.create()
    assert "Line 1 of the ranking" in bench.view.error
    assert bench.view.state.can_create


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
def test_a_problem_is_shown_beside_its_field_until_it_is_fixed(bench: Bench, path: str, value: object, sentence: str):
    before = value_at(bench.view.state.design, path)
    bench.presenter.change(path, value)
    assert sentence in bench.problems[path]
    assert not bench.view.state.can_create
    bench.presenter.create()
    assert not bench.thread.jobs.is_running
    bench.presenter.change(path, before)
    assert bench.problems == {}


def test_a_taken_name_is_a_problem_and_the_next_study_has_a_free_name(bench: Bench):
    (paths.studies_path() / "study-1").mkdir(parents=True)
    bench.presenter.change("title", "Again")
    assert bench.problems == {"name": "Another study has this name. Choose a different name."}
    bench.presenter.done()
    bench.presenter.opened()
    assert bench.view.state.design.name == "study-2"
    assert bench.view.state.design.title == "A listening test"


def test_queries_in_words_need_their_construct_and_systems_that_can_search_by_words(bench: Bench):
    bench.typed = "a long hiss duration<2"
    bench.presenter.change("choice.how", "words")
    design = bench.view.state.design
    assert (design.construct, design.choice.words) == ("matches_words", ("a long hiss",))
    assert design.scale.grades == GRADES["matches_words"]
    assert [system.name for system in design.systems] == ["ear", "random"]
    assert design.planned == (Comparison("ear", "random"),)
    assert "choice.words" in bench.view.state.shown
    assert "near_copies" not in bench.view.state.shown
    bench.presenter.change("construct", "same_kind")
    design = bench.view.state.design
    assert (design.choice.how, design.scale.grades) == ("stratified", GRADES["same_kind"])
    assert [system.name for system in design.systems] == ["ear", "acoustic", "random"]


def test_edited_grades_stay_when_the_construct_changes(bench: Bench):
    bench.presenter.change("scale.grades", ("no", "yes"))
    bench.presenter.change("construct", "replacement")
    assert bench.view.state.design.scale.grades == ("no", "yes")


def test_the_selected_sounds_are_queries(bench: Bench):
    bench.presenter.change("choice.how", "sounds")
    assert bench.view.state.sounds == "Kick 1.wav, Tone 07.wav"
    bench.selected = [Path("/a.wav"), Path("/b.wav"), Path("/c.wav")]
    bench.presenter.use_selection()
    assert bench.view.state.sounds == "a.wav, b.wav and 1 more"
    bench.selected = []
    bench.presenter.use_selection()
    assert "choice.sounds" in bench.problems


def test_a_comparison_needs_two_systems(bench: Bench):
    for name in ("acoustic", "random"):
        bench.presenter.check_system(bench.key(name), False)
    assert bench.view.state.can_create
    bench.presenter.change("kind", "preference")
    assert bench.problems == {"systems": "This trial compares two systems. Select another."}
    assert "scale.grades" not in bench.view.state.shown


def test_a_planned_comparison_follows_the_name_of_its_system_and_is_removed_with_it(bench: Bench):
    bench.presenter.add_variant(bench.key("ear"))
    key = bench.key("ear-pca27")
    bench.presenter.plan((Comparison("ear", "ear-pca27"), Comparison("ear", "random")))
    bench.presenter.change_system(key, System("small", encoder="ear", n_components=27))
    assert bench.view.state.design.planned == (Comparison("ear", "small"), Comparison("ear", "random"))
    bench.presenter.remove_system(key)
    assert bench.view.state.design.planned == (Comparison("ear", "random"),)


def test_a_saved_design_is_read_back(bench: Bench, tmp_path: Path):
    bench.presenter.change("depth", 7)
    bench.presenter.add_variant(bench.key("ear"))
    bench.presenter.save_design(tmp_path / "mine.yaml")
    saved = bench.view.state.design
    bench.presenter.done()
    bench.presenter.opened()
    assert bench.view.state.design != saved
    bench.presenter.open_design(tmp_path / "mine.yaml")
    assert bench.view.state.design == saved


def test_an_invalid_design_file_is_refused_and_nothing_changes(bench: Bench, tmp_path: Path):
    (tmp_path / "odd.yaml").write_text("title: [")
    before = bench.view.state.design
    bench.presenter.open_design(tmp_path / "odd.yaml")
    assert "is not valid YAML" in bench.view.error
    assert bench.view.state.design == before


def test_a_file_that_cannot_be_written_is_an_error(bench: Bench, tmp_path: Path):
    bench.presenter.save_design(tmp_path / "no such folder" / "mine.yaml")
    assert "Cannot write" in bench.view.error


def test_queries_are_spread_over_the_classes_in_a_labels_file(bench: Bench, tmp_path: Path, sounds: Path):
    table = tmp_path / "labels.csv"
    table.write_text("path,class\n" + "".join(f"{path},{path.parent.name}\n" for path in sounds.glob("*/*.wav")))
    bench.presenter.choose_labels(table)
    assert (bench.view.state.labels, bench.labels) == ("labels.csv", [table])
    bench.shrink()
    bench.presenter.change("choice.n_queries", 4)
    bench.create()
    made = open_study(paths.studies_path() / "study-1").study
    assert {query.stratum.partition(", ")[2] for query in made.design.queries} == {"Drums", "Tones"}
    assert {item.label for item in made.items.values()} <= {"Drums", "Tones"}


def test_an_invalid_labels_file_is_refused(bench: Bench, tmp_path: Path):
    (tmp_path / "odd.csv").write_text("nothing\n1\n")
    bench.presenter.choose_labels(tmp_path / "odd.csv")
    assert "has no columns" in bench.view.error
    assert bench.labels == []


def test_an_empty_library_has_a_single_problem(indexed: Path, sounds: Path, tmp_path: Path):
    shutil.copytree(indexed, tmp_path / "library")
    with SqliteReader(tmp_path / "library") as reader:
        (folder,) = reader.folders()
    with SqliteWriter(tmp_path / "library") as catalogue:
        catalogue.remove_folder(folder.id)
    bench = Bench(tmp_path / "library", sounds)
    assert bench.problems == {"": "The library has no indexed sounds yet. Add a folder first."}
    assert not bench.view.state.can_create
