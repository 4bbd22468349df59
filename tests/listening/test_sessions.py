"""Sessions: listening before responding, responses on disk at once, and resuming after a crash."""

import json

import pytest

from bowerbird.base.errors import CatalogueError, StudyError
from bowerbird.listening.raters import join
from bowerbird.listening.response_rows import Response
from bowerbird.listening.response_store import ResponseStore
from bowerbird.listening.session import RatingSession
from bowerbird.listening.study import Scale
from bowerbird.listening.tables import read_responses, response_tables
from listening_stage import sample_study


class Clock:
    """A clock that the test sets."""

    def __init__(self):
        self.now_s = 100.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def start(tmp_path, clock):
    """Start sessions of the same rater; an earlier session ends as in a crash."""
    folders, raters, files = {}, {}, []

    def start_session(**changes):
        key = str(changes)
        if key not in folders:
            folders[key] = sample_study(tmp_path / f"s{len(folders)}", **changes)
        files.append(ResponseStore(folders[key].path))
        if key not in raters:
            raters[key] = join(folders[key], files[-1], "heron", {})
        return RatingSession(folders[key], files[-1], raters[key], clock_s=clock)

    yield start_session
    for file in files:
        file.close()


def listen_to_all(session):
    for position in (None, *range(len(session.page.slots))):
        session.record_playback(position, 1000.0, is_start=True)


def answers(session):
    with ResponseStore(session.folder.path) as file:
        return file.responses()


def test_a_grade_is_refused_until_reference_and_stimulus_were_played(start):
    session = start()
    assert session.grade(0, 2) == "Listen longer to the reference and A before you rate it."
    session.record_playback(None, 1000.0, is_start=True)
    assert session.grade(0, 2) == "Listen longer to A before you rate it."
    session.record_playback(0, 100.0, is_start=True)  # half of 300 ms is required
    assert session.listened_share(0) == pytest.approx(100 / 150)
    assert session.grade(0, 2) is not None
    session.record_playback(0, 60.0)
    assert session.grade(0, 2) is None
    assert session.response(0) == Response(grade=2)
    assert [rating.grade for rating in answers(session).ratings] == [2]


def test_playing_the_beginning_repeatedly_counts_once(start):
    session = start()
    for _ in range(5):
        session.record_playback(0, 0.0, is_start=True)
        session.record_playback(0, 60.0)
    assert session.reached_ms(0) == 60.0
    assert session.listened_share(0) == pytest.approx(60 / 150)
    again = start()  # after a crash
    assert again.listened_share(0) == pytest.approx(60 / 150)
    again.record_playback(0, 0.0, is_start=True)
    again.record_playback(0, 160.0)
    again.flush_playback()
    assert again.listened_share(0) == 1.0
    assert start().listened_share(0) == 1.0
    again.record_playback(None, 1000.0, is_start=True)
    again.grade(0, 1)
    (row,) = answers(again).ratings
    assert row.listened_ms == 400


def test_a_page_is_complete_when_everything_is_rated_and_names_what_is_missing(start):
    session = start()
    listen_to_all(session)
    n = len(session.page.slots)
    for position in range(n - 2):
        session.grade(position, 1)
    assert session.why_not_next == f"Not rated yet: {session.letter(n - 2)}, {session.letter(n - 1)}."
    assert session.complete() == session.why_not_next
    session.cannot_judge(n - 2)
    session.mark_broken(n - 1)
    assert session.complete() is None
    assert session.page.number == 1
    assert session.n_done == 1


def test_a_mark_as_broken_or_impossible_to_judge_removes_the_grade(start):
    session = start()
    listen_to_all(session)
    session.grade(0, 3)
    session.mark_broken(0)
    assert session.response(0) == Response(is_broken=True)
    session.grade(0, 1)
    assert session.response(0) == Response(grade=1)
    session.cannot_judge(0)
    session.cannot_judge(0, is_set=False)
    assert session.response(0) == Response()


def test_a_correction_is_another_row_and_the_last_row_counts(start):
    session = start()
    listen_to_all(session)
    for grade in (0, 3, 1):
        session.grade(0, grade)
    rows = answers(session).ratings
    assert [(row.grade, row.revision) for row in rows] == [(0, 0), (3, 1), (1, 2)]
    while session.page.is_training:  # training does not count
        for position in range(len(session.page.slots)):
            session.grade(position, 1)
        session.complete()
    assert answers(session).final_ratings() == ()
    listen_to_all(session)
    session.grade(0, 0)
    session.grade(0, 2)
    (final,) = answers(session).final_ratings()
    assert (final.grade, final.revision) == (2, 1)


def test_undo_goes_back_step_by_step_and_survives_a_crash(start):
    session = start()
    listen_to_all(session)
    session.grade(0, 1)
    session.grade(1, 2)
    session.comment(1, "  odd   noise ")
    assert session.undo()
    session = start()
    assert [session.response(position) for position in (0, 1)] == [Response(grade=1), Response(grade=2)]
    session.grade(1, 3)
    assert session.undo()
    assert session.undo()
    assert [session.response(position) for position in (0, 1)] == [Response(grade=1), Response()]
    session = start()
    assert session.undo()
    assert session.response(0) == Response()
    assert not session.undo()
    assert len(answers(session).ratings) == 8  # four responses, four undone


def test_a_page_is_resumed_with_its_order_responses_and_listening_times(start, clock):
    session = start()
    listen_to_all(session)
    clock.now_s += 4.0
    session.grade(0, 2)
    session.grade(1, 0)
    before, shown = session.page, [session.item_at(position) for position in range(len(session.page.slots))]
    clock.now_s += 600.0  # a crash and a long pause
    again = start()
    assert again.page == before
    assert [again.item_at(position) for position in range(len(again.page.slots))] == shown
    assert [again.response(position).grade for position in range(3)] == [2, 0, None]
    assert all(again.listened_share(position) == 1.0 for position in range(len(shown)))
    clock.now_s += 1.0
    again.grade(2, 1)
    last = answers(again).ratings[-1]
    assert (last.decision_ms, last.revision, last.n_plays_item) == (5000, 0, 1)


def test_listening_time_is_written_every_second_without_a_response(start):
    session = start()
    session.record_playback(0, 5.0, is_start=True)
    for _ in range(60):
        session.record_playback(0, 20.0)
    with ResponseStore(session.folder.path) as file:
        written = [json.loads(event.value) for event in file.responses().events if event.kind == "heard"]
    assert sum(value["heard_ms"] for value in written) >= 205.0
    assert sum(value["is_start"] for value in written) == 1
    session.flush_playback()
    with ResponseStore(session.folder.path) as file:
        written = [json.loads(event.value) for event in file.responses().events if event.kind == "heard"]
    assert sum(value["heard_ms"] for value in written) == pytest.approx(1205.0)


def test_the_presented_order_is_logged(start):
    session = start()
    opened = [event for event in answers(session).events if event.kind == "opened"]
    shown = json.loads(opened[0].value)
    assert shown["columns"][0]["items"] == [slot.item_id for slot in session.page.slots]
    assert not shown["again"]
    start()
    opened = [event for event in answers(session).events if event.kind == "opened"]
    assert [json.loads(event.value)["again"] for event in opened] == [False, True]


def test_a_hidden_reference_must_be_played_like_any_stimulus(start):
    session = start()
    position = next(n for n, slot in enumerate(session.page.slots) if slot.control == "identical")
    assert session.item_at(position) == session.item_at(None)
    session.record_playback(None, 1000.0, is_start=True)
    assert session.listened_share(position) == 0.0
    assert session.grade(position, 3) is not None


def test_lists_are_compared_after_all_stimuli_were_played(start):
    session = start(kind="preference")
    assert session.choose("left").startswith("Listen longer to the reference, A, B")
    listen_to_all(session)
    assert session.why_not_next == "Choose the better list, or no difference."
    assert session.choose("tie") is None
    assert session.complete() is None
    choice = answers(session).choices[-1]
    assert (choice.answer, choice.winner, choice.is_right) == ("tie", "", None)
    assert {choice.left_system, choice.right_system} == {"good", "chance"}


def test_abx_has_no_ties(start):
    session = start(kind="abx")
    listen_to_all(session)
    assert session.item_at(None) == session.page.x
    assert session.choose("tie") == "X is the same as A or B. If unsure, guess."
    right = "left" if session.page.columns[0].slots[0].item_id == session.page.x else "right"
    session.choose(right)
    assert answers(session).choices[-1].is_right is True
    session.choose("right" if right == "left" else "left")
    assert answers(session).choices[-1].is_right is False
    session.cannot_judge()
    assert session.complete() is None


def test_a_slider_has_no_default_position_and_is_needed_beside_grades(start):
    session = start(scale=Scale(has_slider=True))
    listen_to_all(session)
    assert session.response(0).slider is None
    for position in range(len(session.page.slots)):
        session.grade(position, 1)
    assert session.why_not_next.startswith("Not rated yet")
    for position in range(len(session.page.slots)):
        session.slide(position, 140.0)
    assert session.response(0).slider == 100.0
    assert session.complete() is None


def test_a_break_is_suggested_after_its_time(start, clock):
    session = start(break_after_min=25.0)
    assert not session.is_break_due
    clock.now_s += 25 * 60
    assert session.is_break_due
    session.restart_break()
    assert not session.is_break_due


def test_a_grade_that_is_not_on_the_scale_is_refused(start):
    session = start()
    listen_to_all(session)
    assert session.grade(0, 4) == "This grade does not exist."
    assert session.grade(0, -1) == "This grade does not exist."


def test_a_finished_study_stays_finished(start):
    session = start(n_queries=1)
    while session.page is not None:
        listen_to_all(session)
        for position in range(len(session.page.slots)):
            session.grade(position, 1)
        assert session.complete() is None
    assert session.n_done == len(session.pages)
    again = start(n_queries=1)
    assert again.page is None
    assert again.complete() is None
    assert [event.kind for event in answers(again).events].count("finished") == 1


def test_an_alias_is_required_and_unique(tmp_path):
    folder = sample_study(tmp_path / "s")
    with ResponseStore(folder.path) as file:
        with pytest.raises(StudyError, match="Enter an alias"):
            join(folder, file, "   ", {})
        join(folder, file, "heron", {"age": "30 to 39"})
        with pytest.raises(CatalogueError, match="The alias heron is taken"):
            join(folder, file, "heron", {})
        assert [rater.background for rater in file.raters()] == [{"age": "30 to 39"}]


def test_a_file_of_a_newer_program_or_a_damaged_file_is_refused(tmp_path):
    with ResponseStore(tmp_path) as file:
        file._rows._connection.execute("PRAGMA user_version = 99")
    with pytest.raises(CatalogueError, match="newer version of Bowerbird"):
        ResponseStore(tmp_path)
    (tmp_path / "ratings.sqlite3").write_bytes(b"no database at all, but longer than a header of one hundred bytes" * 3)
    for rest in tmp_path.glob("ratings.sqlite3-*"):
        rest.unlink()
    with pytest.raises(CatalogueError, match="cannot be used"):
        ResponseStore(tmp_path)


def test_tables_are_read_back_as_they_were_written(start):
    session = start()
    listen_to_all(session)
    session.grade(0, 2)
    session.comment(0, 'a "quoted", odd\ncomment, with é')
    session.mark_broken(1)
    whole = answers(session)
    assert read_responses(response_tables(whole, study_id="s")) == whole
    header = response_tables(whole, study_id="s")["ratings.csv"].splitlines()[0].split(",")
    wanted = (
        "study_id study_hash rater_id session_uuid page query_id item_id presented_position presented_label "
        "control_type construct grade slider cannot_judge n_plays_query n_plays_item listened_ms decision_ms "
        "is_repeat revision timestamp_utc comment"
    )
    assert set(wanted.split()) <= set(header)
