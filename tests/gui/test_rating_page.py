"""A page of a study: keys, listening time and responses, without Qt and without a sound device."""

from collections.abc import Callable

import pytest
from gui_rating import Seat

from bowerbird.base.errors import CatalogueError
from bowerbird.gui.listening.rating_state import Comment
from bowerbird.listening.study import QueryChoice, Scale

WORDS = QueryChoice(how="words", words=("tone",))


# Playback


def test_a_digit_plays_the_sound_beside_it(seat_at: Callable[..., Seat]):
    seat = seat_at()
    seat.join()
    page = seat.page
    seat.press("0", "3")
    items = [seat.folder.study.query(page.query_id).item_id, page.slots[2].item_id]
    assert [played.path.stem for played in seat.player.played[-2:]] == items
    assert seat.stimulus("C").sound.is_playing
    assert seat.stimulus("C").is_selected
    assert not seat.state.reference.is_playing


def test_space_stops_and_plays_the_last_sound_again(seat_at: Callable[..., Seat]):
    seat = seat_at()
    seat.join()
    seat.press("2", "space")
    assert not seat.player.is_playing
    assert not seat.stimulus("B").sound.is_playing
    seat.press("space")
    assert seat.stimulus("B").sound.is_playing


def test_only_played_time_counts(seat_at: Callable[..., Seat]):
    seat = seat_at(must_hear_share=0.5)
    seat.join()
    seat.press("1")
    seat.go_by(0.1)
    assert not seat.stimulus("A").sound.is_listened
    assert seat.stimulus("A").sound.listened_share == pytest.approx(1 / 3, abs=0.01)
    seat.press("2")
    seat.go_by(0.1)
    seat.press("1")
    seat.go_by(0.05)  # the beginning again
    assert not seat.stimulus("A").sound.is_listened
    seat.go_by(0.1)
    assert seat.stimulus("A").sound.is_listened
    assert seat.stimulus("A").sound.listened_share == pytest.approx(0.5, abs=0.01)
    assert seat.stimulus("B").sound.listened_share == pytest.approx(1 / 3, abs=0.01)


def test_a_sound_played_to_its_end_counts_in_full(seat_at: Callable[..., Seat]):
    seat = seat_at(must_hear_share=1.0, n_training=0)
    seat.join()
    seat.listen("0", "1")
    seat.press("1", "e")
    assert seat.state.message is None
    assert seat.answers.ratings[0].grade == 2
    assert seat.answers.ratings[0].listened_ms == 300


def test_a_sound_that_a_device_skips_does_not_count(seat_at: Callable[..., Seat]):
    seat = seat_at(must_hear_share=1.0)
    seat.join()
    seat.press("1")
    seat.clock.wind(0.01)
    seat.player.finish()
    seat.deliver()
    assert not seat.stimulus("A").sound.is_listened


def test_a_hidden_reference_counts_only_by_its_own_key(seat_at: Callable[..., Seat]):
    seat = seat_at()  # training pages have a hidden reference
    seat.join()
    page = seat.page
    position = next(position for position, slot in enumerate(page.slots) if slot.control == "identical")
    seat.listen("0")
    assert seat.state.reference.is_listened
    assert not seat.state.stimuli[position].sound.is_listened
    seat.listen(str(position + 1))
    assert seat.state.stimuli[position].sound.is_listened


def test_a_sound_still_playing_at_the_end_of_a_page_counts_for_that_page(seat_at: Callable[..., Seat]):
    seat = seat_at()
    seat.join()
    number = seat.state.number
    seat.listen_to_all()
    for stimulus in seat.state.lists[0]:
        seat.press(stimulus.sound.key, "q")
    seat.go_by(0.1)
    seat.press("enter")
    assert not seat.player.is_playing
    seat.go_by(0.2)
    played = [event for event in seat.answers.events if event.kind == "heard"]
    assert {event.page for event in played} == {number}


def test_plays_are_counted(seat_at: Callable[..., Seat]):
    seat = seat_at(n_training=0)
    seat.join()
    seat.listen("0", "1", "0", "1", "1")
    seat.press("q")
    (rating,) = seat.answers.ratings
    assert (rating.n_plays_query, rating.n_plays_item) == (2, 3)


# Responses


def test_a_grade_before_both_sounds_were_played_is_refused(seat_at: Callable[..., Seat]):
    seat = seat_at()
    seat.join()
    seat.press("1", "q")
    assert seat.state.message == "Listen longer to the reference and A before you rate it."
    assert seat.answers.ratings == ()
    seat.go_by(0.3)
    assert seat.state.message == "Listen longer to the reference before you rate it."
    seat.listen("0")
    assert seat.state.message is None


def test_a_grade_is_on_disk_before_anything_else(seat_at: Callable[..., Seat]):
    seat = seat_at()
    seat.join()
    seat.listen("0", "1")
    seat.press("w")
    (rating,) = seat.answers.ratings
    assert (rating.grade, rating.presented_label) == (1, "A")
    assert seat.stimulus("A").grade == 1


def test_a_letter_without_a_selected_sound_is_refused(seat_at: Callable[..., Seat]):
    seat = seat_at()
    seat.join()
    for key in ("q", "n", "b", "c"):
        seat.press(key)
        assert seat.state.message == "Play a sound first, then rate it."


def test_arrow_keys_move_between_sounds_and_grades(seat_at: Callable[..., Seat]):
    seat = seat_at()
    seat.join()
    seat.listen("0", "down", "down")
    assert seat.stimulus("B").is_selected
    grades = []
    for key in ("right", "right", "left", "left", "left", "right", "right", "right", "right"):
        seat.press(key)
        grades.append(seat.stimulus("B").grade)
    assert grades == [0, 1, 0, 0, 0, 1, 2, 3, 3]
    seat.press("up")
    assert seat.stimulus("A").is_selected


def test_a_mark_as_broken_or_impossible_to_judge_needs_no_listening(seat_at: Callable[..., Seat]):
    seat = seat_at()
    seat.join()
    seat.press("1", "n", "2", "b")
    assert [seat.stimulus(letter).status for letter in "AB"] == ["Cannot judge", "Broken"]
    seat.press("1", "n")
    assert seat.stimulus("A").status == ""


def test_a_comment_is_stored_or_cancelled(seat_at: Callable[..., Seat]):
    seat = seat_at()
    seat.join()
    seat.press("1", "c")
    assert seat.state.commenting == "A"
    seat.presenter.do(Comment("hollow"))
    assert seat.state.commenting is None
    assert seat.answers.ratings[-1].comment == "hollow"
    seat.press("c")
    assert seat.state.draft == "hollow"
    seat.presenter.do(Comment(None))
    assert seat.stimulus("A").comment == "hollow"


def test_undo_goes_back_response_by_response(seat_at: Callable[..., Seat]):
    seat = seat_at()
    seat.join()
    seat.listen("0", "1")
    seat.press("q", "r", "undo")
    assert seat.stimulus("A").grade == 0
    seat.press("undo")
    assert seat.stimulus("A").grade is None
    seat.press("undo")
    assert seat.state.message == "There is nothing to undo on this page."


def test_next_explains_what_is_missing(seat_at: Callable[..., Seat]):
    seat = seat_at(n_training=0)
    seat.join()
    assert seat.state.why_not_next
    seat.press("enter")
    assert seat.state.message == seat.state.why_not_next
    assert seat.state.number == 0
    seat.rate_page()
    assert seat.state.number == 1
    assert seat.state.progress.startswith("Page 2 of")


def test_a_disk_error_is_shown_and_the_response_is_not_accepted(seat_at: Callable[..., Seat]):
    seat = seat_at()
    seat.join()
    seat.listen("0", "1")
    seat.file.close()
    seat.presenter._session._store = _FullDisk()
    seat.press("q")
    assert seat.state.message == "The disk is full. Free some space."
    assert seat.stimulus("A").grade is None


class _FullDisk:
    def add(self, *_: object) -> None:
        raise CatalogueError("The disk is full. Free some space.")


# The slider


def test_a_slider_has_no_default_position(seat_at: Callable[..., Seat]):
    seat = seat_at(scale=Scale((), has_slider=True))
    seat.join()
    assert seat.state.ends == ("Not similar", "Nearly identical")
    assert {stimulus.slider for stimulus in seat.state.stimuli} == {None}
    seat.listen("0", "1")
    for _ in range(5):
        seat.press(".")
    assert seat.stimulus("A").slider == 58.0
    assert seat.answers.ratings == ()
    seat.presenter.key_released(".")
    (rating,) = seat.answers.ratings
    assert rating.slider == 58.0


def test_a_slider_does_not_move_before_the_sound_was_played(seat_at: Callable[..., Seat]):
    seat = seat_at(scale=Scale(has_slider=True))
    seat.join()
    seat.press("1", ".")
    seat.presenter.key_released(".")
    assert seat.stimulus("A").slider is None
    assert seat.state.message.startswith("Listen longer to")


# The other kinds of trial


def test_two_lists_are_compared_by_keys(seat_at: Callable[..., Seat]):
    seat = seat_at(kind="preference", n_training=0)
    seat.join()
    n_left = len(seat.state.lists[0])
    seat.press("2")
    assert seat.stimulus("B").sound.is_playing
    seat.press("right", "2")
    assert seat.state.stimuli[n_left + 1].sound.is_playing
    seat.press("q")
    assert seat.state.message.startswith("Listen longer to the reference, A")
    seat.listen_to_all()
    seat.press("w", "e")
    assert [answer.is_chosen for answer in seat.state.answers] == [False, False, True]
    assert [choice.answer for choice in seat.answers.choices] == ["tie", "right"]
    seat.press("enter")
    assert seat.state.number == 1


def test_tab_selects_the_other_list(seat_at: Callable[..., Seat]):
    seat = seat_at(kind="preference", n_training=0)
    seat.join()
    seat.press("tab")
    assert seat.state.selected_list == 1
    seat.press("tab")
    assert seat.state.selected_list == 0


def test_x_is_compared_with_a_and_b(seat_at: Callable[..., Seat]):
    seat = seat_at(kind="abx", n_training=0)
    seat.join()
    page = seat.page
    seat.listen("0", "1", "2")
    assert [played.path.stem for played in seat.player.played[-3:]] == [page.x, *(s.item_id for s in page.slots)]
    seat.press("b")
    (choice,) = seat.answers.choices
    assert choice.answer == "right"
    assert [answer.key for answer in seat.state.answers] == ["A", "B"]


def test_a_query_in_words_has_no_key(seat_at: Callable[..., Seat]):
    seat = seat_at(has_words=True, construct="matches_words", choice=WORDS, n_training=0)
    seat.join()
    assert seat.state.reference is None
    assert seat.state.words.startswith("tone")
    n_played = len(seat.player.played)
    seat.press("0")
    assert len(seat.player.played) == n_played
    seat.listen("1")
    seat.press("r")
    assert seat.stimulus("A").grade == 3


@pytest.mark.parametrize("kind", ["grade", "preference", "abx"])
def test_a_study_is_rated_to_its_end_by_keys_alone(seat_at: Callable[..., Seat], kind: str):
    seat = seat_at(kind=kind, n_queries=2)
    seat.join()
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
    seat.press("enter")  # an extra key press must not close the last page
    assert not seat.view.is_shut
    seat.press("escape")
    assert seat.view.is_shut
