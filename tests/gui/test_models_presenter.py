"""The encoders presenter, without Qt: the test controls the job, which runs in a real thread."""

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
from bowerbird.gui.encoders.encoder_rows import have_changed
from bowerbird.gui.encoders.encoder_texts import EncoderAction, JobState
from bowerbird.jobs.control import Cancelled
from bowerbird.jobs.progress import Progress
from bowerbird.library.encoders.recall import Recall


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    desk = Desk(monkeypatch)
    yield desk
    desk.ends.put(EncoderError("the test is over"))
    desk.presenter.close()


# Listing


def test_without_weights_the_first_clap_can_be_downloaded(desk: Desk):
    desk.presenter.opened()
    built_in = desk.view.rows[0]
    assert (built_in.id, built_in.state, built_in.is_used, built_in.actions) == (BUILT_IN, "In use", True, ())
    row = desk.view.rows[2]
    assert (row.id, row.state, row.facts) == (CLAP, "Not downloaded", "Apache-2.0")
    assert [(action.text, action.is_primary) for action in row.actions] == [("Download · 622 MB", True)]
    assert len(desk.view.rows) == 2 + len(shipped_cards())


def test_a_checkpoint_says_how_it_is_exported(desk: Desk):
    desk.presenter.opened()
    row = desk.view.row(OTHER)
    assert (row.state, row.actions) == ("Export required", ())
    assert (
        row.command == f"sh models/export/export.sh 630k-audioset-best.pt OUT --card {OTHER} --tokenizer tokenizer.json"
    )
    assert "download 630k-audioset-best.pt of lukewys/laion_clap" in row.instructions


def test_an_interrupted_download_shows_what_is_done_and_left(desk: Desk):
    desk.set(CLAP, state="partial", n_partial_bytes=241_000_000, n_disk_bytes=241_000_000)
    desk.presenter.opened()
    row = desk.view.row(CLAP)
    assert row.state == "241 MB of 622 MB downloaded"
    assert [action.text for action in row.actions] == ["Resume · 381 MB", "Remove"]
    assert row.actions[1].question == "Remove the weights of LAION-CLAP, 241 MB?"


def test_weights_that_were_never_checked_are_checked_first(desk: Desk):
    desk.set(CLAP, state="unchecked")
    desk.presenter.opened()
    assert [action.text for action in desk.view.row(CLAP).actions] == ["Check", "Remove"]
    desk.act("Check")
    assert desk.end(desk.set(CLAP, state="ready")) == f"verify_model {CLAP}"
    assert desk.view.row(CLAP).state == "Ready"


def test_refused_weights_say_why_and_cannot_be_used(desk: Desk):
    desk.set(CLAP, state="refused", sentence="Five texts find nothing. Download them again.")
    desk.presenter.opened()
    row = desk.view.row(CLAP)
    assert (row.state, row.problem) == ("Not used", "Five texts find nothing. Download them again.")
    assert [action.text for action in row.actions] == ["Download again · 622 MB", "Remove"]


def test_refused_weights_that_are_not_on_a_hub_can_be_checked_again(desk: Desk):
    desk.set(OTHER, state="refused", sentence="Odd.")
    desk.presenter.opened()
    assert [action.text for action in desk.view.row(OTHER).actions] == ["Check again", "Remove"]


def test_installed_encoders_are_listed_first(desk: Desk):
    desk.set(OTHER, state="ready")
    desk.presenter.opened()
    assert [row.id for row in desk.view.rows[:4]] == [BUILT_IN, ALONE, OTHER, CLAP]


def test_one_action_is_primary_and_none_once_an_encoder_is_used(desk: Desk):
    desk.set(OTHER, state="ready")
    desk.presenter.opened()
    proposed = [action for row in desk.view.rows for action in row.actions if action.is_primary]
    assert [(action.verb, action.id) for action in proposed] == [("use", OTHER)]
    desk.act("Use", OTHER)
    assert not [action for row in desk.view.rows for action in row.actions if action.is_primary]


def test_untrained_weights_say_so_and_are_not_recommended(desk: Desk):
    desk.set(CLAP, state="ready", card=replace(desk.states[CLAP].card, is_trained=False))
    desk.presenter.opened()
    assert desk.view.row(CLAP).facts.endswith("random weights, for tests only")
    assert not [action for action in desk.view.row(CLAP).actions if action.is_primary]


# Downloading


def test_nothing_is_downloaded_unasked(desk: Desk):
    desk.presenter.refresh()
    desk.presenter.opened()
    desk.presenter.closed()
    assert desk.begun.empty()


def test_a_download_shows_progress_speed_and_time_left(desk: Desk):
    desk.presenter.opened()
    desk.act("Download")
    assert desk.view.jobs[-1] == (JobState("Downloading LAION-CLAP"), None)
    assert not any(row.is_enabled for row in desk.view.rows)
    desk.progress("Downloading LAION-CLAP", 100_000_000, 622_100_000)
    desk.now_s += 5
    desk.progress("Downloading LAION-CLAP", 120_000_000, 622_100_000)
    text = "Downloading LAION-CLAP · 120 MB of 622 MB · 4.0 MB a second · 2 min left"
    assert desk.view.jobs[-1][0] == JobState(text, 120_000_000 / 622_100_000)
    assert desk.view.line == text
    desk.progress("Checking LAION-CLAP", 3, 24, "sounds")
    assert desk.view.jobs[-1][0] == JobState("Checking LAION-CLAP · 3 of 24 sounds", 0.125)
    assert desk.end(desk.set(CLAP, state="ready")) == f"fetch_model {CLAP} {{'with_int8': False}}"
    assert desk.view.jobs[-1] == (None, None)
    assert desk.view.row(CLAP).is_enabled


def test_new_weights_are_used_only_on_request(desk: Desk):
    desk.presenter.words_understood(False)
    desk.presenter.act(desk.view.lines[-1].actions[0])
    desk.end(desk.set(CLAP, state="ready"))
    assert desk.encoded_with == []
    assert desk.view.line.startswith("LAION-CLAP is ready.")
    desk.is_complete = False
    desk.presenter.act(desk.view.lines[-1].actions[0])
    assert (desk.encoded_with, desk.n_rescans, desk.searched_by) == ([CLAP], 1, [])
    assert desk.view.line == ""


def test_a_job_that_fails_is_a_sentence_beside_the_encoders(desk: Desk):
    desk.presenter.opened()
    desk.act("Download")
    desk.end(EncoderError("`hub` cannot be reached. Check the network."))
    assert desk.view.jobs[-1] == (None, "`hub` cannot be reached. Check the network.")
    assert desk.view.complaints == []
    assert not desk.presenter.is_running


def test_while_the_dialog_is_closed_an_error_is_shown_in_the_window(desk: Desk):
    desk.presenter.opened()
    desk.act("Download")
    desk.presenter.closed()
    desk.end(EncoderError("The disk is full. Make room."))
    assert desk.view.complaints == ["The disk is full. Make room."]


def test_a_fault_of_the_program_is_logged_and_shown(desk: Desk, caplog: pytest.LogCaptureFixture):
    desk.presenter.opened()
    desk.act("Download")
    desk.end(ZeroDivisionError())
    assert "Downloading LAION-CLAP failed because of a bug in Bowerbird. Please report it" in desk.view.jobs[-1][1]
    assert "Downloading LAION-CLAP failed" in caplog.text
    caplog.clear()


def test_downloaded_weights_that_are_rejected_are_reported(desk: Desk):
    desk.presenter.opened()
    desk.act("Download")
    desk.end(desk.set(CLAP, state="refused", sentence="The texts are all the same. Download them again."))
    assert desk.view.jobs[-1] == (None, "The texts are all the same. Download them again.")


def test_cancel_reaches_the_job_and_the_download_is_kept(desk: Desk):
    desk.presenter.opened()
    desk.act("Download")
    desk.presenter.act(EncoderAction("cancel", None, "Cancel"))
    desk.progress("Downloading LAION-CLAP", 5, 10)  # sent before the job noticed the cancellation
    assert desk.view.jobs[-1][0] == JobState("Stopping…")
    _, control, _ = began = desk.begun.get(timeout=TIMEOUT_S)
    assert control.is_cancelled
    desk.begun.put(began)
    desk.set(CLAP, state="partial", n_partial_bytes=1)
    desk.end(Cancelled())
    assert desk.view.row(CLAP).actions[0].text.startswith("Resume")
    assert desk.view.jobs[-1][1] is None


def test_only_one_job_runs(desk: Desk):
    desk.presenter.opened()
    desk.act("Download")
    desk.presenter.import_weights(Path("/stick"))
    desk.end(desk.set(CLAP, state="ready"))
    assert desk.begun.empty()


def test_closing_cancels_and_waits(desk: Desk):
    desk.presenter.opened()
    desk.act("Download")
    _, control, _ = desk.begun.get(timeout=TIMEOUT_S)
    threading.Timer(0.0, lambda: desk.ends.put(desk.states[CLAP])).start()
    desk.presenter.close()
    assert control.is_cancelled
    assert desk.presenter._jobs._thread is not None
    assert not desk.presenter._jobs._thread.is_alive()


def test_closing_does_not_wait_for_a_silent_network(monkeypatch: pytest.MonkeyPatch):
    desk = Desk(monkeypatch, end_within_s=0.05)
    desk.presenter.opened()
    desk.act("Download")
    desk.begun.get(timeout=TIMEOUT_S)
    desk.presenter.close()  # and the job does not end
    thread = desk.presenter._jobs._thread
    assert thread is not None
    assert thread.is_alive()
    assert thread.daemon
    desk.ends.put(None)
    thread.join(TIMEOUT_S)
    assert desk.events.empty(), "there is no window any more"


def test_frequent_progress_becomes_few_events(desk: Desk):
    desk.presenter.opened()
    desk.presenter.import_weights(Path("/stick"))
    began = desk.begun.get(timeout=TIMEOUT_S)
    assert began[0] == "import_model /stick"
    for number in range(1000):
        began[2](Progress("Importing", number, 1000, "bytes"))
    assert desk.events.qsize() < 100
    desk.begun.put(began)
    desk.end(None)


# Using and removing


def test_an_encoder_with_complete_embeddings_is_used_at_once(desk: Desk):
    desk.set(CLAP, state="ready")
    desk.presenter.opened()
    desk.act("Use")
    assert (desk.searched_by, desk.encoded_with, desk.n_rescans) == ([CLAP], [CLAP], 0)
    assert desk.view.line == "Search now uses LAION-CLAP."
    assert (desk.view.row(CLAP).state, desk.view.row(CLAP).is_used) == ("In use", True)
    desk.act("Use", BUILT_IN)
    assert (desk.searched_by, desk.encoded_with) == ([CLAP, BUILT_IN], [CLAP, None])
    assert desk.view.line == "Search now uses the built-in encoder."


def test_an_encoder_without_embeddings_is_used_when_indexing_is_complete(desk: Desk):
    desk.set(CLAP, state="ready")
    desk.is_complete = False
    desk.presenter.opened()
    desk.act("Use")
    assert (desk.searched_by, desk.n_rescans) == ([], 1)
    assert desk.view.row(CLAP).state == "Selected. Press F5 to finish indexing."
    desk.roles["searched"] = CLAP
    desk.presenter.handle(EncoderReady(CLAP, 1204))
    assert desk.searched_by == [CLAP]
    assert desk.view.line == (
        "Search now uses LAION-CLAP. "
        "1,204 sounds on disconnected drives will be indexed when the drives are reconnected."
    )
    assert desk.view.row(CLAP).state == "In use"
    desk.presenter.dismiss()
    assert desk.view.line == ""
    assert desk.presenter.has_offer


def test_weights_that_have_disappeared_are_reported(desk: Desk):
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
    (remove,) = (action for action in desk.view.row(CLAP).actions if action.verb == "remove")
    assert remove.question == (
        "Remove the weights of LAION-CLAP, 622 MB? Its embeddings are kept. Search will use the built-in encoder."
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


def test_an_encoder_on_another_device_is_shown_as_used_and_not_offered_again(desk: Desk):
    desk.set(CLAP, state="ready", has_int8=True, recall=Recall(0.97, 200))
    for name, state, acts, int8_actions in (
        (f"{CLAP}@cuda", "In use", ["check", "remove"], ["use", "compare"]),
        (f"{CLAP}-int8@cuda", "In use, 8-bit", ["use", "check", "remove"], ["compare"]),
    ):
        desk.roles.update(searched=name, wanted=name)
        desk.presenter.opened()
        row = desk.view.row(CLAP)
        assert (row.state, row.is_used) == (state, True)
        assert [action.verb for action in row.actions] == acts
        assert [action.verb for action in row.int8_actions] == int8_actions


def test_a_failed_check_stops_using_the_encoder(desk: Desk):
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


def test_replaced_weights_in_use_are_indexed_again(desk: Desk):
    card = desk.states[CLAP].card

    def with_audio(sha256: str) -> Any:
        return replace(card, files={**card.files, "audio": replace(card.files["audio"], sha256=sha256)})

    desk.set(CLAP, state="ready", card=with_audio("aa"))
    desk.roles.update(searched=CLAP, wanted=CLAP)
    desk.presenter.opened()
    desk.presenter.import_weights(Path("/stick"))
    desk.end(desk.set(CLAP, card=with_audio("bb")))
    assert (desk.encoded_with, desk.searched_by, desk.n_rescans) == ([CLAP], [CLAP], 1)
    assert not have_changed(with_audio("aa"), with_audio("aa"))
    assert not have_changed(card, with_audio("aa")), "a sha256 that was not recorded before is not a change"


def test_weights_that_were_missing_are_used_once_they_are_back(desk: Desk):
    desk.roles.update(searched=CLAP, wanted=CLAP)
    desk.presenter.opened()
    desk.act("Download")
    desk.end(desk.set(CLAP, state="ready"))
    assert desk.searched_by == [CLAP]


def test_cancelling_the_download_of_missing_weights_keeps_the_selection(desk: Desk):
    desk.roles.update(searched=CLAP, wanted=CLAP)
    desk.presenter.opened()
    desk.act("Download")
    desk.set(CLAP, state="partial")
    desk.end(Cancelled())
    assert desk.roles["wanted"] == CLAP
    assert desk.searched_by == []
