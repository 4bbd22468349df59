"""A page of a study: what keys play, what counts as heard, what is answered. Without Qt and without a loudspeaker."""

from collections.abc import Callable

import pytest
from gui_rating import Seat

from bowerbird.base.errors import CatalogueError
from bowerbird.gui.listening.rating_state import Comment
from bowerbird.listening.study import QueryChoice, Scale

WORDS = QueryChoice(how="words", words=("tone",))


# Playing and hearing


def test_a_digit_plays_the_sound_beside_it(seat_at: Callable[..., Seat]):
    seat = seat_at()
    seat.sit_down()
    page = seat.page
    seat.press("0", "3")
    items = [seat.folder.study.query(page.query_id).item_id, page.slots[2].item_id]
    assert [played.path.stem for played in seat.player.played[-2:]] == items
    assert seat.candidate("C").sound.is_playing
    assert seat.candidate("C").is_selected
    assert not seat.state.first.is_playing


def test_space_stops_and_plays_the_last_one_again(seat_at: Callable[..., Seat]):
    seat = seat_at()
    seat.sit_down()
    seat.press("2", "space")
    assert not seat.player.is_playing
    assert not seat.candidate("B").sound.is_playing
    seat.press("space")
    assert seat.candidate("B").sound.is_playing


def test_only_what_was_heard_is_counted(seat_at: Callable[..., Seat]):
    seat = seat_at(must_hear_share=0.5)
    seat.sit_down()
    seat.press("1")
    seat.go_by(0.1)
    assert not seat.candidate("A").sound.is_heard
    assert seat.candidate("A").sound.listened_share == pytest.approx(1 / 3, abs=0.01)
    seat.press("2")
    seat.go_by(0.1)
    seat.press("1")
    seat.go_by(0.05)  # the beginning once more
    assert not seat.candidate("A").sound.is_heard
    seat.go_by(0.1)
    assert seat.candidate("A").sound.is_heard
    assert seat.candidate("A").sound.listened_share == pytest.approx(0.5, abs=0.01)
    assert seat.candidate("B").sound.listened_share == pytest.approx(1 / 3, abs=0.01)


def test_a_sound_that_was_heard_whole_is_heard_whole(seat_at: Callable[..., Seat]):
    seat = seat_at(must_hear_share=1.0, n_training=0)
    seat.sit_down()
    seat.hear("0", "1")
    seat.press("1", "e")
    assert seat.state.message == ""
    assert seat.answers.ratings[0].grade == 2
    assert seat.answers.ratings[0].listened_ms == 300


def test_a_sound_that_a_device_swallows_is_not_heard(seat_at: Callable[..., Seat]):
    seat = seat_at(must_hear_share=1.0)
    seat.sit_down()
    seat.press("1")
    seat.clock.wind(0.01)
    seat.player.finish()
    seat.deliver()
    assert not seat.candidate("A").sound.is_heard


def test_a_copy_of_the_first_sound_is_heard_by_its_own_key_alone(seat_at: Callable[..., Seat]):
    seat = seat_at()  # training pages hold the query itself among the candidates
    seat.sit_down()
    page = seat.page
    place = next(place for place, slot in enumerate(page.slots) if slot.control == "identical")
    seat.hear("0")
    assert seat.state.first.is_heard
    assert not seat.state.candidates[place].sound.is_heard
    seat.hear(str(place + 1))
    assert seat.state.candidates[place].sound.is_heard


def test_what_still_sounds_at_the_end_of_a_page_counts_for_that_page(seat_at: Callable[..., Seat]):
    seat = seat_at()
    seat.sit_down()
    number = seat.state.number
    seat.hear_all()
    for candidate in seat.state.lists[0]:
        seat.press(candidate.sound.key, "q")
    seat.go_by(0.1)
    seat.press("enter")
    assert not seat.player.is_playing
    seat.go_by(0.2)
    heard = [event for event in seat.answers.events if event.kind == "heard"]
    assert {event.page for event in heard} == {number}


def test_plays_are_counted(seat_at: Callable[..., Seat]):
    seat = seat_at(n_training=0)
    seat.sit_down()
    seat.hear("0", "1", "0", "1", "1")
    seat.press("q")
    (rating,) = seat.answers.ratings
    assert (rating.n_plays_query, rating.n_plays_item) == (2, 3)


# Responses


def test_a_grade_before_both_were_heard_is_refused_in_words(seat_at: Callable[..., Seat]):
    seat = seat_at()
    seat.sit_down()
    seat.press("1", "q")
    assert seat.state.message == "Listen longer to the first sound and A, then grade."
    assert seat.answers.ratings == ()
    seat.go_by(0.3)
    assert seat.state.message == "Listen longer to the first sound, then grade."
    seat.hear("0")
    assert seat.state.message == ""


def test_a_grade_is_on_disk_before_anything_else(seat_at: Callable[..., Seat]):
    seat = seat_at()
    seat.sit_down()
    seat.hear("0", "1")
    seat.press("w")
    (rating,) = seat.answers.ratings
    assert (rating.grade, rating.presented_label) == (1, "A")
    assert seat.candidate("A").grade == 1


def test_a_letter_without_a_sound_at_hand_says_so(seat_at: Callable[..., Seat]):
    seat = seat_at()
    seat.sit_down()
    for key in ("q", "n", "b", "c"):
        seat.press(key)
        assert seat.state.message == "Play a sound first, then say what you hear."


def test_arrows_go_from_sound_to_sound_and_from_grade_to_grade(seat_at: Callable[..., Seat]):
    seat = seat_at()
    seat.sit_down()
    seat.hear("0", "down", "down")
    assert seat.candidate("B").is_selected
    grades = []
    for key in ("right", "right", "left", "left", "left", "right", "right", "right", "right"):
        seat.press(key)
        grades.append(seat.candidate("B").grade)
    assert grades == [0, 1, 0, 0, 0, 1, 2, 3, 3]
    seat.press("up")
    assert seat.candidate("A").is_selected


def test_what_cannot_be_judged_or_is_broken_needs_no_hearing(seat_at: Callable[..., Seat]):
    seat = seat_at()
    seat.sit_down()
    seat.press("1", "n", "2", "b")
    assert [seat.candidate(letter).status for letter in "AB"] == ["Cannot judge", "Broken"]
    seat.press("1", "n")
    assert seat.candidate("A").status == ""


def test_a_comment_is_kept_by_enter_and_left_by_escape(seat_at: Callable[..., Seat]):
    seat = seat_at()
    seat.sit_down()
    seat.press("1", "c")
    assert seat.state.commenting == "A"
    seat.presenter.do(Comment("hollow"))
    assert seat.state.commenting is None
    assert seat.answers.ratings[-1].comment == "hollow"
    seat.press("c")
    assert seat.state.draft == "hollow"
    seat.presenter.do(Comment(None))
    assert seat.candidate("A").comment == "hollow"


def test_undo_takes_answers_of_this_page_back_one_by_one(seat_at: Callable[..., Seat]):
    seat = seat_at()
    seat.sit_down()
    seat.hear("0", "1")
    seat.press("q", "r", "undo")
    assert seat.candidate("A").grade == 0
    seat.press("undo")
    assert seat.candidate("A").grade is None
    seat.press("undo")
    assert seat.state.message == "There is nothing to take back on this page."


def test_next_says_why_it_is_off_and_then_goes_on(seat_at: Callable[..., Seat]):
    seat = seat_at(n_training=0)
    seat.sit_down()
    assert seat.state.why_not_next
    seat.press("enter")
    assert seat.state.message == seat.state.why_not_next
    assert seat.state.number == 0
    seat.rate_page()
    assert seat.state.number == 1
    assert seat.state.progress.startswith("Page 2 of")


def test_a_fault_of_the_disk_is_told_and_the_answer_does_not_stand(seat_at: Callable[..., Seat]):
    seat = seat_at()
    seat.sit_down()
    seat.hear("0", "1")
    seat.file.close()
    seat.presenter._session._file = _FullDisk()
    seat.press("q")
    assert seat.state.message == "The disk is full. Free some space."
    assert seat.candidate("A").grade is None


class _FullDisk:
    def add(self, *_: object) -> None:
        raise CatalogueError("The disk is full. Free some space.")


# The slider


def test_a_slider_has_no_place_until_it_is_given_one(seat_at: Callable[..., Seat]):
    seat = seat_at(scale=Scale((), has_slider=True))
    seat.sit_down()
    assert seat.state.ends == ("Not alike", "Nearly the same")
    assert {candidate.slider for candidate in seat.state.candidates} == {None}
    seat.hear("0", "1")
    for _ in range(5):
        seat.press(".")
    assert seat.candidate("A").slider == 58.0
    assert seat.answers.ratings == ()
    seat.presenter.key_released(".")
    (rating,) = seat.answers.ratings
    assert rating.slider == 58.0


def test_a_slider_does_not_move_before_the_sound_was_heard(seat_at: Callable[..., Seat]):
    seat = seat_at(scale=Scale(has_slider=True))
    seat.sit_down()
    seat.press("1", ".")
    seat.presenter.key_released(".")
    assert seat.candidate("A").slider is None
    assert seat.state.message.startswith("Listen longer to")


# The other kinds of trial


def test_two_lists_are_compared_by_keys(seat_at: Callable[..., Seat]):
    seat = seat_at(kind="preference", n_training=0)
    seat.sit_down()
    n_left = len(seat.state.lists[0])
    seat.press("2")
    assert seat.candidate("B").sound.is_playing
    seat.press("right", "2")
    assert seat.state.candidates[n_left + 1].sound.is_playing
    seat.press("q")
    assert seat.state.message.startswith("Listen longer to the first sound, A")
    seat.hear_all()
    seat.press("w", "e")
    assert [answer.is_chosen for answer in seat.state.answers] == [False, False, True]
    assert [choice.answer for choice in seat.answers.choices] == ["tie", "right"]
    seat.press("enter")
    assert seat.state.number == 1


def test_tab_takes_the_other_list(seat_at: Callable[..., Seat]):
    seat = seat_at(kind="preference", n_training=0)
    seat.sit_down()
    seat.press("tab")
    assert seat.state.selected_list == 1
    seat.press("tab")
    assert seat.state.selected_list == 0


def test_x_is_told_from_a_and_b(seat_at: Callable[..., Seat]):
    seat = seat_at(kind="abx", n_training=0)
    seat.sit_down()
    page = seat.page
    seat.hear("0", "1", "2")
    assert [played.path.stem for played in seat.player.played[-3:]] == [page.x, *(s.item_id for s in page.slots)]
    seat.press("b")
    (choice,) = seat.answers.choices
    assert choice.answer == "right"
    assert [answer.key for answer in seat.state.answers] == ["A", "B"]


def test_words_have_no_key(seat_at: Callable[..., Seat]):
    seat = seat_at(has_words=True, construct="matches_words", choice=WORDS, n_training=0)
    seat.sit_down()
    assert seat.state.first is None
    assert seat.state.words.startswith("tone")
    n_played = len(seat.player.played)
    seat.press("0")
    assert len(seat.player.played) == n_played
    seat.hear("1")
    seat.press("r")
    assert seat.candidate("A").grade == 3


@pytest.mark.parametrize("kind", ["grade", "preference", "abx"])
def test_a_study_is_rated_to_its_end_by_keys_alone(seat_at: Callable[..., Seat], kind: str):
    seat = seat_at(kind=kind, n_queries=2)
    seat.sit_down()
    n_pages = seat.n_pages
    steps = []
    for _ in range(2 * n_pages):
        if seat.step:
            steps.append(seat.step)
            if seat.step == "done":
                break
            seat.press("enter")
        else:
            seat.rate_page()
    assert steps == ["trained", "done"]
    assert "bowerbird study export tones" in seat.state.command
    seat.press("enter")  # once too often: what is to be done now is read first
    assert not seat.view.is_shut
    seat.press("escape")
    assert seat.view.is_shut
