"""What must survive: sounds whose drive was away, files that were only touched, an index that was lost."""

import os
import shutil
import threading

import numpy as np
import pytest
from stage import of_kind, run

from bowerbird.catalogue.sqlite.reader import SqliteReader
from bowerbird.domain.events import SoundRejected, SoundsListed
from bowerbird.domain.query import Example, Query, parse_query
from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.jobs.control import Control
from bowerbird.library.library import Library
from bowerbird.library.search.browsing import Browsing
from bowerbird.library.search.neighbours import update_index
from bowerbird.library.search.search import Search
from sounds import sine, write


@pytest.fixture
def folder(tmp_path):
    for i in range(4):
        write(tmp_path / "sounds" / f"{i}.wav", sine(200 * (i + 1), duration_s=0.2 + i / 100))
    return tmp_path / "sounds"


def test_a_drive_that_goes_away_while_it_is_analysed_rejects_nothing_for_good(tmp_path, folder):
    away = tmp_path / "away"

    def pull_out(event):
        if isinstance(event, SoundsListed) and folder.exists():
            folder.rename(away)

    summary, events = run(tmp_path / "library", folder, post=pull_out)
    assert summary.n_analysed == 0
    assert len(of_kind(events, SoundRejected)) == 4
    away.rename(folder)
    summary, events = run(tmp_path / "library", folder)
    assert (summary.n_analysed, summary.n_rejected) == (4, 0)


def test_a_file_that_was_only_touched_is_not_analysed_again(tmp_path, folder):
    run(tmp_path / "library", folder)
    os.utime(folder / "1.wav", ns=(5, 5))
    summary, _ = run(tmp_path / "library", folder)
    assert (summary.n_analysed, summary.n_copies) == (0, 1)
    with SqliteReader(tmp_path / "library") as reader:
        assert reader.sound_at(folder / "1.wav").duration_s == pytest.approx(0.21)


def test_a_lost_index_is_made_anew(tmp_path, folder):
    library = tmp_path / "library"
    run(library, folder)
    update_index(Library.open(library), encoder_named(DEFAULT_ENCODER), Control())
    shutil.rmtree(library / "index")
    update_index(Library.open(library), encoder_named(DEFAULT_ENCODER), Control())
    assert len(list((library / "index").glob("*.json"))) == 1


def test_sounds_that_vanish_between_two_reads_break_no_search(tmp_path, folder, monkeypatch):
    library = tmp_path / "library"
    run(library, folder)
    search = Search(Library.open(library), encoder_named(DEFAULT_ENCODER))
    try:
        target = search.target([Example(folder / "0.wav")])
        look_up = search.reader.sounds_of

        def while_others_write(content_ids):
            (folder / "3.wav").write_bytes(b"")
            writer = threading.Thread(target=run, args=(library, folder))
            writer.start()
            writer.join()
            return look_up(content_ids)

        monkeypatch.setattr(search.reader, "sounds_of", while_others_write)
        assert len(search.by_example(target)) == 3
        monkeypatch.undo()
        assert len(search.by_example(target)) == 2
    finally:
        search.close()


def test_browsing_lists_matches_relaxes_and_names_what_is_pending(tmp_path, folder):
    library = tmp_path / "library"
    run(library, folder)
    browsing = Browsing(Library.open(library), encoder_named(DEFAULT_ENCODER))
    try:
        assert len(browsing.list(Query()).ids) == 4
        matches = browsing.similar([Example(folder / "0.wav")], Query())
        assert len(matches.ids) == 3
        assert matches.matches.keys() == set(matches.ids.tolist())
        nothing = browsing.list(parse_query("1 xylophone"))
        assert [(offer.query, offer.n_found) for offer in nothing.relaxations] == [(parse_query("1"), 1)]
        pane = browsing.folder_pane()
        assert (pane.directories[0][1], [one.path for one in pane.folders], pane.n_rejected) == (4, [folder], 0)
        assert browsing.pending_folders() == []
        write(folder / "new.wav", np.zeros((100, 1), np.float32))
        control = Control()
        run(library, folder, control=control, post=lambda _: control.cancel())
        assert browsing.pending_folders() == [folder]
    finally:
        browsing.close()
