"""What an empty list says, and what it offers: one sentence for each reason."""

from pathlib import Path

import numpy as np
import pytest

from bowerbird.catalogue.records import Folder, FolderState
from bowerbird.domain.query import Example, Query
from bowerbird.gui.browse.browsing_presenter import ListState
from bowerbird.gui.browse.empty_texts import EmptyText, empty_text
from bowerbird.library.search.browsing import Listing, Relaxation

FOLEY = Folder(1, Path("/media/a/Foley"))
HERE, AWAY = FolderState(FOLEY, True, 4, 0), FolderState(FOLEY, False, 4, 0)
IS_AWAY = "“Foley” is not connected. Its sounds stay in the library."


def state(n_library: int = 4, *, examples: int = 0, n_analysed: int | None = None, relaxed: bool = False) -> ListState:
    relaxations = (Relaxation(Query(), 3),) if relaxed else ()
    return ListState(
        listing=Listing(np.empty(0, np.int64), {}, relaxations, n_library, (), n_analysed),
        summary="",
        advice="Nothing found.",
        examples=(Example(Path("/a.wav")),) * examples,
        aspects={},
        filters=(),
        is_filtered=False,
        order="name",
        is_descending=False,
        has_matches=False,
        is_same_query=False,
        is_restricted=True,
    )


def said(listed: ListState, **changes: object) -> EmptyText:
    usual: dict[str, object] = {
        "has_folders": True,
        "selected": None,
        "states": (HERE,),
        "is_indexing": False,
        "is_unfinished": False,
        "has_rejected": False,
    }
    return empty_text(listed, **{**usual, **changes})  # type: ignore[arg-type]


def test_a_new_library_says_what_the_program_does_in_three_sentences():
    text = said(state(0), has_folders=False, states=())
    assert len([text.sentence, *text.details]) == 3
    assert "stays on this computer" in text.details[0]
    assert "pause" in text.details[1]
    assert text.actions == ("add_folder", "add_demo")


def test_the_first_scan_says_that_it_is_looking():
    assert said(state(0), is_indexing=True, has_folders=False) == EmptyText("Looking for sounds")


def test_a_selected_folder_that_is_not_connected_can_be_located():
    assert said(state(), selected=AWAY, states=(AWAY,)) == EmptyText(IS_AWAY, actions=("locate",))
    assert said(state(0), states=(HERE, AWAY)) == EmptyText(IS_AWAY, actions=("locate",))


@pytest.mark.parametrize("has_rejected", [False, True])
def test_folders_without_usable_sounds_lead_to_those_that_were_rejected(has_rejected: bool):
    text = said(state(0), has_rejected=has_rejected)
    assert text.sentence == "There are no sounds in your folders that can be played."
    assert ("show_rejected" in text.actions) == has_rejected


def test_similarity_before_any_analysis_can_resume_it():
    assert said(state(examples=1, n_analysed=0), is_unfinished=True).actions == ("resume",)
    assert said(state(examples=1, n_analysed=0)).actions == ()


def test_no_results_offer_relaxations_or_to_clear_the_search():
    assert said(state(relaxed=True)) == EmptyText("Nothing found.", actions=(), has_relaxations=True)
    assert said(state()) == EmptyText("Nothing found.", actions=("clear",), has_relaxations=True)
