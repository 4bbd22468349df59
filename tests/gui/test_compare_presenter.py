"""Comparing systems, without Qt: a query, a column per system, labels, and a blind test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from gui_player import FakePlayer
from gui_studies_desk import FakeCompare, Queries, Thread

from bowerbird.base import paths
from bowerbird.gui.listening.comparing_presenter import NO_QUERY, ComparePresenter
from bowerbird.listening.raters import join
from bowerbird.listening.response_store import ResponseStore
from bowerbird.listening.session import RatingSession
from bowerbird.listening.store import StudyFolder
from bowerbird.listening.study import System


class Desk:
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
            library,
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
def desk(indexed: Path, sounds: Path) -> Iterator[Desk]:
    desk = Desk(indexed, sounds)
    yield desk
    desk.thread.close()


def test_every_encoder_has_a_column(desk: Desk):
    desk.ask(desk.kick)
    assert desk.view.names == ["ear", "acoustic"]
    assert desk.view.state.query.text == "Kick 1.wav"
    first = [result.path.name for result in desk.view.state.columns[0].results]
    assert first[0].startswith("Kick")
    assert "Kick 1.wav" not in first
    assert desk.view.state.can_rate


def test_a_missing_query_is_an_error_in_the_main_window(desk: Desk):
    assert not desk.presenter.open(None, "  ", prefers_words=True)
    assert desk.view.complaints == [NO_QUERY]
    assert desk.view.states == []


def test_the_focused_query_is_used_and_the_other_is_offered(desk: Desk):
    desk.presenter.open(desk.kick, "drum", prefers_words=True)
    assert desk.view.state.query.text == "“drum”"
    assert desk.view.names == ["ear"], "the acoustic encoder cannot search by words"
    desk.presenter.switch_query()
    assert desk.view.state.query.text == "Kick 1.wav"
    assert desk.view.names == ["ear", "acoustic"]


def test_filters_are_not_words(desk: Desk):
    desk.presenter.open(desk.kick, "drum duration<2", prefers_words=True)
    assert desk.view.state.query.text == "“drum”"
    desk.presenter.open(desk.kick, "duration<2", prefers_words=True)
    assert desk.view.state.query.text == "Kick 1.wav"


def test_a_system_is_selected_and_deselected(desk: Desk):
    desk.ask(desk.kick)
    desk.presenter.check_system(desk.key("random"), True)
    assert desk.view.names == ["ear", "acoustic", "random"]
    desk.presenter.check_system(desk.key("ear"), False)
    assert desk.view.names == ["acoustic", "random"]


def test_more_than_five_systems_are_refused(desk: Desk):
    desk.ask(desk.kick)
    for _ in range(4):
        desk.presenter.add_variant(desk.key("ear"))
    assert desk.view.state.remark == "6 systems do not fit side by side. Select at most 5."
    assert [error for _, error in desk.view.jobs if error] == [], "the sentence is shown once"
    assert not desk.view.state.can_rate
    desk.presenter.remove_system(desk.key("ear-pca27"))
    assert len(desk.view.names) == 5


def test_an_invalid_variant_is_not_searched(desk: Desk):
    desk.ask(desk.kick)
    desk.presenter.add_variant(desk.key("ear"))
    n_shown = len(desk.view.states)
    desk.presenter.change_system(desk.key("ear-pca27"), System("mine", encoder="ear", aspects={"odd": 1.0}))
    assert len(desk.view.states) > n_shown
    assert not desk.view.state.can_rate
    problems = {row.system.name: row.problem for row in desk.view.state.system_rows}
    assert "is not an aspect" in problems["mine"]


def test_a_sound_that_is_not_analysed_is_an_error(desk: Desk, tmp_path: Path):
    desk.ask(tmp_path / "new.wav")
    assert "is not analysed yet" in desk.view.jobs[-1][1]
    assert not desk.view.state.can_rate


def test_labels_are_stored_and_shared_classes_marked(desk: Desk, tmp_path: Path):
    table = tmp_path / "labels.csv"
    table.write_text("path,class\n" + "".join(f"{path},{path.parent.name}\n" for path in desk.sounds.glob("*/*.wav")))
    desk.ask(desk.kick)
    assert desk.view.state.columns[0].average_precision is None
    desk.presenter.choose_labels(table)
    assert desk.labels == [table]
    column = desk.view.state.columns[0]
    assert column.average_precision is not None
    assert column.results[0].shared == ("Drums",)
    desk.presenter.choose_labels(None)
    assert desk.view.state.columns[0].average_precision is None
    assert desk.labels == [table, None]


def test_an_invalid_labels_file_is_refused_and_the_columns_stay(desk: Desk, tmp_path: Path):
    desk.ask(desk.kick)
    desk.presenter.choose_labels(tmp_path / "none.csv")
    assert "cannot be read" in desk.view.jobs[-1][1]
    assert desk.view.names == ["ear", "acoustic"]
    assert desk.labels == []


def test_the_playing_sound_is_marked_and_stops_when_the_dialog_closes(desk: Desk):
    desk.ask(desk.kick)
    path = desk.view.state.columns[0].results[0].path
    desk.presenter.play(path)
    assert desk.view.playing == [path]
    desk.presenter.toggle(path)
    assert desk.view.playing == [path, None]
    desk.presenter.toggle(path)
    assert desk.presenter.stop()
    assert not desk.presenter.stop()
    desk.presenter.play(path)
    desk.presenter.closed()
    assert not desk.player.is_playing


def test_a_query_becomes_a_blind_test_with_a_free_name(desk: Desk):
    (paths.studies_path() / "blind-1").mkdir(parents=True)
    desk.ask(desk.kick)
    desk.presenter.rate_blind()
    assert not desk.view.state.can_rate
    desk.thread.finish()
    (folder,) = desk.rated
    assert folder.path.name == "blind-2"
    assert [system.name for system in folder.study.design.systems] == ["ear", "acoustic"]
    assert len(folder.study.design.queries) == 1
    assert desk.n_made == 1
    assert desk.view.state.can_rate


def test_the_result_of_a_blind_test_is_shown(desk: Desk):
    desk.ask(desk.kick)
    desk.presenter.rate_blind()
    desk.thread.finish()
    (folder,) = desk.rated
    with ResponseStore(folder.path) as file:
        session = RatingSession(folder, file, join(folder, file, "heron", {}))
        for position in (None, *range(len(session.page.slots))):
            session.record_playback(position, 20_000.0, is_start=True)
        for position in range(len(session.page.slots)):
            session.grade(position, 2)
        session.complete()
    desk.presenter.rated()
    desk.thread.finish()
    assert desk.view.state.verdict.startswith("Mean grade, 0 to 3: ear 2.0, acoustic 2.0")
    desk.presenter.rated()  # of another study
    assert desk.view.state.verdict.startswith("Mean grade")


def test_words_become_a_blind_test(desk: Desk):
    desk.ask(words="drum")
    desk.presenter.rate_blind()
    desk.thread.finish()
    assert desk.rated[0].study.design.queries[0].words == "drum"
