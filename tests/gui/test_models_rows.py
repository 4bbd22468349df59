"""The rows of the encoders and the offer of one, without Qt: built in, trained here, in 8 bits, complete or not yet."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from gui_models_desk import ALONE, BUILT_IN, CLAP, OTHER, Desk

from bowerbird.base.errors import EncoderError
from bowerbird.domain.events import BatchRecorded, EncoderReady
from bowerbird.encoders.weights.cards import Source, shipped_cards
from bowerbird.gui.encoders.encoder_rows import Inventory, ModelRow, rows_of
from bowerbird.gui.encoders.encoder_texts import short_title
from bowerbird.library.encoders.model_states import ModelState
from bowerbird.library.encoders.recall import Recall
from own_ears import have_ear


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    desk = Desk(monkeypatch)
    yield desk
    desk.ends.put(EncoderError("the test is over"))
    desk.presenter.close()


def rows(searched: str | None = None, wanted: str | None = None, *, serving: str = BUILT_IN) -> dict[str, ModelRow]:
    """The rows of a library without any weights."""
    return {row.id: row for row in rows_of(Inventory((), searched, wanted, 5, serving))}


def seen(row: ModelRow) -> tuple[str, bool, list[str]]:
    return row.state, row.is_used, [act.text for act in row.acts]


INCOMPLETE = "Chosen, not complete yet: F5 goes on"

# Without weights


def test_the_ear_comes_first_and_its_descriptors_can_be_used_alone():
    ear, alone = rows().values()
    assert (ear.id, ear.title, ear.facts) == (BUILT_IN, "Built-in ear", "Part of Bowerbird")
    assert seen(ear) == ("Used now", True, [])
    assert (alone.id, alone.title, alone.facts) == (ALONE, "Descriptors alone", "Part of Bowerbird")
    assert alone.about.endswith("no words.")
    assert seen(alone) == ("Ready", False, ["Use"])


def test_an_ear_of_one_s_own_has_a_row_and_can_be_used():
    have_ear("mine")
    row = rows()["mine"]
    assert (row.title, row.facts) == ("Your ear, mine", "Trained here")
    assert seen(row) == ("Ready", False, ["Use"])
    assert seen(rows("mine", "mine")["mine"]) == ("Used now", True, [])


@pytest.mark.parametrize("name", [ALONE, "mine"])
def test_one_that_was_chosen_is_not_offered_again_before_it_is_complete(name: str):
    have_ear("mine")
    shown = rows(None, name)
    assert seen(shown[name]) == (INCOMPLETE, False, [])
    assert seen(shown[BUILT_IN]) == ("Used now", True, ["Use"]), "whoever changes their mind goes back"


def test_the_built_in_ear_can_be_gone_back_to():
    for name in (ALONE, CLAP):
        assert seen(rows(name, name)[BUILT_IN]) == ("Always ready", False, ["Use"])


def test_until_the_ear_heard_every_sound_the_descriptors_are_seen_to_serve():
    shown = rows(serving=ALONE)
    assert seen(shown[BUILT_IN]) == (INCOMPLETE, False, [])
    assert seen(shown[ALONE]) == ("Used now", True, ["Use"])


def test_an_encoder_is_being_completed_while_sounds_are_gone_through(desk: Desk):
    desk.set(CLAP, state="ready")
    desk.roles["wanted"] = CLAP
    desk.presenter.opened()
    assert desk.view.row(CLAP).state == INCOMPLETE
    for is_indexing, state in ((True, "Chosen, being completed"), (False, INCOMPLETE)):
        desk.is_indexing = is_indexing
        desk.presenter.handle(BatchRecorded(3))
        assert desk.view.row(CLAP).state == state
    desk.roles["wanted"], desk.serving, desk.is_indexing = None, ALONE, True
    desk.presenter.refresh()
    assert desk.view.row(BUILT_IN).state == "Chosen, being completed"


def test_the_built_in_ear_is_chosen_as_at_a_start_the_descriptors_serve_until_it_heard_every_sound(desk: Desk):
    desk.set(CLAP, state="ready")
    desk.roles.update(searched=CLAP, wanted=CLAP)
    desk.serving = ALONE
    desk.presenter.opened()
    desk.act("Use", BUILT_IN)
    assert (desk.searched_by, desk.encoded_with, desk.n_rescans) == ([ALONE], [None], 1)
    assert desk.view.line == "Searches use the descriptors alone until the built-in ear has heard your sounds."
    assert seen(desk.view.row(ALONE))[:2] == ("Used now", True)
    desk.serving = BUILT_IN
    desk.presenter.handle(EncoderReady(BUILT_IN, 0))
    assert desk.searched_by == [ALONE, BUILT_IN]


def test_a_library_that_is_brought_up_to_date_says_so_when_it_is_done(desk: Desk):
    desk.serving = ALONE
    desk.presenter.opened()
    assert seen(desk.view.row(ALONE))[:2] == ("Used now", True)
    desk.serving = BUILT_IN
    desk.presenter.handle(EncoderReady(BUILT_IN, 0))
    assert desk.searched_by == [BUILT_IN]
    assert desk.view.line == "Searches use the built-in ear from now on."
    assert seen(desk.view.row(BUILT_IN)) == ("Used now", True, [])
    assert seen(desk.view.row(ALONE)) == ("Ready", False, ["Use"])


def test_descriptors_alone_are_used_and_left_again(desk: Desk):
    desk.presenter.opened()
    desk.act("Use", ALONE)
    assert (desk.searched_by, desk.encoded_with) == ([ALONE], [ALONE])
    assert desk.view.line == "Searches use the descriptors alone from now on."
    desk.act("Use", BUILT_IN)
    assert (desk.searched_by, desk.encoded_with) == ([ALONE, BUILT_IN], [ALONE, None])
    assert seen(desk.view.row(BUILT_IN)) == ("Used now", True, [])


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("ear", "the built-in ear"),
        ("ear-1-0123abcd", "the built-in ear"),
        ("acoustic", "the descriptors alone"),
        ("acoustic-1-9794d4d3", "the descriptors alone"),
        ("mine", "mine"),
        ("early", "early"),
        (f"{CLAP}-int8", "LAION-CLAP 8-bit"),
    ],
)
def test_in_a_sentence_every_encoder_has_a_name(name: str, title: str):
    assert short_title(name) == title


# 8 bits


def test_the_8_bit_version_is_downloaded_compared_and_only_then_offered(desk: Desk):
    desk.set(CLAP, state="ready", n_int8_bytes=34_000_000)
    desk.presenter.opened()
    assert [act.text for act in desk.view.row(CLAP).small_acts] == ["Download 8-bit · 34 MB"]
    desk.act("Download 8-bit")
    assert desk.end(desk.set(CLAP, has_int8=True)) == f"fetch_model {CLAP} {{'with_int8': True}}"
    assert [act.text for act in desk.view.row(CLAP).small_acts] == ["Check the fast 8-bit version on your sounds"]
    desk.act("Check the fast")
    desk.set(CLAP, recall=Recall(0.973, 200))
    assert desk.end(desk.states[CLAP].recall) == f"check_int8 {CLAP}"
    row = desk.view.row(CLAP)
    assert row.small_remark == "8-bit version: 0.973 of the nearest ten are the same, on 200 sounds of yours."
    assert [act.text for act in row.small_acts] == ["Use 8-bit", "Check on your sounds again"]
    desk.act("Use 8-bit")
    assert desk.searched_by == [f"{CLAP}-int8"]
    assert desk.view.row(CLAP).state == "Used now, 8-bit"
    assert desk.view.line == "Searches use LAION-CLAP 8-bit from now on."


@pytest.mark.parametrize(("value", "shown"), [(0.8249, "0.824"), (0.9499, "0.949"), (0.94996, "0.949")])
def test_an_8_bit_version_that_finds_other_sounds_is_not_offered(desk: Desk, value: float, shown: str):
    desk.set(CLAP, state="ready", has_int8=True, recall=Recall(value, 200))
    desk.presenter.opened()
    row = desk.view.row(CLAP)
    assert row.small_remark == (
        f"8-bit version: {shown} of the nearest ten are the same, on 200 sounds of yours. It is not offered below 0.95."
    )
    assert [act.verb for act in row.small_acts] == ["compare"]


# The offer


def test_the_offer_names_the_size_and_is_gone_for_good_once_dismissed(desk: Desk):
    desk.presenter.refresh()
    line = desk.view.lines[-1]
    assert line is not None
    assert line.text == "A larger ear for long descriptions: LAION-CLAP can be downloaded, 622 MB."
    assert [act.text for act in line.acts] == ["Download", "Details"]
    desk.presenter.dismiss()
    assert (desk.view.lines[-1], desk.presenter.has_offer) == (None, False)
    desk.presenter.opened()
    assert desk.view.lines[-1] is None


def test_without_sounds_there_is_no_offer_yet(desk: Desk):
    desk.n_sounds = 0
    desk.presenter.refresh()
    assert desk.view.lines[-1] is None
    desk.n_sounds = 1
    desk.presenter.refresh()
    assert desk.view.lines[-1] is not None


def test_where_an_encoder_is_ready_there_is_no_offer(desk: Desk):
    desk.set(OTHER, state="ready")
    desk.presenter.refresh()
    assert desk.view.lines[-1] is None
    assert desk.presenter.has_offer


def test_a_broken_download_is_offered_to_be_taken_up(desk: Desk):
    desk.set(CLAP, state="partial", n_partial_bytes=1)
    desk.presenter.refresh()
    line = desk.view.lines[-1]
    assert line is not None
    assert line.acts[0].text == "Resume"


def test_of_cards_that_are_on_no_hub_nothing_is_offered(desk: Desk):
    own = replace(desk.states[CLAP].card, source=Source("own"))
    desk.set(CLAP, card=own, state="refused", sentence="Odd.")
    desk.presenter.refresh()
    assert desk.view.lines[-1] is None


def test_rows_of_a_card_of_one_s_own_need_no_hub():
    card = replace(shipped_cards()[CLAP], id="mine", source=Source("own"))
    listed = rows_of(Inventory((ModelState(card, "ready", has_int8=True),), None, None, 5))
    assert [row.id for row in listed] == [BUILT_IN, ALONE, "mine"]
    assert [act.text for act in listed[2].acts] == ["Use", "Check", "Remove"]


def test_a_download_of_unknown_size_names_none():
    card = replace(shipped_cards()[CLAP], id="mine")
    listed = rows_of(Inventory((ModelState(card, "absent"),), None, None, 5))
    assert [act.text for act in listed[-1].acts] == ["Download"]
