"""The words of the sound at hand, without Qt: questions are answered when the test says so."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from bowerbird.gui.browse import words_presenter
from bowerbird.gui.browse.words_presenter import WordsPresenter, WordState, word_state
from bowerbird.library.annotations.words import SuggestedWord

BELL = SuggestedWord("bell", 0.624)
DOOR = SuggestedWord("door", 1.0, is_given=True)
DAMAGED = "`ear-words.npz` is damaged. Install Bowerbird again."


class HeldQueries:
    """Keeps questions until they are answered by hand; of one name, all of them."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Callable[[], Any], Callable[[Any], None], Callable[[str], None]]] = []

    def run(self, name: str, work: Callable[[], Any], *, done: Any, failed: Any) -> None:
        self.asked.append((name, work, done, failed))

    @property
    def names(self) -> list[str]:
        return [asked[0] for asked in self.asked]

    def answer(self, place: int = 0) -> None:
        _, work, done, failed = self.asked.pop(place)
        try:
            answer = work()
        except LookupError as error:
            failed(str(error))
        else:
            done(answer)

    def answer_all(self) -> None:
        while self.asked:
            self.answer()


class FakeBrowsing:
    """Every sound is called by its number, and by what was given."""

    def __init__(self) -> None:
        self.is_damaged = False

    def words(self, sound_id: int) -> tuple[SuggestedWord, ...]:
        if self.is_damaged:
            raise LookupError(DAMAGED)
        return (SuggestedWord(f"sound {sound_id}", 0.5),)


class FakeEdits:
    """Makes changes at once, without a library."""

    def __init__(self) -> None:
        self.works: list[Callable[[], Any]] = []

    def make(self, work: Callable[[], Any]) -> None:
        self.works.append(work)
        work()


class FakeView:
    def __init__(self) -> None:
        self.shown: list[list[str] | None] = []
        self.has_sound = False
        self.complaints: list[str] = []

    def show_words(self, chips: Sequence[WordState] | None, *, has_sound: bool) -> None:
        self.shown.append(None if chips is None else [chip.word for chip in chips])
        self.has_sound = has_sound

    def complain(self, sentence: str) -> None:
        self.complaints.append(sentence)


class Desk:
    """A presenter among fakes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.view, self.queries, self.browsing, self.edits = FakeView(), HeldQueries(), FakeBrowsing(), FakeEdits()
        self.told: list[tuple[str, list[int], str]] = []
        for name in ("add_tag", "remove_tag", "deny_word"):
            monkeypatch.setattr(words_presenter, name, self._noting(name))
        self.selected: list[int] = []
        self.searched: list[str] = []
        self.words = WordsPresenter(
            self.view,
            (self.queries, self.browsing),  # type: ignore[arg-type]
            "the library",  # type: ignore[arg-type]
            self.edits,  # type: ignore[arg-type]
            selected=lambda: self.selected,
            search=self.searched.append,
        )

    def _noting(self, name: str) -> Callable[[str, Sequence[int], str], None]:
        return lambda _library, sound_ids, word: self.told.append((name, list(sound_ids), word))


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk(monkeypatch)
    desk.words.set_visible(is_visible=True)
    return desk


def test_the_sound_at_hand_has_its_words_shown(desk: Desk):
    desk.words.moved(7, is_passing=False)
    assert desk.view.shown[-1] is None
    desk.queries.answer()
    assert desk.view.shown[-1] == ["sound 7"]


def test_suggested_words_can_be_hidden_and_tags_stay(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(FakeBrowsing, "words", lambda _, sound_id: (BELL, DOOR))
    desk.words.moved(7, is_passing=False)
    desk.queries.answer_all()
    assert desk.view.shown[-1] == ["bell", "door"]
    desk.words.set_suggestions(are_shown=False)
    desk.queries.answer_all()
    assert desk.view.shown[-1] == ["door"]


def test_an_answer_that_comes_too_late_is_not_shown(desk: Desk):
    desk.words.moved(7, is_passing=False)
    desk.words.moved(8, is_passing=False)
    desk.queries.answer(1)
    desk.queries.answer(0)
    assert desk.view.shown[-1] == ["sound 8"]


def test_a_sound_in_passing_is_not_asked_about_and_has_no_words_of_another(desk: Desk):
    desk.words.moved(7, is_passing=False)
    desk.words.moved(8, is_passing=True)
    assert len(desk.queries.asked) == 1
    desk.queries.answer()
    desk.words.refresh()
    assert (desk.view.shown[-1], desk.queries.asked) == (None, [])
    desk.words.moved(8, is_passing=False)
    desk.queries.answer()
    assert desk.view.shown[-1] == ["sound 8"]


def test_nothing_is_asked_while_nobody_sees_it(desk: Desk):
    desk.words.set_visible(is_visible=False)
    desk.words.moved(7, is_passing=False)
    desk.words.refresh()
    assert desk.queries.asked == []
    desk.words.set_visible(is_visible=True)
    desk.queries.answer()
    assert desk.view.shown[-1] == ["sound 7"]


def test_being_seen_twice_asks_once(desk: Desk):
    desk.words.moved(7, is_passing=False)
    desk.words.set_visible(is_visible=True)
    assert len(desk.queries.asked) == 1


def test_without_a_sound_nothing_is_asked_or_shown(desk: Desk):
    desk.words.moved(7, is_passing=False)
    desk.queries.answer()
    desk.words.moved(None, is_passing=False)
    desk.words.refresh()
    assert (desk.view.shown[-1], desk.view.has_sound, desk.queries.asked) == ([], False, [])


def test_a_changed_library_is_asked_again_and_what_is_shown_stays_until_then(desk: Desk):
    desk.words.moved(7, is_passing=False)
    desk.queries.answer()
    desk.words.refresh()
    assert (desk.view.shown[-1], desk.queries.names) == (["sound 7"], ["words"])


def test_a_word_is_given_to_all_selected_sounds(desk: Desk):
    desk.words.moved(7, is_passing=False)
    desk.queries.answer()
    desk.selected = [7, 8, 9]
    desk.words.give("creak")
    assert desk.told == [("add_tag", [7, 8, 9], "creak")]


def test_a_word_is_for_the_sound_at_hand_where_none_is_selected(desk: Desk):
    desk.words.moved(7, is_passing=False)
    desk.words.give("creak")
    assert desk.told == [("add_tag", [7], "creak")]


def test_a_word_without_a_sound_asks_for_one(desk: Desk):
    desk.words.give("creak")
    assert desk.view.complaints == ["Select a sound first, then add a word."]
    assert desk.queries.asked == []


def test_nothing_typed_is_nothing_given(desk: Desk):
    desk.words.moved(7, is_passing=False)
    desk.queries.answer()
    desk.words.give("  ")
    assert (desk.queries.asked, desk.view.complaints) == ([], [])


def test_a_suggestion_is_denied_for_the_sound_at_hand_alone(desk: Desk):
    desk.words.moved(7, is_passing=False)
    desk.queries.answer()
    desk.selected = [7, 8]
    desk.words.deny(word_state(BELL))
    assert desk.told == [("deny_word", [7], "bell")]


def test_a_tag_is_removed_from_all_selected_sounds(desk: Desk):
    desk.words.moved(7, is_passing=False)
    desk.queries.answer()
    desk.selected = [6, 7, 8]
    desk.words.deny(word_state(DOOR))
    assert desk.told == [("remove_tag", [7, 6, 8], "door")]


def test_a_cross_that_stands_there_from_the_last_sound_denies_nothing(desk: Desk):
    desk.words.moved(7, is_passing=False)
    desk.queries.answer()
    desk.words.moved(8, is_passing=False)
    desk.words.deny(word_state(BELL))
    assert desk.edits.works == []


def test_a_fault_is_told_once_and_not_for_every_sound(desk: Desk):
    desk.browsing.is_damaged = True
    for sound_id in (7, 8):
        desk.words.moved(sound_id, is_passing=False)
        desk.queries.answer()
    assert (desk.view.complaints, desk.view.shown[-1]) == ([DAMAGED], [])
    desk.browsing.is_damaged = False
    desk.words.refresh()
    desk.queries.answer()
    assert desk.view.shown[-1] == ["sound 8"]


def test_pressing_a_word_searches_for_it(desk: Desk):
    desk.words.search(word_state(BELL))
    assert desk.searched == ["bell"]


def test_the_placeholder_says_for_how_many(desk: Desk):
    assert desk.words.placeholder() == "Add a word"
    desk.selected = list(range(1200))
    assert desk.words.placeholder() == "Add a word to 1,200 sounds"


def test_a_suggestion_says_how_much_it_is_believed_and_a_given_word_does_not():
    assert (word_state(BELL).share, word_state(DOOR).share) == ("62 %", "")
    assert word_state(BELL).meaning == "“bell”, suggested with 62 % confidence. Click to search for it"
    assert word_state(DOOR).meaning == "“door”, added by you. Click to search for it"
    assert word_state(DOOR).denial == "Remove “door”"
