"""Comparing systems, without Qt: a query, a column per system, labels, and a blind test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from gui_player import FakePlayer
from gui_studies_desk import FakeCompare, Queries, Thread

from bowerbird.base import paths
from bowerbird.gui.listening.comparing_presenter import NO_QUERY, ComparePresenter
from bowerbird.library.library import Library
from bowerbird.listening.raters import join
from bowerbird.listening.response_store import ResponseStore
from bowerbird.listening.session import RatingSession
from bowerbird.listening.store import StudyFolder
from bowerbird.listening.study import System


class Bench:
    def __init__(self, library: Path, sounds: Path) -> None:
        self.view = FakeCompare()
        self.thread = Thread()
        self.sounds = sounds
        self.kick = sounds / "Drums" / "Kick 1.wav"
        self.rated: list[StudyFolder] = []
        self.labels: list[Path | None] = []
        self.n_made = 0
        self.player = FakePlayer(post=self._handle)
        self.presenter = ComparePresenter(
            self.view,
            Library.open(library),
            output=self.player,
            queries=Queries(),
            jobs=self.thread.jobs,
            rate=self.rated.append,
            made=self._made,
            labels_chosen=self.labels.append,
        )

    def _handle(self, event: object) -> None:
        self.presenter.handle(event)

    def _made(self) -> None:
        self.n_made += 1

    def ask(self, sound: Path | None = None, words: str = "") -> None:
        assert self.presenter.open(sound, words, prefers_words=False)

    def key(self, name: str) -> int:
        return next(row.key for row in self.view.state.system_rows if row.system.name == name)


@pytest.fixture
def bench(indexed: Path, sounds: Path) -> Iterator[Bench]:
    bench = Bench(indexed, sounds)
    yield bench
    bench.thread.close()


def test_every_encoder_has_a_column(bench: Bench):
    bench.ask(bench.kick)
    assert bench.view.names == ["ear", "acoustic"]
    assert bench.view.state.query.text == "Kick 1.wav"
    first = [result.path.name for result in bench.view.state.columns[0].results]
    assert first[0].startswith("Kick")
    assert "Kick 1.wav" not in first
    assert bench.view.state.can_rate


def test_a_missing_query_is_an_error_in_the_main_window(bench: Bench):
    assert not bench.presenter.open(None, "  ", prefers_words=True)
    assert bench.view.complaints == [NO_QUERY]
    assert bench.view.states == []


def test_the_focused_query_is_used_and_the_other_is_offered(bench: Bench):
    bench.presenter.open(bench.kick, "drum", prefers_words=True)
    assert bench.view.state.query.text == "“drum”"
    assert bench.view.names == ["ear"], "the acoustic encoder cannot search by words"
    bench.presenter.switch_query()
    assert bench.view.state.query.text == "Kick 1.wav"
    assert bench.view.names == ["ear", "acoustic"]


def test_filters_are_not_words(bench: Bench):
    bench.presenter.open(bench.kick, "drum duration<2", prefers_words=True)
    assert bench.view.state.query.text == "“drum”"
    bench.presenter.open(bench.kick, "duration<2", prefers_words=True)
    assert bench.view.state.query.text == "Kick 1.wav"


def test_a_system_is_selected_and_deselected(bench: Bench):
    bench.ask(bench.kick)
    bench.presenter.check_system(bench.key("random"), True)
    assert bench.view.names == ["ear", "acoustic", "random"]
    bench.presenter.check_system(bench.key("ear"), False)
    assert bench.view.names == ["acoustic", "random"]


def test_more_than_five_systems_are_refused(bench: Bench):
    bench.ask(bench.kick)
    for _ in range(4):
        bench.presenter.add_variant(bench.key("ear"))
    assert bench.view.state.remark == "6 systems do not fit side by side. Select at most 5."
    assert [error for _, error in bench.view.jobs if error] == [], "the sentence is shown once"
    assert not bench.view.state.can_rate
    bench.presenter.remove_system(bench.key("ear-pca27"))
    assert len(bench.view.names) == 5


def test_an_invalid_variant_is_not_searched(bench: Bench):
    bench.ask(bench.kick)
    bench.presenter.add_variant(bench.key("ear"))
    n_shown = len(bench.view.states)
    bench.presenter.change_system(bench.key("ear-pca27"), System("mine", encoder="ear", aspects={"odd": 1.0}))
    assert len(bench.view.states) > n_shown
    assert not bench.view.state.can_rate
    problems = {row.system.name: row.problem for row in bench.view.state.system_rows}
    assert "is not an aspect" in problems["mine"]


def test_a_sound_that_is_not_analysed_is_an_error(bench: Bench, tmp_path: Path):
    bench.ask(tmp_path / "new.wav")
    assert "is not analysed yet" in bench.view.jobs[-1][1]
    assert not bench.view.state.can_rate


def test_labels_are_stored_and_shared_classes_marked(bench: Bench, tmp_path: Path):
    table = tmp_path / "labels.csv"
    table.write_text("path,class\n" + "".join(f"{path},{path.parent.name}\n" for path in bench.sounds.glob("*/*.wav")))
    bench.ask(bench.kick)
    assert bench.view.state.columns[0].average_precision is None
    bench.presenter.choose_labels(table)
    assert bench.labels == [table]
    column = bench.view.state.columns[0]
    assert column.average_precision is not None
    assert column.results[0].shared == ("Drums",)
    bench.presenter.choose_labels(None)
    assert bench.view.state.columns[0].average_precision is None
    assert bench.labels == [table, None]


def test_an_invalid_labels_file_is_refused_and_the_columns_stay(bench: Bench, tmp_path: Path):
    bench.ask(bench.kick)
    bench.presenter.choose_labels(tmp_path / "none.csv")
    assert "cannot be read" in bench.view.jobs[-1][1]
    assert bench.view.names == ["ear", "acoustic"]
    assert bench.labels == []


def test_the_playing_sound_is_marked_and_stops_when_the_dialog_closes(bench: Bench):
    bench.ask(bench.kick)
    path = bench.view.state.columns[0].results[0].path
    bench.presenter.play(path)
    assert bench.view.playing == [path]
    bench.presenter.toggle(path)
    assert bench.view.playing == [path, None]
    bench.presenter.toggle(path)
    assert bench.presenter.stop()
    assert not bench.presenter.stop()
    bench.presenter.play(path)
    bench.presenter.closed()
    assert not bench.player.is_playing


def test_a_query_becomes_a_blind_test_with_a_free_name(bench: Bench):
    (paths.studies_path() / "blind-1").mkdir(parents=True)
    bench.ask(bench.kick)
    bench.presenter.rate_blind()
    assert not bench.view.state.can_rate
    bench.thread.finish()
    (folder,) = bench.rated
    assert folder.path.name == "blind-2"
    assert [system.name for system in folder.study.design.systems] == ["ear", "acoustic"]
    assert len(folder.study.design.queries) == 1
    assert bench.n_made == 1
    assert bench.view.state.can_rate


def test_the_result_of_a_blind_test_is_shown(bench: Bench):
    bench.ask(bench.kick)
    bench.presenter.rate_blind()
    bench.thread.finish()
    (folder,) = bench.rated
    with ResponseStore(folder.path) as file:
        session = RatingSession(folder, file, join(folder, file, "heron", {}))
        for position in (None, *range(len(session.page.slots))):
            session.record_playback(position, 20_000.0, is_start=True)
        for position in range(len(session.page.slots)):
            session.grade(position, 2)
        session.complete()
    bench.presenter.rated()
    bench.thread.finish()
    assert bench.view.state.verdict.startswith("Mean grade, 0 to 3: ear 2.0, acoustic 2.0")
    bench.presenter.rated()  # of another study
    assert bench.view.state.verdict.startswith("Mean grade")


def test_words_become_a_blind_test(bench: Bench):
    bench.ask(words="drum")
    bench.presenter.rate_blind()
    bench.thread.finish()
    assert bench.rated[0].study.design.queries[0].words == "drum"
