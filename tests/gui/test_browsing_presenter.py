"""What the list shows, without Qt: questions are answered when the test says so."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bowerbird.domain.matches import Match
from bowerbird.domain.query import RELEVANCE, Example, Location, Query, SpellingCorrection, parse_query
from bowerbird.gui.browse.browsing_presenter import BrowsingPresenter, ListState, example_name, example_of
from bowerbird.gui.browse.query_history import MAX_ENTRIES, ListPosition, QueryState
from bowerbird.library.search.browsing import FolderPane, Listing, Relaxation


class HeldQueries:
    """Keeps questions until they are answered by hand, in any order."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Callable[[], Any], Callable[[Any], None], Callable[[str], None]]] = []

    def run(self, name: str, work: Callable[[], Any], *, done: Any, failed: Any) -> None:
        self.asked.append((name, work, done, failed))

    def answer(self, place: int = -1) -> None:
        _, work, done, failed = self.asked.pop(place)
        try:
            answer = work()
        except LookupError as error:
            failed(str(error))
        else:
            done(answer)

    def answer_all(self) -> None:
        while self.asked:
            self.answer(0)


DRUMS = Location(1, "Drums")
RATE_UNITS = "Write a number, optionally with a unit: hz, k, khz."
PANE = FolderPane(((DRUMS, 4),), (), n_rejected=0)


class FakeBrowsing:
    """Finds what the test put there."""

    def __init__(self) -> None:
        self.queries: list[Query] = []
        self.meanings: list[Query] = []
        self.examples: list[tuple[Example, ...]] = []
        self.found: dict[str, list[int]] = {}
        self.relaxations: tuple[Relaxation, ...] = ()
        self.n_library = 10
        self.guesses: tuple[SpellingCorrection, ...] = ()
        self.is_deaf = False
        self.some: Example | None = Example(Path("/any/rain.wav"))

    def list(self, query: Query) -> Listing:
        self.queries.append(query)
        ids = self.found.get(query.typed, [])
        return Listing(np.array(ids, np.int64), relaxations=self.relaxations, n_library=self.n_library)

    def meant(self, query: Query) -> Listing:
        self.meanings.append(query)
        if self.is_deaf:
            raise LookupError("`text.onnx` of `clap` is not here. Run `bowerbird models fetch clap`.")
        match = Match(5, 0.3, 98.0, 0.0, 1.0, "by meaning")
        return Listing(np.array([5]), {5: match}, n_library=self.n_library, guesses=self.guesses)

    def similar(self, examples: tuple[Example, ...], query: Query) -> Listing:
        self.queries.append(query)
        self.examples.append(examples)
        if self.is_deaf:
            raise LookupError("`hum.wav` cannot be heard. Re-export it.")
        match = Match(7, 0.9, 99.0, 0.0, 1.0, "similar in timbre")
        return Listing(np.array([7]), {7: match}, n_library=self.n_library)

    def recent(self, kind: str, query: Query) -> Listing:
        return Listing(np.zeros(0, np.int64), n_library=self.n_library)

    def some_sound(self) -> Example | None:
        return self.some

    def folder_pane(self) -> FolderPane:
        return PANE


class FakeView:
    def __init__(self) -> None:
        self.states: list[ListState] = []
        self.text = ""
        self.pane: object = None
        self.complaints: list[str] = []
        self.played: list[Example] = []
        self.entered: list[bool] = []
        self.n_lists_at_complaint = 0
        self.has_text_encoder = False
        self.location: Location | None = None
        self.history = (False, False)
        self.position: ListPosition | None = None

    def show_search_placeholder(self, *, has_text_encoder: bool) -> None:
        self.has_text_encoder = has_text_encoder

    def show_list(self, state: ListState) -> None:
        self.states.append(state)

    def show_folder_pane(self, pane: object) -> None:
        self.pane = pane

    def set_search_text(self, text: str) -> None:
        self.text = text

    def complain(self, sentence: str) -> None:
        self.complaints.append(sentence)
        self.n_lists_at_complaint = len(self.states)

    def enter_list(self, *, is_new: bool) -> None:
        self.entered.append(is_new)

    def play_example(self, example: Example) -> None:
        self.played.append(example)

    def show_location(self, location: Location | None) -> None:
        self.location = location

    def show_history(self, *, can_go_back: bool, can_go_forward: bool) -> None:
        self.history = (can_go_back, can_go_forward)

    def list_position(self) -> ListPosition | None:
        return self.position


class Table:
    """A presenter with everything it touches."""

    def __init__(self) -> None:
        self.view = FakeView()
        self.queries = HeldQueries()
        self.browsing = FakeBrowsing()
        both: Any = (self.queries, self.browsing)
        self.now_s = 0.0
        self.presenter = BrowsingPresenter(self.view, lists=both, similar=both, clock=lambda: self.now_s)

    @property
    def state(self) -> ListState:
        return self.view.states[-1]

    def type(self, text: str, *, after_s: float = 10.0) -> None:
        self.now_s += after_s
        self.view.text = text
        self.presenter.text_changed(text)
        self.queries.answer_all()

    def back(self) -> None:
        self.presenter.go_back()
        self.queries.answer_all()

    def forward(self) -> None:
        self.presenter.go_forward()
        self.queries.answer_all()

    def find_similar(self, *examples: Example) -> None:
        self.presenter.find_similar(examples)
        self.queries.answer_all()


@pytest.fixture
def table() -> Table:
    return Table()


KICK = Example(Path("/s/kick.wav"))


def test_the_newest_question_wins_whatever_order_answers_come_in(table: Table):
    table.browsing.found = {"kick": [1], "kicks": [2]}
    table.presenter.text_changed("kick")
    table.presenter.text_changed("kicks")
    table.queries.answer(1)
    table.queries.answer(0)
    assert [state.listing.ids.tolist() for state in table.view.states] == [[2]]


def test_a_late_failure_of_an_old_question_is_not_told(table: Table):
    table.browsing.is_deaf = True
    table.presenter.find_similar([KICK])
    table.presenter.clear()
    table.queries.answer_all()
    assert table.view.complaints == []
    assert table.state.examples == ()


def test_the_same_text_is_not_asked_again(table: Table):
    table.type("kick")
    table.type("kick")
    assert len(table.browsing.queries) == 1


def test_words_filters_and_directory_go_into_one_question(table: Table):
    table.presenter.location_chosen(DRUMS)
    table.type("kick duration<0.5")
    assert table.browsing.queries[-1] == replace(parse_query("kick duration<0.5"), location=DRUMS)


def test_filters_that_were_typed_become_chips_and_the_chosen_directory_does_not(table: Table):
    table.presenter.location_chosen(DRUMS)
    table.type("kick duration<0.5 channels=stereo folder=Old")
    assert table.state.filters == (), "they are still in the search box"
    table.presenter.finish_typing()
    table.queries.answer_all()
    assert table.view.text == "kick"
    assert [str(one) for one in table.state.filters] == ["duration<0.5", "channels=2", "folder=Old"]


def test_removing_a_filter_leaves_the_words_and_the_other_filters(table: Table):
    table.type('deep kick duration<0.5 "folder=My Drums"')
    table.presenter.finish_typing()
    table.queries.answer_all()
    table.presenter.remove_filter(table.state.filters[0])
    table.queries.answer_all()
    assert table.view.text == "deep kick"
    assert [str(one) for one in table.state.filters] == ["folder=My Drums"]


def test_find_similar_clears_words_and_directory(table: Table):
    table.presenter.location_chosen(DRUMS)
    table.type("kick")
    table.find_similar(KICK)
    assert (table.view.text, table.presenter.location) == ("", None)
    assert table.browsing.queries[-1] == Query(order=RELEVANCE)
    assert table.state.examples == (KICK,)
    assert table.state.summary == "1 match"


def test_words_typed_after_an_example_narrow_the_matches(table: Table):
    table.find_similar(KICK)
    table.type("deep")
    assert table.browsing.examples[-1] == (KICK,)
    assert table.browsing.queries[-1].typed == "deep"


def test_other_speeds_are_tried_until_the_last_example_is_removed(table: Table):
    table.presenter.find_similar([KICK], has_other_speeds=True)
    table.queries.answer_all()
    assert table.browsing.queries[-1].has_other_speeds
    assert table.state.summary == "1 match · also at half and double speed"
    table.presenter.refine([Example(Path("/s/snare.wav"))])
    table.queries.answer_all()
    assert table.browsing.queries[-1].has_other_speeds
    table.presenter.remove_examples()
    table.presenter.refine([KICK])
    table.queries.answer_all()
    assert not table.browsing.queries[-1].has_other_speeds
    table.back()
    table.back()
    assert table.browsing.queries[-1].has_other_speeds


def test_clear_undoes_one_thing_at_a_time_and_says_when_there_is_nothing(table: Table):
    table.find_similar(KICK)
    table.type("deep")
    assert table.presenter.clear()
    assert (table.presenter.examples, table.view.text) == ((), "deep")
    assert table.presenter.clear()
    assert table.view.text == ""
    assert not table.presenter.clear()


def test_an_example_that_cannot_be_heard_is_let_go_with_a_sentence(table: Table):
    table.browsing.found = {"": [1, 2, 3]}
    table.browsing.is_deaf = True
    table.find_similar(KICK)
    assert table.view.complaints == ["`hum.wav` cannot be heard. Re-export it."]
    assert table.presenter.examples == ()
    assert table.state.listing.ids.tolist() == [1, 2, 3]


def test_matches_have_an_order_of_their_own(table: Table):
    table.presenter.order_chosen("duration", is_descending=True)
    table.find_similar(KICK)
    assert table.presenter.shown_order == (RELEVANCE, False)
    table.presenter.order_chosen("name", is_descending=False)
    assert table.presenter.order == ("duration", True)
    table.presenter.clear()
    assert table.presenter.shown_order == ("duration", True)


def test_relaxing_keeps_or_drops_filters_and_directory_as_was_proposed(table: Table):
    table.presenter.location_chosen(DRUMS)
    table.type("deep kick duration<0.5")
    table.presenter.relax(Relaxation(replace(parse_query("kick duration<0.5"), location=DRUMS), n_found=3))
    assert (table.view.text, table.presenter.location) == ("kick", DRUMS)
    assert [str(one) for one in table.presenter.filters] == ["duration<0.5"]
    table.presenter.relax(Relaxation(parse_query("kick"), n_found=5))
    assert (table.view.text, table.presenter.location) == ("kick", None)


def test_a_refresh_is_the_same_question_and_anything_else_is_not(table: Table):
    table.type("kick")
    assert not table.state.is_same_query
    table.presenter.refresh()
    table.queries.answer_all()
    assert table.state.is_same_query
    assert table.view.pane is PANE


def test_what_was_restored_is_asked_at_the_first_refresh(table: Table):
    table.presenter.restore(DRUMS, "rate", is_descending=True)
    assert not table.queries.asked
    table.presenter.refresh()
    table.queries.answer_all()
    assert table.browsing.queries == [Query(order="rate", is_descending=True, location=DRUMS)]


@pytest.mark.parametrize(
    ("text", "n_library", "advice"),
    [
        ("", 0, "No sounds yet. Add a folder, or drop one here."),
        ("kick", 10, "Nothing found for “kick”."),
        ("duration<0.5", 10, "No sound here matches the filters."),
    ],
)
def test_an_empty_list_says_why(table: Table, text: str, n_library: int, advice: str):
    table.browsing.n_library = n_library
    table.presenter.text_changed(text)
    table.presenter.refresh()
    table.queries.answer_all()
    assert table.state.advice == advice


def test_the_count_says_how_many_of_how_many(table: Table):
    table.browsing.found = {"": list(range(10)), "kick": [1]}
    table.presenter.refresh()
    table.queries.answer_all()
    assert (table.state.summary, table.state.advice) == ("10 sounds", "")
    table.type("kick")
    assert table.state.summary == "1 of 10 sounds"


def test_the_count_says_which_words_were_read_as_others(table: Table):
    table.presenter.set_text_encoder(is_available=True)
    table.browsing.guesses = (SpellingCorrection("flumph", "flump"),)
    table.type("flumph")
    assert table.state.summary == "1 of 10 sounds · “flump” instead of “flumph”"


def test_an_example_of_a_region_is_named_with_it():
    region = example_of(Path("/s/rain.wav"), (3.0, 7.5))
    assert example_name(region) == "rain.wav 3.00–7.50 s"
    assert example_name(example_of(Path("/s/rain.wav"), None)) == "rain.wav"


def test_words_are_asked_by_their_letters_until_their_meaning_is_known(table: Table):
    table.browsing.found = {"rain": [1]}
    table.type("rain")
    assert table.state.listing.ids.tolist() == [1]
    assert not table.state.has_matches
    table.presenter.set_text_encoder(is_available=True)
    table.queries.answer_all()
    assert table.state.listing.ids.tolist() == [5]
    assert table.state.has_matches
    assert table.state.is_same_query


def test_words_by_meaning_are_ranked_and_sorting_them_leaves_the_ordinary_order_alone(table: Table):
    table.presenter.set_text_encoder(is_available=True)
    table.presenter.order_chosen("duration", is_descending=True)
    table.type("rain -voice")
    assert table.browsing.meanings[-1] == replace(parse_query("rain -voice"), order=RELEVANCE)
    table.presenter.order_chosen("folder", is_descending=False)
    table.queries.answer_all()
    assert table.browsing.meanings[-1].order == "folder"
    assert table.presenter.order == ("duration", True)
    table.type("rain on a roof")
    assert table.browsing.meanings[-1].order is RELEVANCE
    table.type("")
    assert table.browsing.queries[-1] == Query(order="duration", is_descending=True)
    assert not table.state.has_matches


def test_filters_alone_have_no_meaning(table: Table):
    table.presenter.set_text_encoder(is_available=True)
    table.type("duration<1")
    assert table.browsing.meanings == []
    assert not table.state.has_matches


def test_words_that_cannot_be_searched_by_meaning_are_searched_in_names_and_the_next_are_tried_again(table: Table):
    table.browsing.found = {"rain": [1], "rains": [2]}
    table.presenter.set_text_encoder(is_available=True)
    table.browsing.is_deaf = True
    table.type("rain")
    assert table.view.complaints == ["`text.onnx` of `clap` is not here. Run `bowerbird models fetch clap`."]
    assert table.view.n_lists_at_complaint == len(table.view.states), "the list was shown first: it clears errors"
    assert table.state.listing.ids.tolist() == [1]
    assert not table.state.has_matches
    table.type("rains")
    assert len(table.view.complaints) == 1, "it is said once"
    table.browsing.is_deaf = False
    table.type("rain")
    assert table.state.has_matches


def test_the_search_box_invites_descriptions_while_words_are_understood(table: Table):
    table.presenter.set_text_encoder(is_available=True)
    assert table.view.has_text_encoder
    table.presenter.set_text_encoder(is_available=False)
    assert not table.view.has_text_encoder


def test_examples_are_added_beside_words_and_place_and_change_sides(table: Table):
    place = Location(1, "Drums")
    table.presenter.location_chosen(place)
    table.type("metal")
    table.presenter.refine([Example(KICK.path, is_unlike=True)])
    table.queries.answer_all()
    assert table.state.examples == (Example(KICK.path, is_unlike=True),)
    assert table.presenter.location == place
    assert table.view.text == "metal"
    snare = Example(Path("/s/snare.wav"))
    table.presenter.refine([snare, KICK])
    table.queries.answer_all()
    assert table.state.examples == (KICK, snare)
    table.presenter.remove_example(KICK)
    table.queries.answer_all()
    assert table.state.examples == (snare,)


def test_an_example_added_twice_asks_once(table: Table):
    table.find_similar(KICK)
    n_asked = len(table.view.states)
    table.presenter.refine([KICK])
    table.queries.answer_all()
    assert len(table.view.states) == n_asked


def test_back_returns_to_words_filters_directory_and_position(table: Table):
    table.presenter.location_chosen(DRUMS)
    table.type("deep kick duration<0.5")
    table.view.position = position = ListPosition(3, -4, 2, np.array([2]))
    table.find_similar(KICK)
    assert table.view.history == (True, False)
    table.back()
    assert (table.view.text, table.view.location) == ("deep kick duration<0.5", DRUMS)
    assert table.browsing.queries[-1] == replace(parse_query("deep kick duration<0.5"), location=DRUMS)
    assert table.state.position is position
    assert table.view.history == (True, True)


def test_forward_returns_to_what_back_left(table: Table):
    table.find_similar(replace(KICK, weight=2.0))
    table.presenter.clear()
    table.back()
    assert table.presenter.examples == (replace(KICK, weight=2.0),)
    table.forward()
    assert table.presenter.examples == ()
    table.forward()
    assert table.presenter.examples == ()


def test_a_new_query_drops_the_queries_that_back_left(table: Table):
    table.type("kick")
    table.type("snare")
    table.back()
    table.type("hat")
    assert table.view.history == (True, False)
    table.back()
    assert table.view.text == "kick"


def test_back_does_not_go_through_a_word_letter_by_letter(table: Table):
    table.type("snare")
    for text in ("k", "ki", "kick"):
        table.type(text, after_s=10.0 if text == "k" else 0.2)
    table.back()
    assert table.view.text == "snare"
    table.forward()
    assert table.view.text == "kick"


def test_words_are_complete_once_their_results_are_used(table: Table):
    table.type("kick")
    table.presenter.settle()
    table.type("kic", after_s=0.1)
    table.back()
    assert table.view.text == "kick"


def test_a_word_that_is_clicked_and_a_folder_can_be_returned_from(table: Table):
    table.find_similar(KICK)
    table.presenter.search_for("metal")
    table.presenter.location_chosen(DRUMS)
    table.queries.answer_all()
    table.back()
    assert (table.view.text, table.view.location) == ("metal", None)
    table.back()
    assert (table.view.text, table.presenter.examples) == ("", (KICK,))


def test_the_order_of_a_ranked_list_is_returned_to(table: Table):
    table.find_similar(KICK)
    table.presenter.order_chosen("duration", is_descending=True)
    table.type("metal")
    table.presenter.order_chosen("name", is_descending=False)
    table.presenter.remove_examples()
    table.back()
    assert table.presenter.shown_order == ("name", False)
    table.back()
    assert table.presenter.shown_order == ("duration", True)


def test_an_example_that_cannot_be_decoded_leaves_the_list_and_the_history_as_they_were(table: Table):
    table.type("kick")
    n_shown = len(table.view.states)
    table.browsing.is_deaf = True
    table.find_similar(Example(Path("/s/notes.txt")))
    assert len(table.view.complaints) == 1
    assert len(table.view.states) == n_shown
    assert (table.view.text, table.presenter.examples) == ("kick", ())
    assert table.view.history == (True, False)
    table.back()
    assert table.view.text == ""


def test_the_history_is_bounded(table: Table):
    for number in range(MAX_ENTRIES + 50):
        table.presenter.search_for(f"word{number}")
    for _ in range(MAX_ENTRIES + 50):
        table.presenter.go_back()
    assert table.presenter.state == QueryState("word50")


def test_a_weight_changes_one_example_and_keeps_its_chip(table: Table):
    snare = Example(Path("/s/snare.wav"))
    table.find_similar(KICK, snare)
    table.presenter.weigh(KICK, 2.0)
    table.queries.answer_all()
    assert table.browsing.examples[-1] == (replace(KICK, weight=2.0), snare)
    table.presenter.refine([replace(KICK, is_unlike=True)])
    assert table.presenter.examples == (replace(KICK, is_unlike=True), snare)


def test_a_refresh_that_overtakes_a_query_is_not_taken_for_the_same_query(table: Table):
    table.type("kick")
    table.view.position = position = ListPosition(3, -4, 2, np.array([2]))
    table.presenter.search_for("snare")
    table.queries.answer_all()
    table.presenter.go_back()
    table.presenter.refresh()
    table.queries.answer_all()
    assert not table.state.is_same_query
    assert table.state.position is position
    table.presenter.refresh()
    table.queries.answer_all()
    assert (table.state.is_same_query, table.state.position) == (True, None)


def test_an_empty_history_says_what_it_will_list(table: Table):
    table.presenter.show(QueryState(recent="played"))
    table.queries.answer_all()
    assert table.state.advice == "Nothing here yet. Sounds that you play or drag are listed here."


def test_a_query_is_shown_in_its_own_order_whether_its_list_is_ranked_or_not(table: Table):
    table.presenter.show(QueryState("rain", ranked_order=("stars", True)), order=("stars", True))
    table.queries.answer_all()
    assert (table.state.order, table.state.is_descending) == ("stars", True)
    example = Example(Path("/s/kick.wav"))
    ranked = QueryState(examples=(example,), ranked_order=("duration", False))
    table.presenter.show(ranked, order=("duration", False))
    table.queries.answer_all()
    assert (table.state.order, table.state.is_descending) == ("duration", False)
    table.presenter.show(QueryState(examples=(example,)), order=(RELEVANCE, False))
    table.queries.answer_all()
    assert table.state.order == RELEVANCE
    table.presenter.clear_everything()
    table.queries.answer_all()
    assert table.presenter.order == ("stars", True), "a ranked list does not change the order of the others"


def test_a_filter_that_is_not_valid_is_complained_of_once_the_box_is_left(table: Table):
    table.browsing.found = {"": [1]}
    table.type("rate>=48x")
    assert table.view.complaints == []
    table.presenter.finish_typing()
    assert table.view.complaints == [f"“48x” is not a valid value of rate. {RATE_UNITS}"]
    table.presenter.location_chosen(DRUMS)
    table.queries.answer_all()
    assert len(table.view.complaints) == 1, "it is said once"


def test_a_complaint_waits_for_the_list_which_would_hide_it(table: Table):
    table.browsing.found = {"": [1]}
    table.presenter.text_changed("rate>=48x")
    table.presenter.finish_typing()
    assert table.view.complaints == []
    table.queries.answer_all()
    assert table.view.complaints == [f"“48x” is not a valid value of rate. {RATE_UNITS}"]


def test_an_empty_list_says_itself_what_is_wrong_with_a_filter(table: Table):
    table.type("rate>=48x")
    table.presenter.finish_typing()
    assert table.state.advice == f"“48x” is not a valid value of rate. {RATE_UNITS}"
    assert table.view.complaints == []


@pytest.mark.parametrize("text", ["rate>=", "rate>=48k", "a-b", "kick", '"rate>=48x"'])
def test_unfinished_filters_and_words_are_not_complained_of(table: Table, text: str):
    table.type(text)
    table.presenter.finish_typing()
    assert table.view.complaints == []


def test_the_list_is_entered_once_it_is_there(table: Table):
    table.type("kick")
    table.presenter.enter()
    table.presenter.enter()
    assert table.view.entered == [True, False], "it was searched for once"
    table.presenter.text_changed("kicks")
    table.presenter.enter()
    assert len(table.view.entered) == 2
    table.queries.answer_all()
    assert table.view.entered == [True, False, True]
    table.presenter.text_changed("kick")
    table.presenter.enter()
    table.presenter.text_changed("kic")
    table.queries.answer_all()
    assert len(table.view.entered) == 3, "the box is typed in again"
    table.presenter.text_changed("hat")
    table.presenter.enter()
    table.presenter.location_chosen(DRUMS)
    table.queries.answer_all()
    assert len(table.view.entered) == 3, "a folder was chosen meanwhile"


def test_a_surprise_is_played_and_searched_by(table: Table):
    table.presenter.surprise()
    table.queries.answer_all()
    assert table.view.played == [Example(Path("/any/rain.wav"))]
    assert table.state.examples == (Example(Path("/any/rain.wav")),)
    table.browsing.some = None
    table.presenter.surprise()
    table.queries.answer_all()
    assert table.view.complaints == ["No sounds have been analysed yet. Try again in a moment."]


def test_what_is_no_valid_filter_is_no_word_either(table: Table):
    table.type("rain bpm>=x")
    assert table.browsing.queries[-1].typed == "rain"
    table.type("rain bpm>=")
    assert table.browsing.queries[-1].typed == "rain"
    table.type("rain bpm>=100")
    assert [str(condition) for condition in table.browsing.queries[-1].filters] == ["bpm>=100"]
