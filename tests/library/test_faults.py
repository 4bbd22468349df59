"""Faults of the program are logged and counted, never blamed on a file, and tried again by the next version."""

import logging

import pytest
from stage import of_kind, run

from bowerbird.catalogue.sqlite import pending
from bowerbird.domain.events import IndexingFinished, SoundRejected
from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.library.indexing import analysis, index
from bowerbird.library.library import Library
from encoding_stage import Here
from sounds import sine, write


@pytest.fixture
def library(tmp_path):
    return tmp_path / "library"


@pytest.fixture
def sounds(tmp_path, monkeypatch):
    """Three sounds, one of which the program fails on by a fault of its own."""
    for number, name in enumerate(("a.wav", "faulty.wav", "z.wav")):
        write(tmp_path / "sounds" / name, sine(200.0 + 100 * number, duration_s=0.2))
    Here(monkeypatch)
    analyse = analysis.analyse

    def failing(path, encoder):
        if path.name == "faulty.wav":
            raise TypeError("a bug")
        return analyse(path, encoder)

    monkeypatch.setattr(analysis, "analyse", failing)
    return tmp_path / "sounds"


def test_a_fault_is_logged_with_its_traceback_and_the_file_is_not_blamed(library, sounds, caplog):
    with caplog.at_level(logging.ERROR, logger="bowerbird"):
        summary, events = run(library, sounds)
    assert (summary.n_analysed, summary.n_rejected, summary.n_faulty) == (2, 0, 1)
    assert of_kind(events, SoundRejected) == []
    assert "faulty.wav" in caplog.text
    assert "TypeError: a bug" in caplog.text
    assert summary.fault_sentence == (
        "1 sound could not be analysed because of a fault in Bowerbird; details are in the log. "
        "It will be tried again with the next version."
    )
    with Library.open(library).read() as reader:
        assert reader.rejected() == []
        assert reader.count() == 3


@pytest.mark.filterwarnings("ignore")
def test_the_same_version_does_not_try_again_and_the_next_one_does(library, sounds, monkeypatch):
    run(library, sounds)
    summary, _ = run(library, sounds)
    assert (summary.n_analysed, summary.n_faulty) == (0, 0)
    monkeypatch.setattr(pending, "__version__", "99.0")
    summary, _ = run(library, sounds)
    assert (summary.n_analysed, summary.n_faulty) == (0, 1)
    monkeypatch.undo()
    Here(monkeypatch)
    monkeypatch.setattr(pending, "__version__", "99.1")
    summary, _ = run(library, sounds)
    assert (summary.n_analysed, summary.n_faulty, summary.fault_sentence) == (1, 0, None)


def test_a_changed_file_is_tried_again_by_the_same_version(library, sounds, monkeypatch):
    run(library, sounds)
    write(sounds / "faulty.wav", sine(300, duration_s=0.4))
    summary, _ = run(library, sounds)
    assert summary.n_faulty == 1


def test_a_faulty_sound_is_not_pending_so_searches_use_the_encoder(library, sounds):
    run(library, sounds)
    with Library.open(library).read() as reader:
        assert reader.pending_folders(encoder_named(DEFAULT_ENCODER).id) == []


def test_the_summary_counts_faults_apart():
    summary = IndexingFinished(3, 0, 0, 0, 0, 1.0, is_cancelled=False, n_faulty=3)
    assert summary.fault_sentence.startswith("3 sounds could not be analysed because of a fault in Bowerbird")
    assert summary.fault_sentence.endswith("They will be tried again with the next version.")
    assert index.SCANNED_AT_ONCE > 0
