"""Which sound plays, without Qt and without a loudspeaker."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from gui_player import Played

from bowerbird.base.errors import AudioError
from bowerbird.domain.tempo_and_key import parse_key
from bowerbird.gui.browse.playing_presenter import MAX_DB, MIN_DB, Music, PlayingPresenter, Region, music_of
from bowerbird.playback.events import CannotPlay, DeviceChanged, OutputReplaced, Started, Stopped
from bowerbird.playback.request import UNTREATED, Request, Treatment

A, B = Path("/s/a.wav"), Path("/s/b.wav")


class FakeOutput:
    def __init__(self) -> None:
        self.played: list[Played] = []
        self.is_playing = False
        self.position_s: float | None = None
        self.volume_db = 0.0

        self.prefetched: list[tuple[tuple[Path, ...], bool]] = []

    def play(self, path: Path, **options: Any) -> None:
        self.played.append(Played(path, **options))
        self.is_playing = True

    def prefetch(self, paths: Sequence[Path], *, is_even: bool = False) -> None:
        self.prefetched.append((tuple(paths), is_even))

    def stop(self) -> None:
        self.is_playing = False


class FakeView:
    def __init__(self) -> None:
        self.playing: list[Path | None] = []
        self.device: list[str | None] = []
        self.complaints: list[str] = []
        self.treatments: list[Treatment] = []
        self.target = Music()
        self.music_note = ""

    def show_treatment(self, treatment: Treatment) -> None:
        self.treatments.append(treatment)

    def show_target(self, target: Music) -> None:
        self.target = target

    def show_music_note(self, note: str) -> None:
        self.music_note = note

    def show_playing(self, path: Path | None) -> None:
        self.playing.append(path)

    def show_device(self, sentence: str | None) -> None:
        self.device.append(sentence)

    def complain(self, sentence: str) -> None:
        self.complaints.append(sentence)


class Deck:
    def __init__(self, *, is_auto_play: bool = True, is_loop: bool = False) -> None:
        self.view, self.output = FakeView(), FakeOutput()
        self.rendered: list[Request] = []
        self.prepared: list[Request] = []
        self.presenter = PlayingPresenter(
            self.view,
            self.output,
            is_auto_play=is_auto_play,
            is_loop=is_loop,
            render=self.render,
            prepare=self.prepared.append,
        )

    def render(self, request: Request) -> Path:
        self.rendered.append(request)
        if request.path.name == "gone.wav":
            raise AudioError("Cannot find gone.wav.")
        return Path("/rendered") / request.path.name

    def play_at(self, position_s: float) -> None:
        """Select a sound and let it be audible at a position."""
        self.presenter.selected(A)
        self.presenter.handle(Started(A, 10.0))
        self.output.position_s = position_s


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


def test_reverse_goes_on_from_where_the_sound_is(deck: Deck):
    deck.play_at(3.0)
    deck.presenter.set_reversed(is_reversed=True)
    assert deck.output.played[-1] == Played(A, from_s=3.0, treatment=Treatment(is_reversed=True))
    deck.output.position_s = 2.0
    deck.presenter.set_reversed(is_reversed=False)
    assert deck.output.played[-1] == Played(A, from_s=2.0)


def test_reversed_a_click_plays_back_to_the_beginning(deck: Deck):
    deck.presenter.selected(A)
    deck.presenter.set_reversed(is_reversed=True)
    deck.presenter.play_from(4.0)
    assert deck.output.played[-1] == Played(A, 0.0, 4.0, treatment=Treatment(is_reversed=True))


def test_a_match_in_a_long_sound_can_be_left_backwards(deck: Deck):
    deck.presenter.selected(A, start_s=7.0)
    deck.presenter.handle(Started(A, 10.0))
    deck.output.position_s = 8.0
    deck.presenter.set_reversed(is_reversed=True)
    assert deck.output.played[-1].start_s == 0.0


def test_pitch_moves_by_semitones_within_two_octaves(deck: Deck):
    deck.presenter.selected(A)
    for _ in range(30):
        deck.presenter.shift_pitch(1)
    assert deck.output.played[-1].treatment == Treatment(semitones=24)
    deck.presenter.shift_pitch(-1)
    assert deck.view.treatments[-1] == Treatment(semitones=23)
    deck.presenter.reset()
    assert deck.view.treatments[-1] == UNTREATED


def test_a_treatment_changes_a_silent_sound_without_playing_it(deck: Deck):
    deck.presenter.selected(A, is_quiet=True)
    deck.presenter.shift_pitch(2)
    deck.presenter.set_channel(1)
    deck.presenter.set_even(is_even=True)
    assert deck.output.played == []
    deck.presenter.replay()
    assert deck.output.played == [Played(A, treatment=Treatment(semitones=2, channel=1), is_even=True)]


def test_a_sound_is_played_in_a_tempo_and_key_where_its_own_are_known(deck: Deck):
    deck.presenter.follow(Music(120.0, parse_key("Am")))
    deck.presenter.selected(A, music=Music(100.0, parse_key("Dm")))
    assert deck.output.played[-1].treatment == Treatment(semitones=-5, tempo=1.2)
    deck.presenter.selected(B)
    assert deck.output.played[-1].treatment == UNTREATED
    deck.presenter.selected(A, music=Music(100.0, None))
    deck.presenter.shift_pitch(1)
    assert deck.view.treatments[-1] == Treatment(semitones=1, tempo=1.2)
    deck.presenter.reset()
    assert deck.view.treatments[-1] == UNTREATED


def test_a_position_is_skipped_to_from_the_current_one_within_the_sound(deck: Deck):
    deck.play_at(2.0)
    deck.presenter.seek(1.0, duration_s=10.0)
    assert (deck.output.played[-1].path, deck.output.played[-1].start_s) == (A, 3.0)
    deck.output.position_s = 0.5
    deck.presenter.seek(-1.0, duration_s=10.0)
    assert deck.output.played[-1].start_s == 0.0
    n_played = len(deck.output.played)
    deck.output.position_s = 9.9
    deck.presenter.seek(1.0, duration_s=10.0)
    assert len(deck.output.played) == n_played, "there is nothing later"
    deck.presenter.set_reversed(is_reversed=True)
    deck.output.position_s = 5.0
    deck.presenter.seek(1.0, duration_s=10.0)
    assert deck.output.played[-1].end_s == 4.0


def test_a_region_is_marked_at_the_current_position_and_played(deck: Deck):
    deck.play_at(2.0)
    assert deck.presenter.mark("start", duration_s=10.0) == Region(2.0, 10.0)
    deck.output.position_s = 5.0
    assert deck.presenter.mark("end", duration_s=10.0) == Region(2.0, 5.0)
    assert (deck.output.played[-1].start_s, deck.output.played[-1].end_s) == (2.0, 5.0)
    deck.output.position_s = 7.0
    assert deck.presenter.mark("start", duration_s=10.0) == Region(7.0, 10.0), "the former end was before it"
    deck.output.position_s = 0.0
    assert deck.presenter.mark("end", duration_s=10.0) is None


def test_a_region_is_not_ended_where_it_begins_after_playback_has_ended(deck: Deck):
    deck.play_at(2.0)
    assert deck.presenter.mark("start", duration_s=10.0) == Region(2.0, 10.0)
    deck.output.is_playing = False
    deck.output.position_s = None
    assert deck.presenter.mark("end", duration_s=10.0) is None
    assert deck.presenter.region == Region(2.0, 10.0)


def test_the_moment_of_a_row_is_the_region_and_played_unless_in_passing(deck: Deck):
    deck.presenter.selected(A, is_quiet=True)
    deck.presenter.choose_moment(3.0, 4.0, True)
    assert (deck.presenter.region, deck.output.played) == (Region(3.0, 4.0), [])
    deck.presenter.choose_moment(3.0, 4.0, False)
    assert (deck.output.played[-1].start_s, deck.output.played[-1].end_s) == (3.0, 4.0)


def test_a_region_can_be_marked_after_playback_was_stopped(deck: Deck):
    deck.play_at(4.0)
    deck.presenter.stop()
    deck.output.position_s = None
    assert deck.presenter.mark("start", duration_s=10.0) == Region(4.0, 10.0)
    deck.presenter.clear_region()
    deck.presenter.replay()
    deck.output.is_playing = False
    assert deck.presenter.mark("end", duration_s=10.0) is None, "playback last began at the beginning"


@pytest.mark.parametrize(
    ("target", "music", "note"),
    [
        (Music(120.0), Music(), "tempo not known"),
        (Music(120.0), Music(90.0), ""),
        (Music(None, parse_key("Am")), Music(90.0), "key not known"),
        (Music(120.0, parse_key("Am")), Music(), "tempo and key not known"),
        (Music(), Music(), ""),
    ],
)
def test_a_sound_that_cannot_follow_says_why(deck: Deck, target: Music, music: Music, note: str):
    deck.presenter.follow(target)
    deck.presenter.selected(A, music=music)
    assert deck.view.music_note == note
    deck.presenter.learn(A, Music(100.0, parse_key("C")))
    assert deck.view.music_note == ""


def test_the_tempo_and_key_in_use_are_shown(deck: Deck):
    deck.presenter.follow(Music(120.0, parse_key("Am")))
    assert str(deck.view.target) == "120 BPM, A minor"
    deck.presenter.reset()
    assert str(deck.view.target) == ""


def test_likely_sounds_are_prepared_unless_nothing_plays_by_itself(deck: Deck):
    deck.presenter.set_even(is_even=True)
    deck.presenter.prefetch([A, B])
    assert deck.output.prefetched == [((A, B), True)]
    quiet = Deck(is_auto_play=False)
    quiet.presenter.prefetch([A])
    assert quiet.output.prefetched == []


def test_a_region_is_rendered_before_it_is_dragged_unless_it_is_long(deck: Deck):
    deck.presenter.selected(A)
    deck.presenter.shift_pitch(2)
    assert deck.prepared == [], "a whole sound may be long"
    deck.presenter.choose_region(1.0, 2.0)
    deck.presenter.shift_pitch(-1)
    deck.presenter.files_for_drag([A])
    assert [(request.start_s, request.treatment.semitones) for request in deck.prepared] == [(1.0, 2), (1.0, 1)]
    assert deck.rendered == deck.prepared[-1:]
    deck.presenter.choose_region(1.0, 302.0)
    assert len(deck.prepared) == 2


def test_what_is_dragged_sounds_as_what_is_played(deck: Deck):
    deck.presenter.selected(A)
    deck.presenter.choose_region(1.0, 2.0)
    deck.presenter.set_reversed(is_reversed=True)
    assert deck.presenter.files_for_drag([A, B]) == [Path("/rendered/a.wav"), Path("/rendered/b.wav")]
    treatment = Treatment(is_reversed=True)
    assert deck.rendered == [Request(A, 1.0, 2.0, treatment=treatment), Request(B, treatment=treatment)]


def test_a_sound_that_cannot_be_rendered_is_dragged_as_it_is(deck: Deck):
    gone = Path("/s/gone.wav")
    assert deck.presenter.files_for_drag([gone]) == [gone]
    assert deck.view.complaints == ["Cannot find gone.wav."]


def test_an_output_that_was_replaced_is_told(deck: Deck):
    deck.presenter.handle(OutputReplaced("Headphones"))
    assert "“Headphones” is not available" in deck.view.complaints[0]


@pytest.mark.parametrize(
    ("bpm", "root_key", "music"),
    [
        (120.0, "F# minor", Music(120.0, parse_key("F#m"))),
        (None, "C", Music(None, parse_key("C"))),
        (0.0, None, Music()),
        (float("inf"), "", Music()),
    ],
)
def test_the_tempo_and_the_key_of_a_sound_are_used_as_far_as_they_are_known(
    bpm: float | None, root_key: str | None, music: Music
):
    assert music_of(bpm, root_key) == music


def test_an_estimate_is_used_where_the_sound_does_not_say_its_own(deck: Deck):
    deck.presenter.follow(Music(120.0))
    deck.presenter.selected(A)
    assert deck.presenter.lacks_music
    deck.presenter.learn(B, Music(100.0))
    assert deck.presenter.treatment.tempo == 1.0, "that was another sound"
    deck.presenter.learn(A, Music(100.0, parse_key("C")))
    assert deck.presenter.treatment.tempo == pytest.approx(1.2)
    assert not deck.presenter.lacks_music


def test_what_the_file_says_is_not_replaced_by_an_estimate(deck: Deck):
    deck.presenter.follow(Music(120.0))
    deck.presenter.selected(A, music=Music(60.0))
    assert not deck.presenter.lacks_music
    deck.presenter.learn(A, Music(100.0))
    assert deck.presenter.treatment.tempo == 1.0
