"""The sequence of a study, without Qt and without a sound device."""

from collections.abc import Callable

import pytest
from gui_rating import QUIETEST, Seat

from bowerbird.gui.listening.rating_state import PageState, RatersState, StepState
from bowerbird.listening.response_store import ResponseStore
from bowerbird.playback.events import DeviceChanged
from listening_stage import SYSTEMS

AWAY = "No sound output was found. Connect one, then play again."


def notes(seat: Seat, kind: str) -> list[str]:
    return [event.value for event in seat.answers.events if event.kind == kind]


# Joining


def test_a_new_rater_reaches_the_training(seat_at: Callable[..., Seat]):
    seat = seat_at()
    assert isinstance(seat.state, RatersState)
    assert seat.state.raters == ()
    seat.presenter.join("heron", {"age": "30 to 39"}, has_consented=True)
    assert seat.step == "instructions"
    seat.press("enter")
    assert seat.step == "level"
    assert seat.player.played[-1].loop
    seat.press("enter")
    assert isinstance(seat.state, PageState)
    assert seat.state.is_training
    assert "do not count" in seat.state.progress
    assert not seat.player.is_playing
    (rater,) = seat.answers.raters
    assert (rater.pseudonym, dict(rater.background)) == ("heron", {"age": "30 to 39"})
    assert notes(seat, "level")


def test_a_rater_must_consent(seat_at: Callable[..., Seat]):
    seat = seat_at()
    seat.presenter.join("heron", {}, has_consented=False)
    assert "agree" in seat.state.message
    assert seat.answers.raters == ()


@pytest.mark.parametrize(("alias", "word"), [("", "alias"), ("heron", "taken")])
def test_an_alias_is_required_and_unique(seat_at: Callable[..., Seat], alias: str, word: str):
    first = seat_at()
    first.join("heron")
    seat = seat_at(again=first)
    seat.presenter.join(alias, {}, has_consented=True)
    assert word in seat.state.message
    assert len(seat.answers.raters) == 1


def test_raters_are_listed_with_their_progress(seat_at: Callable[..., Seat]):
    first = seat_at()
    first.join("heron")
    first.rate_page()
    n_pages = first.n_pages
    (row,) = seat_at(again=first).state.raters
    assert (row.pseudonym, row.progress) == ("heron", f"1 of {n_pages} pages")


def test_a_returning_rater_resumes_after_one_step(seat_at: Callable[..., Seat]):
    first = seat_at()
    first.join()
    first.listen("0", "2")
    first.press("2", "r")
    before = first.state
    seat = seat_at(again=first, pseudonym="heron")
    assert seat.step == "welcome"
    seat.press("enter")
    assert seat.state.number == before.number
    assert [stimulus.grade for stimulus in seat.state.stimuli] == [stimulus.grade for stimulus in before.stimuli]
    assert [stimulus.sound.is_listened for stimulus in seat.state.stimuli] == [
        stimulus.sound.is_listened for stimulus in before.stimuli
    ]


def test_a_returning_rater_can_read_the_instructions_and_set_the_volume_again(seat_at: Callable[..., Seat]):
    first = seat_at()
    first.join()
    seat = seat_at(again=first, pseudonym="heron")
    seat.press("i")
    assert seat.step == "instructions"
    seat.press("enter")
    assert isinstance(seat.state, PageState)
    third = seat_at(again=first, pseudonym="heron")
    third.press("v")
    assert third.step == "level"


def test_time_away_from_the_page_is_not_decision_time(seat_at: Callable[..., Seat]):
    first = seat_at(n_training=0)
    first.join()
    first.go_by(1.0)
    first.listen("0", "1")
    first.press("1", "q")
    (rating,) = first.answers.ratings
    assert rating.decision_ms == pytest.approx(1600, abs=2)
    first.press("escape")
    first.clock.wind(600.0)
    first.press("escape", "w")
    assert first.answers.ratings[-1].decision_ms == pytest.approx(1600, abs=2)


def test_instructions_of_the_design_replace_the_default_ones(seat_at: Callable[..., Seat]):
    seat = seat_at(instructions="Think of films.\n\nNothing else.")
    seat.presenter.join("heron", {}, has_consented=True)
    assert seat.state.paragraphs[:2] == ("Think of films.", "Nothing else.")


# Breaks, leaving, devices, headphones


def test_a_break_is_suggested_between_pages_and_is_not_decision_time(seat_at: Callable[..., Seat]):
    seat = seat_at(n_training=0, break_after_min=25.0)
    seat.join()
    seat.go_by(0.1)
    seat.clock.wind(25 * 60)
    assert isinstance(seat.state, PageState)
    seat.rate_page()
    assert seat.step == "break"
    seat.clock.wind(600)
    seat.press("enter")
    assert seat.state.number == 1
    seat.press("1", "n")
    assert seat.answers.ratings[-1].decision_ms < 1000
    assert notes(seat, "rested")
    seat.rate_page()
    assert seat.state.number == 2


def test_escape_stops_playback_and_asks_to_leave(seat_at: Callable[..., Seat]):
    seat = seat_at()
    seat.join()
    seat.press("1", "escape")
    assert not seat.player.is_playing
    assert seat.state.is_leaving
    assert not seat.view.is_shut
    seat.press("escape")
    assert not seat.state.is_leaving
    seat.press("escape", "l")
    assert seat.view.is_shut
    seat.presenter.leave()
    assert notes(seat, "broke_off") == ["0"]


def test_no_response_is_accepted_without_a_device(seat_at: Callable[..., Seat]):
    seat = seat_at()
    seat.join()
    seat.listen("0", "1")
    seat.presenter.handle(DeviceChanged(AWAY))
    assert seat.state.message == AWAY
    for key in ("q", "n", "b"):
        seat.press(key)
    assert seat.answers.ratings == ()
    assert seat.state.message == AWAY
    seat.go_by(4.5)
    assert seat.player.n_prepared == 2
    seat.presenter.handle(DeviceChanged(None))
    assert seat.state.message is None
    seat.press("q")
    assert seat.stimulus("A").grade == 0


def test_the_volume_cannot_be_set_without_a_device(seat_at: Callable[..., Seat]):
    seat = seat_at()
    seat.player.has_device = False
    seat.presenter.join("heron", {}, has_consented=True)
    seat.press("enter", "enter")
    assert seat.step == "level"
    assert seat.state.message
    assert notes(seat, "level") == []


@pytest.mark.parametrize(("n_wrong", "is_passed"), [(0, True), (1, True), (2, False)])
def test_the_check_distinguishes_headphones_from_loudspeakers(
    seat_at: Callable[..., Seat], n_wrong: int, is_passed: bool
):
    seat = seat_at(has_headphone_check=True)
    seat.presenter.join("heron", {}, has_consented=True)
    seat.press("enter", "enter")
    assert seat.step == "headphones"
    seat.press("1")
    assert seat.state.message == "Listen to all three tones, then choose the quietest."
    for number, quietest in enumerate(QUIETEST):
        seat.go_by(4.0)
        seat.player.finish()
        seat.deliver()
        seat.press(str((quietest + (number < n_wrong)) % 3 + 1))
    assert seat.step == "headphones_result"
    (note,) = notes(seat, "headphones")
    assert f'"is_passed": {str(is_passed).lower()}' in note
    assert ("again" in [action.verb for action in seat.state.actions]) is not is_passed
    seat.press("enter")
    assert isinstance(seat.state, PageState)


def test_a_failed_check_can_be_repeated(seat_at: Callable[..., Seat]):
    seat = seat_at(has_headphone_check=True)
    seat.presenter.join("heron", {}, has_consented=True)
    seat.press("enter", "enter")
    for quietest in QUIETEST:
        seat.go_by(4.0)
        seat.player.finish()
        seat.deliver()
        seat.press(str((quietest + 1) % 3 + 1))
    seat.press("r")
    assert seat.step == "headphones"


# Blindness


@pytest.mark.parametrize("kind", ["grade", "preference", "abx"])
def test_nothing_shown_identifies_a_sound_or_a_system(seat_at: Callable[..., Seat], kind: str):
    seat = seat_at(kind=kind, n_queries=2)
    seat.join()
    while seat.step != "done":
        if seat.step:
            seat.press("enter")
        else:
            seat.rate_page()
    shown = " ".join(
        str(state) for state in seat.view.states if not isinstance(state, StepState) or state.name != "done"
    )
    for item in seat.folder.study.items.values():
        assert item.id not in shown
        assert item.content_hash not in shown
    assert not any(name in shown for name in SYSTEMS)
    for word in ("'identical'", "far_id", "is_repeat"):  # a grade is called “Nearly identical”
        assert word not in shown


def test_responses_of_two_raters_are_separate(seat_at: Callable[..., Seat]):
    first = seat_at(n_training=0)
    first.join("heron")
    first.rate_page()
    second = seat_at(again=first)
    second.join("wren")
    second.listen("0", "1")
    second.press("r")
    with ResponseStore(first.folder.path) as file:
        raters = {rater.pseudonym: rater.id for rater in file.raters()}
        assert len(file.responses(raters["wren"]).ratings) == 1
        assert len(file.responses(raters["heron"]).ratings) > 1
