"""The rows of the Encoders dialog and the offer of a download, without Qt."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from gui_models_desk import ALONE, BUILT_IN, CLAP, OTHER, Desk

from bowerbird.base.errors import EncoderError
from bowerbird.domain.events import BatchRecorded, EncoderReady
from bowerbird.encoders.weights.cards import Source, shipped_cards
from bowerbird.gui.encoders.encoder_rows import EncoderRow, LibraryEncoders, offer_notice, rows_of
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


def rows(searched: str | None = None, wanted: str | None = None, *, fallback: str = BUILT_IN) -> dict[str, EncoderRow]:
    """The rows of a library without any weights."""
    return {row.id: row for row in rows_of(LibraryEncoders((), searched, wanted, 5, fallback))}


def seen(row: EncoderRow) -> tuple[str, bool, list[str]]:
    return row.state, row.is_used, [action.text for action in row.actions]


INCOMPLETE = "Selected. Press F5 to finish indexing."

# Without weights


def test_the_built_in_encoder_comes_first_and_acoustic_descriptors_can_be_used_alone():
    ear, alone = rows().values()
    assert (ear.id, ear.title, ear.facts) == (BUILT_IN, "Built-in encoder", "Part of Bowerbird")
    assert seen(ear) == ("In use", True, [])
    assert (alone.id, alone.title, alone.facts) == (ALONE, "Acoustic descriptors", "Part of Bowerbird")
    assert alone.about.endswith("no search by meaning.")
    assert seen(alone) == ("Ready", False, ["Use"])


def test_a_tuned_encoder_has_a_row_and_can_be_used():
    have_ear("mine")
    row = rows()["mine"]
    assert (row.title, row.facts) == ("Your encoder, mine", "Trained here")
    assert seen(row) == ("Ready", False, ["Use"])
    assert seen(rows("mine", "mine")["mine"]) == ("In use", True, [])


@pytest.mark.parametrize("name", [ALONE, "mine"])
def test_a_selected_encoder_is_not_offered_again_before_it_is_complete(name: str):
    have_ear("mine")
    shown = rows(None, name)
    assert seen(shown[name]) == (INCOMPLETE, False, [])
    assert seen(shown[BUILT_IN]) == ("In use", True, ["Use"]), "the selection can be undone"


def test_the_built_in_encoder_can_be_selected_again():
    for name in (ALONE, CLAP):
        assert seen(rows(name, name)[BUILT_IN]) == ("Always ready", False, ["Use"])


def test_until_the_built_in_encoder_is_complete_acoustic_descriptors_are_shown_as_used():
    shown = rows(fallback=ALONE)
    assert seen(shown[BUILT_IN]) == (INCOMPLETE, False, [])
    assert seen(shown[ALONE]) == ("In use", True, ["Use"])


def test_an_encoder_is_shown_as_indexing_while_indexing_runs(desk: Desk):
    desk.set(CLAP, state="ready")
    desk.roles["wanted"] = CLAP
    desk.presenter.opened()
    assert desk.view.row(CLAP).state == INCOMPLETE
    for is_indexing, state in ((True, "Selected. Indexing…"), (False, INCOMPLETE)):
        desk.is_indexing = is_indexing
        desk.presenter.handle(BatchRecorded(3))
        assert desk.view.row(CLAP).state == state
    desk.roles["wanted"], desk.fallback, desk.is_indexing = None, ALONE, True
    desk.presenter.refresh()
    assert desk.view.row(BUILT_IN).state == "Selected. Indexing…"


def test_after_selecting_the_built_in_encoder_acoustic_descriptors_are_used_until_it_is_complete(desk: Desk):
    desk.set(CLAP, state="ready")
    desk.roles.update(searched=CLAP, wanted=CLAP)
    desk.fallback = ALONE
    desk.presenter.opened()
    desk.act("Use", BUILT_IN)
    assert (desk.searched_by, desk.encoded_with, desk.n_rescans) == ([ALONE], [None], 1)
    assert desk.view.line == "Search uses the acoustic encoder until the built-in encoder has indexed your library."
    assert seen(desk.view.row(ALONE))[:2] == ("In use", True)
    desk.fallback = BUILT_IN
    desk.presenter.handle(EncoderReady(BUILT_IN, 0))
    assert desk.searched_by == [ALONE, BUILT_IN]


def test_an_updated_library_says_so_when_it_is_complete(desk: Desk):
    desk.fallback = ALONE
    desk.presenter.opened()
    assert seen(desk.view.row(ALONE))[:2] == ("In use", True)
    desk.fallback = BUILT_IN
    desk.presenter.handle(EncoderReady(BUILT_IN, 0))
    assert desk.searched_by == [BUILT_IN]
    assert desk.view.line == "Search now uses the built-in encoder."
    assert seen(desk.view.row(BUILT_IN)) == ("In use", True, [])
    assert seen(desk.view.row(ALONE)) == ("Ready", False, ["Use"])


def test_acoustic_descriptors_can_be_selected_and_deselected(desk: Desk):
    desk.presenter.opened()
    desk.act("Use", ALONE)
    assert (desk.searched_by, desk.encoded_with) == ([ALONE], [ALONE])
    assert desk.view.line == "Search now uses the acoustic encoder."
    desk.act("Use", BUILT_IN)
    assert (desk.searched_by, desk.encoded_with) == ([ALONE, BUILT_IN], [ALONE, None])
    assert seen(desk.view.row(BUILT_IN)) == ("In use", True, [])


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("ear", "the built-in encoder"),
        ("ear-1-0123abcd", "the built-in encoder"),
        ("acoustic", "the acoustic encoder"),
        ("ear+aisfx", "the built-in encoder with aiSFX"),
        ("acoustic-1-9794d4d3", "the acoustic encoder"),
        ("mine", "mine"),
        ("early", "early"),
        (f"{CLAP}-int8", "LAION-CLAP 8-bit"),
    ],
)
def test_every_encoder_has_a_short_title(name: str, title: str):
    assert short_title(name) == title


# 8 bits


def test_the_8_bit_version_is_downloaded_and_compared_before_it_is_offered(desk: Desk):
    desk.set(CLAP, state="ready", n_int8_bytes=34_000_000)
    desk.presenter.opened()
    assert [action.text for action in desk.view.row(CLAP).int8_actions] == ["Download 8-bit · 34 MB"]
    desk.act("Download 8-bit")
    assert desk.end(desk.set(CLAP, has_int8=True)) == f"fetch_model {CLAP} {{'with_int8': True}}"
    assert [action.text for action in desk.view.row(CLAP).int8_actions] == ["Check 8-bit version on your sounds"]
    desk.act("Check 8-bit")
    desk.set(CLAP, recall=Recall(0.973, 200))
    assert desk.end(desk.states[CLAP].recall) == f"check_int8 {CLAP}"
    row = desk.view.row(CLAP)
    assert row.int8_text == "8-bit version: 0.973 of the 10 nearest sounds are the same, measured on 200 sounds."
    assert [action.text for action in row.int8_actions] == ["Use 8-bit", "Check on your sounds again"]
    desk.act("Use 8-bit")
    assert desk.searched_by == [f"{CLAP}-int8"]
    assert desk.view.row(CLAP).state == "In use, 8-bit"
    assert desk.view.line == "Search now uses LAION-CLAP 8-bit."


@pytest.mark.parametrize(("value", "shown"), [(0.8249, "0.824"), (0.9499, "0.949"), (0.94996, "0.949")])
def test_an_8_bit_version_with_low_recall_is_not_offered(desk: Desk, value: float, shown: str):
    desk.set(CLAP, state="ready", has_int8=True, recall=Recall(value, 200))
    desk.presenter.opened()
    row = desk.view.row(CLAP)
    assert row.int8_text == (
        f"8-bit version: {shown} of the 10 nearest sounds are the same, measured on 200 sounds. "
        "At least 0.95 is needed to use it."
    )
    assert [action.verb for action in row.int8_actions] == ["compare"]


# Models that do not understand text


def combined_rows(searched: str | None = None, wanted: str | None = None, state: str = "ready") -> list[EncoderRow]:
    card = shipped_cards()["aisfx"]
    model = ModelState(card, state)  # type: ignore[arg-type] # one of its values
    return rows_of(LibraryEncoders((model,), searched, wanted, 5))


def test_a_model_without_words_is_offered_together_with_the_built_in_encoder():
    both, alone = combined_rows()[2:]
    assert (both.id, both.title) == ("ear+aisfx", "Built-in encoder and aiSFX")
    assert both.about.startswith("Similarity by both: 40 % the built-in encoder, 60 % aiSFX.")
    assert "ISMIR 2022" in both.facts
    for row in (both, alone):
        assert "CC-BY-4.0 · © 2022 A. B. Ma and A. Lerch" in row.facts
    assert [action.is_primary for action in (*both.actions, alone.actions[0])] == [True, False]
    (absent,) = combined_rows(state="absent")[2:]
    assert absent.id == "aisfx"
    assert absent.facts.endswith(" · Package file aisfx-0.1.2-py2.py3-none-any.whl")
    assert "Package file" not in alone.facts


def test_the_combination_and_the_model_alone_are_told_apart():
    both, alone = combined_rows("ear+aisfx", "ear+aisfx")[2:]
    assert seen(both) == ("In use", True, [])
    assert seen(alone) == ("Ready", False, ["Use", "Check", "Remove"])
    assert alone.actions[-1].question.endswith("Search will use the built-in encoder.")
    both, alone = combined_rows("aisfx", "aisfx")[2:]
    assert seen(both) == ("Ready", False, ["Use"])
    assert seen(alone)[:2] == ("In use", True)
    both, _ = combined_rows(None, "ear+aisfx")[2:]
    assert seen(both) == (INCOMPLETE, False, [])


def test_a_tuned_encoder_is_combined_too():
    have_ear("mine")
    both, own, alone = combined_rows("mine+aisfx", "mine+aisfx")[3:]
    assert [row.id for row in (both, own, alone)] == ["ear+aisfx", "mine+aisfx", "aisfx"]
    assert (own.title, seen(own)) == ("Your encoder, mine, and aiSFX", ("In use", True, []))
    assert own.about.startswith("Similarity by both: 40 % your encoder, 60 % aiSFX.")
    assert seen(both) == ("Ready", False, ["Use"])
    assert seen(alone)[:2] == ("Ready", False)


@pytest.mark.parametrize("name", ["ear+aisfx", "mine+aisfx", "aisfx"])
def test_an_encoder_on_another_device_is_shown_as_used(name: str):
    have_ear("mine")
    shown = {row.id: row for row in combined_rows(f"{name}@cuda", f"{name}@cuda")}
    assert [row.id for row in shown.values() if row.is_used] == [name]
    assert shown[name].state == "In use"
    assert "Use" not in [action.text for action in shown[name].actions]
    shown = {row.id: row for row in combined_rows(None, f"{name}@cuda")}
    assert shown[name].state == INCOMPLETE


def test_8_bit_weights_in_a_combination_are_shown_as_used():
    both, alone = combined_rows("ear+aisfx-int8", "ear+aisfx-int8")[2:]
    assert seen(both)[:2] == ("In use, 8-bit", True)
    assert seen(alone)[:2] == ("Ready", False)


def test_a_model_without_words_is_not_offered_for_unknown_words():
    card = shipped_cards()["aisfx"]
    assert offer_notice(LibraryEncoders((ModelState(card, "absent"),), None, None, 5)) is None


# The offer


def test_the_offer_names_the_size_and_does_not_return_once_dismissed(desk: Desk):
    desk.presenter.words_understood(False)
    desk.presenter.refresh()
    line = desk.view.lines[-1]
    assert line is not None
    assert line.text == (
        "The built-in encoder does not know these words. LAION-CLAP understands more; you can download it (622 MB)."
    )
    assert [action.text for action in line.actions] == ["Download", "Details"]
    desk.presenter.dismiss()
    assert (desk.view.lines[-1], desk.presenter.has_offer) == (None, False)
    desk.presenter.opened()
    assert desk.view.lines[-1] is None


def test_without_sounds_there_is_no_offer_yet(desk: Desk):
    desk.n_sounds = 0
    desk.presenter.words_understood(False)
    desk.presenter.refresh()
    assert desk.view.lines[-1] is None
    desk.n_sounds = 1
    desk.presenter.words_understood(False)
    desk.presenter.refresh()
    assert desk.view.lines[-1] is not None


def test_with_a_ready_encoder_there_is_no_offer(desk: Desk):
    desk.set(OTHER, state="ready")
    desk.presenter.words_understood(False)
    desk.presenter.refresh()
    assert desk.view.lines[-1] is None
    assert desk.presenter.has_offer


def test_an_interrupted_download_is_offered_to_be_resumed(desk: Desk):
    desk.set(CLAP, state="partial", n_partial_bytes=1)
    desk.presenter.words_understood(False)
    desk.presenter.refresh()
    line = desk.view.lines[-1]
    assert line is not None
    assert line.actions[0].text == "Resume"


def test_cards_without_a_hub_are_not_offered(desk: Desk):
    own = replace(desk.states[CLAP].card, source=Source("own"))
    desk.set(CLAP, card=own, state="refused", sentence="Odd.")
    desk.presenter.words_understood(False)
    desk.presenter.refresh()
    assert desk.view.lines[-1] is None


def test_the_row_of_an_own_card_needs_no_hub():
    card = replace(shipped_cards()[CLAP], id="mine", source=Source("own"))
    listed = rows_of(LibraryEncoders((ModelState(card, "ready", has_int8=True),), None, None, 5))
    assert [row.id for row in listed] == [BUILT_IN, ALONE, "mine"]
    assert [action.text for action in listed[2].actions] == ["Use", "Check", "Remove"]


def test_a_download_of_unknown_size_shows_no_size():
    card = replace(shipped_cards()[CLAP], id="mine")
    listed = rows_of(LibraryEncoders((ModelState(card, "absent"),), None, None, 5))
    assert [action.text for action in listed[-1].actions] == ["Download"]
