"""Systems side by side, without Qt: one query, a column each, labels, and a blind test of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from gui_player import FakePlayer
from gui_studies_desk import FakeCompare, Queries, Thread

from bowerbird.base import paths
from bowerbird.gui.listening.comparing_presenter import NOTHING_ASKED, ComparePresenter
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
        self.labels: list[str] = []
        self.n_made = 0
        self.player = FakePlayer(post=self._handle)
        self.presenter = ComparePresenter(
            self.view,
            library,
            output=self.player,
            queries=Queries(),
            background=self.thread.background,
            rate=self.rated.append,
            made=self._made,
            remember_labels=self.labels.append,
        )

    def _handle(self, event: object) -> None:
        self.presenter.handle(event)

    def _made(self) -> None:
        self.n_made += 1

    def ask(self, sound: Path | None = None, words: str = "") -> None:
        assert self.presenter.open(sound, words, prefers_words=False)

    def key(self, name: str) -> int:
        return next(line.key for line in self.view.state.lines if line.system.name == name)


@pytest.fixture
def desk(indexed: Path, sounds: Path) -> Iterator[Desk]:
    desk = Desk(indexed, sounds)
    yield desk
    desk.thread.close()


def test_every_encoder_answers_in_a_column(desk: Desk):
    desk.ask(desk.kick)
    assert desk.view.names == ["ear", "acoustic"]
    assert desk.view.state.asked.text == "Kick 1.wav"
    first = [result.path.name for result in desk.view.state.columns[0].results]
    assert first[0].startswith("Kick")
    assert "Kick 1.wav" not in first
    assert desk.view.state.can_rate


def test_nothing_to_ask_is_said_in_the_window(desk: Desk):
    assert not desk.presenter.open(None, "  ", prefers_words=True)
    assert desk.view.complaints == [NOTHING_ASKED]
    assert desk.view.states == []


def test_of_a_sound_and_words_the_one_at_hand_is_asked_and_the_other_offered(desk: Desk):
    desk.presenter.open(desk.kick, "drum", prefers_words=True)
    assert desk.view.state.asked.text == "“drum”"
    assert desk.view.names == ["ear"], "the descriptors know no words"
    desk.presenter.ask_other()
    assert desk.view.state.asked.text == "Kick 1.wav"
    assert desk.view.names == ["ear", "acoustic"]


def test_filters_are_no_words(desk: Desk):
    desk.presenter.open(desk.kick, "drum duration<2", prefers_words=True)
    assert desk.view.state.asked.text == "“drum”"
    desk.presenter.open(desk.kick, "duration<2", prefers_words=True)
    assert desk.view.state.asked.text == "Kick 1.wav"


def test_a_system_that_is_ticked_comes_and_goes(desk: Desk):
    desk.ask(desk.kick)
    desk.presenter.tick(desk.key("random"), True)
    assert desk.view.names == ["ear", "acoustic", "random"]
    desk.presenter.tick(desk.key("ear"), False)
    assert desk.view.names == ["acoustic", "random"]


def test_more_than_five_are_refused_in_a_sentence(desk: Desk):
    desk.ask(desk.kick)
    for _ in range(4):
        desk.presenter.add_variant(desk.key("ear"))
    assert desk.view.state.remark == "6 systems do not fit side by side. Tick 5 at most."
    assert [complaint for _, complaint in desk.view.jobs if complaint] == [], "it is said once"
    assert not desk.view.state.can_rate
    desk.presenter.remove_system(desk.key("ear-pca27"))
    assert len(desk.view.names) == 5


def test_a_variant_that_cannot_be_is_not_asked(desk: Desk):
    desk.ask(desk.kick)
    desk.presenter.add_variant(desk.key("ear"))
    n_shown = len(desk.view.states)
    desk.presenter.change_system(desk.key("ear-pca27"), System("mine", encoder="ear", aspects={"odd": 1.0}))
    assert len(desk.view.states) > n_shown
    assert not desk.view.state.can_rate
    assert "no aspect" in next(line.remark for line in desk.view.state.lines if line.system.name == "mine")


def test_a_sound_that_is_not_analysed_is_said(desk: Desk, tmp_path: Path):
    desk.ask(tmp_path / "new.wav")
    assert "is not analysed yet" in desk.view.jobs[-1][1]
    assert not desk.view.state.can_rate


def test_labels_are_remembered_and_shared_ones_marked(desk: Desk, tmp_path: Path):
    table = tmp_path / "labels.csv"
    table.write_text("path,class\n" + "".join(f"{path},{path.parent.name}\n" for path in desk.sounds.glob("*/*.wav")))
    desk.ask(desk.kick)
    assert desk.view.state.columns[0].average_precision is None
    desk.presenter.choose_labels(table)
    assert desk.labels == [str(table)]
    column = desk.view.state.columns[0]
    assert column.average_precision is not None
    assert column.results[0].shared == ("Drums",)
    desk.presenter.choose_labels(None)
    assert desk.view.state.columns[0].average_precision is None
    assert desk.labels == [str(table), ""]


def test_a_table_that_is_none_is_said_and_the_columns_stay(desk: Desk, tmp_path: Path):
    desk.ask(desk.kick)
    desk.presenter.choose_labels(tmp_path / "none.csv")
    assert "cannot be read" in desk.view.jobs[-1][1]
    assert desk.view.names == ["ear", "acoustic"]
    assert desk.labels == []


def test_what_is_heard_is_marked_and_falls_silent_when_the_window_closes(desk: Desk):
    desk.ask(desk.kick)
    path = desk.view.state.columns[0].results[0].path
    desk.presenter.play(path)
    assert desk.view.heard == [path]
    desk.presenter.toggle(path)
    assert desk.view.heard == [path, None]
    desk.presenter.toggle(path)
    assert desk.presenter.stop()
    assert not desk.presenter.stop()
    desk.presenter.play(path)
    desk.presenter.closed()
    assert not desk.player.is_playing


def test_the_same_query_becomes_a_blind_test_with_a_free_name(desk: Desk):
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


def test_what_a_blind_test_came_to_is_said_where_it_began(desk: Desk):
    desk.ask(desk.kick)
    desk.presenter.rate_blind()
    desk.thread.finish()
    (folder,) = desk.rated
    with ResponseStore(folder.path) as file:
        session = RatingSession(folder, file, join(folder, file, "heron", {}))
        for position in (None, *range(len(session.page.slots))):
            session.hear(position, 20_000.0, is_start=True)
        for position in range(len(session.page.slots)):
            session.grade(position, 2)
        session.complete()
    desk.presenter.rated()
    desk.thread.finish()
    assert desk.view.state.verdict.startswith("By ear, of 3: ear 2.0, acoustic 2.0")
    desk.presenter.rated()  # of another study: nothing new is said
    assert desk.view.state.verdict.startswith("By ear")


def test_words_become_a_blind_test_too(desk: Desk):
    desk.ask(words="drum")
    desk.presenter.rate_blind()
    desk.thread.finish()
    assert desk.rated[0].study.design.queries[0].words == "drum"
