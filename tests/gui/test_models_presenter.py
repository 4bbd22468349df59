"""Encoders in the window, without Qt: the job is held by the test, its thread is a real one."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gui_models_desk import ALONE, BUILT_IN, CLAP, OTHER, TIMEOUT_S, Desk

from bowerbird.base.errors import EncoderError
from bowerbird.domain.events import EncoderReady
from bowerbird.encoders.weights.cards import shipped_cards
from bowerbird.gui.encoders import encoders_presenter as presenter_module
from bowerbird.gui.encoders.encoder_rows import are_others
from bowerbird.gui.encoders.encoder_texts import Act, JobState
from bowerbird.library.encoders.models import ModelProgress
from bowerbird.library.encoders.recall import Recall


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    desk = Desk(monkeypatch)
    yield desk
    desk.ends.put(EncoderError("the test is over"))
    desk.presenter.close()


# What is listed


def test_nothing_is_here_and_the_ready_made_one_can_be_downloaded(desk: Desk):
    desk.presenter.opened()
    built_in = desk.view.rows[0]
    assert (built_in.id, built_in.state, built_in.is_used, built_in.acts) == (BUILT_IN, "Used now", True, ())
    row = desk.view.rows[2]
    assert (row.id, row.state, row.facts) == (CLAP, "Not downloaded", "Apache-2.0")
    assert [(act.text, act.is_proposed) for act in row.acts] == [("Download · 622 MB", True)]
    assert len(desk.view.rows) == 2 + len(shipped_cards())


def test_a_checkpoint_says_how_it_is_exported(desk: Desk):
    desk.presenter.opened()
    row = desk.view.row(OTHER)
    assert (row.state, row.acts) == ("Exported first", ())
    assert (
        row.command == f"sh models/export/export.sh 630k-audioset-best.pt OUT --card {OTHER} --tokenizer tokenizer.json"
    )
    assert "`630k-audioset-best.pt` of lukewys/laion_clap" in row.way


def test_a_broken_download_says_what_is_here_and_what_is_left(desk: Desk):
    desk.set(CLAP, state="partial", n_partial_bytes=241_000_000, n_disk_bytes=241_000_000)
    desk.presenter.opened()
    row = desk.view.row(CLAP)
    assert row.state == "241 MB of 622 MB here"
    assert [act.text for act in row.acts] == ["Resume · 381 MB", "Remove"]
    assert row.acts[1].question == "Remove the weights of LAION-CLAP, general sounds, 241 MB?"


def test_weights_that_were_never_checked_are_checked_first(desk: Desk):
    desk.set(CLAP, state="unproven")
    desk.presenter.opened()
    assert [act.text for act in desk.view.row(CLAP).acts] == ["Check", "Remove"]
    desk.act("Check")
    assert desk.end(desk.set(CLAP, state="ready")) == f"verify_model {CLAP}"
    assert desk.view.row(CLAP).state == "Ready"


def test_refused_weights_say_why_and_cannot_be_used(desk: Desk):
    desk.set(CLAP, state="refused", sentence="Five texts find nothing. Fetch them anew.")
    desk.presenter.opened()
    row = desk.view.row(CLAP)
    assert (row.state, row.complaint) == ("Not used", "Five texts find nothing. Fetch them anew.")
    assert [act.text for act in row.acts] == ["Download again · 622 MB", "Remove"]


def test_refused_weights_that_are_not_on_a_hub_can_be_checked_again(desk: Desk):
    desk.set(OTHER, state="refused", sentence="Odd.")
    desk.presenter.opened()
    assert [act.text for act in desk.view.row(OTHER).acts] == ["Check again", "Remove"]


def test_what_is_here_stands_above_what_is_not(desk: Desk):
    desk.set(OTHER, state="ready")
    desk.presenter.opened()
    assert [row.id for row in desk.view.rows[:4]] == [BUILT_IN, ALONE, OTHER, CLAP]


def test_one_act_is_proposed_and_none_once_an_encoder_serves(desk: Desk):
    desk.set(OTHER, state="ready")
    desk.presenter.opened()
    proposed = [act for row in desk.view.rows for act in row.acts if act.is_proposed]
    assert [(act.verb, act.id) for act in proposed] == [("use", OTHER)]
    desk.act("Use", OTHER)
    assert not [act for row in desk.view.rows for act in row.acts if act.is_proposed]


def test_untrained_weights_say_so_and_are_not_proposed(desk: Desk):
    desk.set(CLAP, state="ready", card=replace(desk.states[CLAP].card, is_trained=False))
    desk.presenter.opened()
    assert desk.view.row(CLAP).facts.endswith("random weights: what they find means nothing")
    assert not [act for act in desk.view.row(CLAP).acts if act.is_proposed]


# Downloading


def test_nothing_is_downloaded_before_it_is_asked_for(desk: Desk):
    desk.presenter.refresh()
    desk.presenter.opened()
    desk.presenter.closed()
    assert desk.begun.empty()


def test_a_download_says_how_far_how_fast_and_how_long(desk: Desk):
    desk.presenter.opened()
    desk.act("Download")
    assert desk.view.jobs[-1] == (JobState("LAION-CLAP: asking what there is"), "")
    assert not any(row.is_enabled for row in desk.view.rows)
    desk.told("Fetching", 100_000_000, 622_100_000)
    desk.now_s += 5
    desk.told("Fetching", 120_000_000, 622_100_000)
    text = "LAION-CLAP: downloading · 120 MB of 622 MB · 4.0 MB a second · 2 min left"
    assert desk.view.jobs[-1][0] == JobState(text, 120_000_000 / 622_100_000)
    assert desk.view.line == text
    desk.told("Checking, 3 of 24 sounds")
    assert desk.view.jobs[-1][0] == JobState("LAION-CLAP: checking, 3 of 24 sounds")
    assert desk.end(desk.set(CLAP, state="ready")) == f"fetch_model {CLAP} {{'with_int8': False}}"
    assert desk.view.jobs[-1] == (None, "")
    assert desk.view.row(CLAP).is_enabled


def test_weights_that_came_are_used_when_that_is_asked_for(desk: Desk):
    desk.presenter.refresh()
    desk.presenter.act(desk.view.lines[-1].acts[0])
    desk.end(desk.set(CLAP, state="ready"))
    assert desk.encoded_with == []
    assert desk.view.line.startswith("LAION-CLAP is here and checked.")
    desk.is_complete = False
    desk.presenter.act(desk.view.lines[-1].acts[0])
    assert (desk.encoded_with, desk.n_rescans, desk.searched_by) == ([CLAP], 1, [])
    assert desk.view.line == ""


def test_a_job_that_fails_is_a_sentence_beside_the_encoders(desk: Desk):
    desk.presenter.opened()
    desk.act("Download")
    desk.end(EncoderError("`hub` cannot be reached. Check the network."))
    assert desk.view.jobs[-1] == (None, "`hub` cannot be reached. Check the network.")
    assert desk.view.complaints == []
    assert not desk.presenter.is_running


def test_where_the_encoders_are_not_seen_a_fault_is_told_in_the_window(desk: Desk):
    desk.presenter.opened()
    desk.act("Download")
    desk.presenter.closed()
    desk.end(EncoderError("The disk is full. Make room."))
    assert desk.view.complaints == ["The disk is full. Make room."]


def test_a_fault_of_the_program_is_logged_and_told(desk: Desk, caplog: pytest.LogCaptureFixture):
    desk.presenter.opened()
    desk.act("Download")
    desk.end(ZeroDivisionError())
    assert "This failed inside Bowerbird. Please report it with" in desk.view.jobs[-1][1]
    assert "a job on weights failed" in caplog.text
    caplog.clear()


def test_weights_that_come_and_are_refused_are_told(desk: Desk):
    desk.presenter.opened()
    desk.act("Download")
    desk.end(desk.set(CLAP, state="refused", sentence="The texts are all the same. Fetch them anew."))
    assert desk.view.jobs[-1] == (None, "The texts are all the same. Fetch them anew.")


def test_cancel_reaches_the_job_and_what_came_stays(desk: Desk):
    desk.presenter.opened()
    desk.act("Download")
    desk.presenter.act(Act("cancel", "", "Cancel"))
    desk.told("Fetching", 5, 10)  # on its way before cancel was heard of
    assert desk.view.jobs[-1][0] == JobState("Stopping")
    _, control, _ = began = desk.begun.get(timeout=TIMEOUT_S)
    assert control.is_cancelled
    desk.begun.put(began)
    desk.end(desk.set(CLAP, state="partial", n_partial_bytes=1))
    assert desk.view.row(CLAP).acts[0].text.startswith("Resume")
    assert not desk.view.jobs[-1][1]


def test_only_one_job_goes_on(desk: Desk):
    desk.presenter.opened()
    desk.act("Download")
    desk.presenter.import_folder(Path("/stick"))
    desk.end(desk.set(CLAP, state="ready"))
    assert desk.begun.empty()


def test_closing_cancels_and_waits(desk: Desk):
    desk.presenter.opened()
    desk.act("Download")
    _, control, _ = desk.begun.get(timeout=TIMEOUT_S)
    threading.Timer(0.0, lambda: desk.ends.put(desk.states[CLAP])).start()
    desk.presenter.close()
    assert control.is_cancelled
    assert desk.presenter._thread is not None
    assert not desk.presenter._thread.is_alive()


def test_closing_waits_for_no_network_that_says_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(presenter_module, "_END_WITHIN_S", 0.05)
    desk.presenter.opened()
    desk.act("Download")
    desk.begun.get(timeout=TIMEOUT_S)
    desk.presenter.close()  # and the job does not end
    thread = desk.presenter._thread
    assert thread is not None
    assert thread.is_alive()
    assert thread.daemon
    desk.ends.put(None)
    thread.join(TIMEOUT_S)
    assert desk.events.empty(), "there is no window any more to tell"


def test_many_words_of_a_fast_job_are_few_events(desk: Desk):
    desk.presenter.opened()
    desk.presenter.import_folder(Path("/stick"))
    began = desk.begun.get(timeout=TIMEOUT_S)
    assert began[0] == "import_models /stick"
    for number in range(1000):
        began[2](ModelProgress(CLAP, "Importing", number, 1000))
    assert desk.events.qsize() < 100
    desk.begun.put(began)
    desk.end(None)


# Using and removing


def test_an_encoder_whose_vectors_are_there_is_used_at_once(desk: Desk):
    desk.set(CLAP, state="ready")
    desk.presenter.opened()
    desk.act("Use")
    assert (desk.searched_by, desk.encoded_with, desk.n_rescans) == ([CLAP], [CLAP], 0)
    assert desk.view.line == "Searches use LAION-CLAP from now on."
    assert (desk.view.row(CLAP).state, desk.view.row(CLAP).is_used) == ("Used now", True)
    desk.act("Use", BUILT_IN)
    assert (desk.searched_by, desk.encoded_with) == ([CLAP, BUILT_IN], [CLAP, None])
    assert desk.view.line == "Searches use the built-in ear from now on."


def test_an_encoder_without_vectors_is_used_when_indexing_says_so(desk: Desk):
    desk.set(CLAP, state="ready")
    desk.is_complete = False
    desk.presenter.opened()
    desk.act("Use")
    assert (desk.searched_by, desk.n_rescans) == ([], 1)
    assert desk.view.row(CLAP).state == "Chosen, not complete yet: F5 goes on"
    desk.roles["searched"] = CLAP
    desk.presenter.handle(EncoderReady(CLAP, 1204))
    assert desk.searched_by == [CLAP]
    assert desk.view.line == (
        "Searches use LAION-CLAP from now on. 1,204 on drives that are away follow when they are back."
    )
    assert desk.view.row(CLAP).state == "Used now"
    desk.presenter.dismiss()
    assert desk.view.line == ""
    assert desk.presenter.has_offer


def test_weights_that_are_gone_by_then_are_a_sentence(desk: Desk):
    desk.set(CLAP, state="ready")
    desk.presenter.opened()
    desk.set(CLAP, state="absent")
    desk.act("Use")
    assert desk.view.jobs[-1][1] == f"The weights of `{CLAP}` are not here. Fetch them."
    assert desk.searched_by == []


def test_removing_the_encoder_in_use_goes_back_to_the_built_in(desk: Desk):
    desk.set(CLAP, state="ready", n_disk_bytes=622_100_000)
    desk.roles.update(searched=CLAP, wanted=CLAP)
    desk.presenter.opened()
    (remove,) = (act for act in desk.view.row(CLAP).acts if act.verb == "remove")
    assert remove.question == (
        "Remove the weights of LAION-CLAP, general sounds, 622 MB? What it made of your sounds is kept. "
        "Searches go back to the built-in ear."
    )
    desk.presenter.act(remove)
    desk.set(CLAP, state="absent")
    assert desk.end(None) == f"remove_model {CLAP}"
    assert desk.roles == {"searched": BUILT_IN, "wanted": BUILT_IN}
    assert (desk.searched_by, desk.encoded_with) == ([BUILT_IN], [None])


def test_weights_that_cannot_be_removed_stay_in_use(desk: Desk):
    desk.set(CLAP, state="ready")
    desk.roles.update(searched=CLAP, wanted=CLAP)
    desk.presenter.opened()
    desk.act("Remove")
    desk.end(EncoderError("The models cannot be changed just now. Wait."))
    assert desk.roles == {"searched": CLAP, "wanted": CLAP}
    assert desk.searched_by == []
    assert desk.view.jobs[-1][1] == "The models cannot be changed just now. Wait."


def test_an_encoder_that_computes_elsewhere_is_seen_as_used_and_not_offered_again(desk: Desk):
    desk.set(CLAP, state="ready", has_int8=True, recall=Recall(0.97, 200))
    for name, state, acts, small_acts in (
        (f"{CLAP}@cuda", "Used now", ["check", "remove"], ["use", "compare"]),
        (f"{CLAP}-int8@cuda", "Used now, 8-bit", ["use", "check", "remove"], ["compare"]),
    ):
        desk.roles.update(searched=name, wanted=name)
        desk.presenter.opened()
        row = desk.view.row(CLAP)
        assert (row.state, row.is_used) == (state, True)
        assert [act.verb for act in row.acts] == acts
        assert [act.verb for act in row.small_acts] == small_acts


def test_a_check_that_fails_takes_the_encoder_out_of_use(desk: Desk):
    desk.set(CLAP, state="ready")
    desk.roles.update(searched=CLAP, wanted=CLAP)
    desk.presenter.opened()
    desk.act("Check")
    desk.end(desk.set(CLAP, state="refused", sentence="`text.onnx` is cut short. Fetch it."))
    assert desk.searched_by == [BUILT_IN]
    assert desk.view.jobs[-1][1] == "`text.onnx` is cut short. Fetch it."


def test_a_check_that_passes_changes_nothing(desk: Desk):
    desk.roles.update(searched=CLAP, wanted=CLAP)
    desk.set(CLAP, state="ready")
    desk.presenter.opened()
    desk.act("Check")
    desk.end(desk.states[CLAP])
    assert (desk.searched_by, desk.encoded_with, desk.n_rescans, desk.view.line) == ([], [], 0, "")


def test_other_weights_in_the_place_of_those_in_use_are_gone_through_again(desk: Desk):
    card = desk.states[CLAP].card

    def with_audio(sha256: str) -> Any:
        return replace(card, files={**card.files, "audio": replace(card.files["audio"], sha256=sha256)})

    desk.set(CLAP, state="ready", card=with_audio("aa"))
    desk.roles.update(searched=CLAP, wanted=CLAP)
    desk.presenter.opened()
    desk.presenter.import_folder(Path("/stick"))
    desk.end(desk.set(CLAP, card=with_audio("bb")))
    assert (desk.encoded_with, desk.searched_by, desk.n_rescans) == ([CLAP], [CLAP], 1)
    assert not are_others(with_audio("aa"), with_audio("aa"))
    assert not are_others(card, with_audio("aa")), "what was not recorded before is no other"


def test_weights_that_were_missing_at_the_start_serve_as_soon_as_they_are_back(desk: Desk):
    desk.roles.update(searched=CLAP, wanted=CLAP)
    desk.presenter.opened()
    desk.act("Download")
    desk.end(desk.set(CLAP, state="ready"))
    assert desk.searched_by == [CLAP]


def test_a_cancelled_download_of_missing_weights_forgets_no_choice(desk: Desk):
    desk.roles.update(searched=CLAP, wanted=CLAP)
    desk.presenter.opened()
    desk.act("Download")
    desk.end(desk.set(CLAP, state="partial"))
    assert desk.roles["wanted"] == CLAP
    assert desk.searched_by == []
