"""What the map shows of the list, and when its layout is computed, without Qt."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analyses import ENCODER_ID, N_DIMS, analysis, stamp
from bowerbird.catalogue.sqlite.writer import SqliteWriter
from bowerbird.domain.matches import Match
from bowerbird.gui.map.map_presenter import MapPresenter
from bowerbird.gui.map.map_state import OTHER
from bowerbird.jobs.runner import JobEnded
from bowerbird.library.library import Library
from bowerbird.library.map import computing
from bowerbird.library.map.placing import bring_up_to_date

ROOT = Path("/sounds") if os.sep == "/" else Path("C:\\sounds")


class Encoder:
    id = ENCODER_ID
    n_dims = N_DIMS


class Direct:
    """Runs queries at once."""

    def run(self, name, work, *, done, failed):
        done(work())


class View:
    """Keeps what it is shown."""

    def __init__(self):
        self.points = self.colouring = self.message = None
        self.examples = ()
        self.summary = ""
        self.choices, self.chosen = (), None
        self.complaints = []

    def show_points(self, points, colouring, *, example_ids):
        self.points, self.colouring, self.examples, self.message = points, colouring, example_ids, None

    def show_message(self, message):
        self.message = message

    def show_summary(self, text):
        self.summary = text

    def show_colours(self, choices, chosen):
        self.choices, self.chosen = choices, chosen

    def complain(self, sentence):
        self.complaints.append(sentence)


class Desk:
    """A presenter, its view, and the end of its jobs."""

    def __init__(self, library, *, is_indexing=False, colour_by="folder"):
        self.view = View()
        self.events = []
        self.is_indexing = is_indexing
        self.presenter = MapPresenter(
            self.view,
            library,
            Encoder(),
            queries=Direct(),
            post=self.events.append,
            is_indexing=lambda: self.is_indexing,
            colour_by=colour_by,
        )

    def until_ended(self):
        self.presenter.runner._thread.join(20)
        while self.events:
            self.presenter.handle(self.events.pop(0))


@pytest.fixture
def library(tmp_path):
    with SqliteWriter(tmp_path) as catalogue:
        added = catalogue.add_folder(ROOT)
        catalogue.reconcile(added, [stamp(ROOT / f"Kit {n % 2}" / f"{n:04}.wav") for n in range(20)])
        pending = catalogue.pending(added, below=f"{ROOT}{os.sep}", encoder_id=ENCODER_ID)
        catalogue.record([(sound.id, analysis(sound.id)) for sound in pending], [], ENCODER_ID)
    return Library.open(tmp_path)


@pytest.fixture
def desk(library):
    bring_up_to_date(library, ENCODER_ID, N_DIMS, seed=1)
    desk = Desk(library)
    yield desk
    desk.presenter.close()


@pytest.fixture
def in_this_process(monkeypatch):
    """Compute layouts in the job's thread."""

    def update(library, encoder, control, report):
        bring_up_to_date(library, encoder.id, encoder.n_dims, seed=1)

    monkeypatch.setattr("bowerbird.gui.map.map_presenter.update_layout", update)


def match(sound_id, percentile):
    return Match(sound_id, 0.5, percentile, 0.0, 1.0, "the whole sound")


def test_nothing_is_read_before_the_map_is_visible(desk):
    desk.presenter.list_changed(np.arange(1, 21), {}, has_matches=False)
    desk.presenter.library_changed()
    assert desk.view.points is None


def test_sounds_of_the_list_are_among_all_others(desk):
    desk.presenter.list_changed(np.array([3, 5]), {}, has_matches=False)
    desk.presenter.set_visible(is_visible=True)
    assert len(desk.view.points) == 20
    assert desk.view.points.ids[desk.view.points.in_result].tolist() == [3, 5]
    assert desk.view.summary == "2 of 20 sounds"
    desk.presenter.list_changed(np.arange(1, 21), {}, has_matches=False)
    assert desk.view.summary == "20 sounds"


def test_lists_are_coloured_by_folder_and_ranked_lists_by_similarity(desk):
    desk.presenter.set_visible(is_visible=True)
    assert desk.view.choices == ("folder", "length", "loudness")
    assert desk.view.colouring.labels == ("Kit 0", "Kit 1")
    desk.presenter.list_changed(
        np.array([3, 5, 7]),
        {3: match(3, 100.0), 5: match(5, 95.0), 7: match(7, 50.0)},
        has_matches=True,
        example_ids=[3],
    )
    assert desk.view.chosen == "similarity"
    levels = dict(zip(desk.view.points.ids.tolist(), desk.view.colouring.levels.tolist(), strict=True))
    assert (levels[3], levels[5], levels[7]) == (255, 128, 0)
    assert desk.view.examples == (3,)


def test_a_chosen_colour_is_kept_for_the_kind_of_list(desk):
    desk.presenter.set_visible(is_visible=True)
    desk.presenter.choose_colour("loudness")
    assert desk.view.colouring.labels == ("−48 LUFS", "−9 LUFS")
    desk.presenter.list_changed(np.array([3]), {}, has_matches=True)
    assert desk.view.chosen == "similarity"
    desk.presenter.choose_colour("length")
    desk.presenter.list_changed(np.array([3]), {}, has_matches=False)
    assert desk.view.chosen == "loudness"


def test_ranked_lists_can_be_coloured_by_an_aspect_of_similarity(desk):
    desk.presenter.set_visible(is_visible=True)
    aspects = {3: (("timbre", 100.0), ("pitch", 20.0)), 5: (("timbre", 50.0), ("pitch", 100.0))}
    matches = {sound_id: replace(match(sound_id, 99.0), aspects=each) for sound_id, each in aspects.items()}
    desk.presenter.list_changed(np.array([3, 5]), matches, has_matches=True)
    assert desk.view.choices == ("similarity", "aspect timbre", "aspect pitch", "folder", "length", "loudness")
    desk.presenter.choose_colour("aspect timbre")
    levels = dict(zip(desk.view.points.ids.tolist(), desk.view.colouring.levels.tolist(), strict=True))
    assert (levels[3], levels[5], levels[7]) == (255, 128, 0)
    desk.presenter.list_changed(np.array([3, 5]), {}, has_matches=False)
    assert "aspect timbre" not in desk.view.choices


def test_lists_can_be_coloured_by_tag_of_several_the_most_common(library, desk):
    with SqliteWriter(library.folder) as catalogue:
        for sound_ids, word in (([1, 2], "wood"), ([2, 3], "dry"), ([3, 4, 5], "metal")):
            with library.read() as reader:
                audio_ids = reader.audio_of_sounds(sound_ids).values()
            catalogue.set_word(word, dict.fromkeys(audio_ids, True))
    desk.presenter.set_visible(is_visible=True)
    assert desk.view.choices == ("folder", "tag", "length", "loudness")
    desk.presenter.choose_colour("tag")
    assert desk.view.colouring.labels == ("metal", "wood", "other or none")
    levels = desk.view.colouring.levels[:6].tolist()
    assert levels == [1, 1, 0, 0, 0, OTHER]


def test_the_first_colour_is_the_one_that_was_chosen_last(library):
    bring_up_to_date(library, ENCODER_ID, N_DIMS, seed=1)
    desk = Desk(library, colour_by="length")
    desk.presenter.set_visible(is_visible=True)
    assert (desk.view.chosen, desk.presenter.colour_of_list) == ("length", "length")
    desk.presenter.close()


def test_a_layout_is_computed_when_the_map_is_opened(library, in_this_process):
    desk = Desk(library)
    desk.presenter.set_visible(is_visible=True)
    assert desk.view.message.sentence == "The map is being computed"
    assert desk.view.message.share == 0.0
    desk.until_ended()
    assert desk.view.message is None
    assert len(desk.view.points) == 20


def test_a_layout_waits_for_the_end_of_the_analysis(library, in_this_process):
    desk = Desk(library, is_indexing=True)
    desk.presenter.set_visible(is_visible=True)
    assert desk.view.message.sentence == "The map will be computed when the analysis is finished"
    assert not desk.presenter.runner.is_running
    desk.is_indexing = False
    desk.presenter.library_changed()
    desk.until_ended()
    assert len(desk.view.points) == 20


def test_without_analysed_sounds_there_is_nothing_to_compute(tmp_path, in_this_process):
    SqliteWriter(tmp_path).close()
    desk = Desk(Library.open(tmp_path))
    desk.presenter.set_visible(is_visible=True)
    assert desk.view.message.sentence == "Analyse sounds first"
    assert not desk.presenter.runner.is_running


def test_a_layout_that_fails_is_not_tried_again_until_the_map_is_opened_again(library, monkeypatch):
    calls = []

    def fail(*_):
        calls.append(1)
        raise computing.BowerbirdError("The map could not be stored.")

    monkeypatch.setattr("bowerbird.gui.map.map_presenter.update_layout", fail)
    desk = Desk(library)
    desk.presenter.set_visible(is_visible=True)
    desk.until_ended()
    assert desk.view.complaints == ["The map could not be stored."]
    assert desk.view.message.sentence == "The map could not be stored."
    desk.presenter.library_changed()
    assert len(calls) == 1
    desk.presenter.set_visible(is_visible=True)
    desk.until_ended()
    assert len(calls) == 2


def test_a_job_that_ends_after_the_encoder_changed_shows_the_other_map(library, in_this_process):
    desk = Desk(library)
    desk.presenter.set_visible(is_visible=True)

    class Other(Encoder):
        id = "another"

    desk.presenter.use(Other())
    desk.until_ended()
    assert not desk.presenter.runner.is_running
    assert desk.view.message.sentence == "Analyse sounds first"
    assert not [event for event in desk.events if isinstance(event, JobEnded)]
