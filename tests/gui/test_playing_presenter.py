"""Which sound plays, without Qt and without a loudspeaker."""

from pathlib import Path

import pytest
from gui_player import Played

from bowerbird.gui.browse.playing_presenter import MAX_DB, MIN_DB, PlayingPresenter, Region
from bowerbird.playback.events import CannotPlay, DeviceChanged, Started, Stopped

A, B = Path("/s/a.wav"), Path("/s/b.wav")


class FakeOutput:
    def __init__(self) -> None:
        self.played: list[Played] = []
        self.is_playing = False
        self.position_s: float | None = None
        self.volume_db = 0.0

    def play(self, path: Path, *, start_s: float = 0.0, end_s: float | None = None, loop: bool = False) -> None:
        self.played.append(Played(path, start_s, end_s, loop))
        self.is_playing = True

    def stop(self) -> None:
        self.is_playing = False


class FakeView:
    def __init__(self) -> None:
        self.playing: list[Path | None] = []
        self.device: list[str | None] = []
        self.complaints: list[str] = []

    def show_playing(self, path: Path | None) -> None:
        self.playing.append(path)

    def show_device(self, sentence: str | None) -> None:
        self.device.append(sentence)

    def complain(self, sentence: str) -> None:
        self.complaints.append(sentence)


class Deck:
    def __init__(self, *, is_auto_play: bool = True, is_loop: bool = False) -> None:
        self.view, self.output = FakeView(), FakeOutput()
        self.presenter = PlayingPresenter(self.view, self.output, is_auto_play=is_auto_play, is_loop=is_loop)


@pytest.fixture
def deck() -> Deck:
    return Deck()


def test_a_sound_that_is_moved_to_plays(deck: Deck):
    deck.presenter.selected(A)
    assert deck.output.played == [Played(A)]


def test_a_match_in_a_long_sound_plays_from_its_moment(deck: Deck):
    deck.presenter.selected(A, start_s=7.5)
    deck.presenter.replay()
    assert deck.output.played == [Played(A, 7.5), Played(A, 7.5)]


def test_a_sound_in_passing_is_silent_and_at_hand(deck: Deck):
    deck.presenter.selected(A, is_quiet=True)
    assert deck.output.played == []
    deck.presenter.toggle()
    assert deck.output.played == [Played(A)]


def test_without_auto_play_nothing_plays_until_it_is_asked_for():
    deck = Deck(is_auto_play=False)
    deck.presenter.selected(A)
    assert deck.output.played == []
    deck.presenter.replay()
    assert deck.output.played == [Played(A)]


def test_no_sound_at_hand_is_silence(deck: Deck):
    deck.presenter.selected(A)
    deck.presenter.selected(None)
    assert not deck.output.is_playing
    deck.presenter.replay()
    assert len(deck.output.played) == 1


def test_a_region_plays_alone_and_again_with_replay(deck: Deck):
    deck.presenter.selected(A)
    deck.presenter.choose_region(0.2, 0.4)
    deck.presenter.replay()
    assert deck.output.played[1:] == [Played(A, 0.2, 0.4), Played(A, 0.2, 0.4)]
    assert deck.presenter.region == Region(0.2, 0.4)


def test_another_sound_or_a_place_ends_a_region(deck: Deck):
    deck.presenter.selected(A)
    deck.presenter.choose_region(0.2, 0.4)
    deck.presenter.play_from(0.1)
    assert (deck.presenter.region, deck.output.played[-1]) == (None, Played(A, 0.1))
    deck.presenter.choose_region(0.2, 0.4)
    deck.presenter.selected(B)
    assert (deck.presenter.region, deck.output.played[-1]) == (None, Played(B))


def test_loop_repeats_what_plays_and_what_follows(deck: Deck):
    deck.presenter.set_loop(is_loop=True)
    assert deck.output.played == []
    deck.presenter.selected(A)
    deck.presenter.set_loop(is_loop=False)
    assert deck.output.played == [Played(A, loop=True), Played(A, loop=False)]


def test_space_stops_what_plays_and_plays_what_is_still(deck: Deck):
    deck.presenter.selected(A)
    deck.presenter.toggle()
    assert not deck.output.is_playing
    deck.presenter.toggle()
    assert deck.output.is_playing


def test_stop_says_whether_something_was_heard(deck: Deck):
    deck.presenter.selected(A)
    assert deck.presenter.stop()
    assert not deck.presenter.stop()


@pytest.mark.parametrize(("asked_db", "set_db"), [(-12.0, -12.0), (40.0, MAX_DB), (-400.0, MIN_DB)])
def test_volume_stays_within_its_limits(deck: Deck, asked_db: float, set_db: float):
    deck.presenter.set_volume(asked_db)
    assert deck.output.volume_db == set_db


def test_the_mark_follows_what_is_heard_until_its_end(deck: Deck):
    deck.presenter.selected(A)
    deck.presenter.handle(Started(A, 1.0))
    deck.output.is_playing = False
    deck.presenter.handle(Stopped(A, finished=True))
    assert deck.view.playing == [A, None]


def test_the_end_of_an_older_sound_does_not_clear_the_newer_mark(deck: Deck):
    deck.presenter.selected(A)
    deck.presenter.handle(Started(A, 1.0))
    deck.presenter.selected(B)
    deck.presenter.handle(Stopped(A, finished=False))
    deck.presenter.handle(Started(B, 1.0))
    deck.presenter.handle(Stopped(A, finished=False))
    assert deck.view.playing == [A, B]


@pytest.mark.parametrize("fault", [CannotPlay(B, "`b.wav` is empty."), DeviceChanged("The sound output was lost.")])
def test_the_mark_is_cleared_when_a_slow_successor_fails(deck: Deck, fault: object):
    deck.presenter.selected(A)
    deck.presenter.handle(Started(A, 1.0))
    deck.presenter.selected(B)
    deck.presenter.handle(Stopped(A, finished=False))  # while the other is still being opened
    deck.output.is_playing = False
    deck.presenter.handle(fault)
    assert deck.view.playing[-1] is None


def test_the_place_is_told_of_the_sound_at_hand_alone():
    deck = Deck(is_auto_play=False)
    deck.presenter.selected(A)
    deck.presenter.replay()
    deck.presenter.handle(Started(A, 1.0))
    deck.output.position_s = 0.3
    assert deck.presenter.position_s == 0.3
    deck.presenter.selected(B)
    assert deck.presenter.position_s is None


def test_faults_are_told_in_their_own_words(deck: Deck):
    deck.presenter.handle(CannotPlay(A, "`a.wav` is empty."))
    deck.presenter.handle(DeviceChanged("No sound output."))
    deck.presenter.handle(DeviceChanged(None))
    assert deck.view.complaints == ["`a.wav` is empty."]
    assert deck.view.device == ["No sound output.", None]
