"""Rating: nothing counts before it was heard, every answer is on disk at once, and a page is resumed as it was left."""

import json

import pytest

from bowerbird.base.errors import CatalogueError, StudyError
from bowerbird.listening.raters import join
from bowerbird.listening.response_rows import Response
from bowerbird.listening.response_store import ResponseStore
from bowerbird.listening.session import RatingSession
from bowerbird.listening.study import Scale
from bowerbird.listening.tables import answer_tables, read_answers
from listening_stage import sample_study


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self):
        self.now_s = 100.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def sit(tmp_path, clock):
    """Sit down at a study, again and again as one rater; an earlier sitting is left as a crash leaves it."""
    folders, raters, files = {}, {}, []

    def sit_down(**changes):
        key = str(changes)
        if key not in folders:
            folders[key] = sample_study(tmp_path / f"s{len(folders)}", **changes)
        files.append(ResponseStore(folders[key].path))
        if key not in raters:
            raters[key] = join(folders[key], files[-1], "heron", {})
        return RatingSession(folders[key], files[-1], raters[key], clock_s=clock)

    yield sit_down
    for file in files:
        file.close()


def hear_all(session):
    for position in (None, *range(len(session.page.slots))):
        session.hear(position, 1000.0, is_start=True)


def answers(session):
    with ResponseStore(session.folder.path) as file:
        return file.responses()


def test_a_grade_before_it_was_heard_is_refused_with_what_to_do(sit):
    session = sit()
    assert session.grade(0, 2) == "Listen longer to the first sound and A, then grade."
    session.hear(None, 1000.0, is_start=True)
    assert session.grade(0, 2) == "Listen longer to A, then grade."
    session.hear(0, 100.0, is_start=True)  # of 300 ms the half must be heard
    assert session.listened_share(0) == pytest.approx(100 / 150)
    assert session.grade(0, 2) != ""
    session.hear(0, 60.0)
    assert session.grade(0, 2) == ""
    assert session.said(0) == Response(grade=2)
    assert [rating.grade for rating in answers(session).ratings] == [2]


def test_the_beginning_heard_again_is_no_more_than_the_beginning(sit):
    session = sit()
    for _ in range(5):
        session.hear(0, 0.0, is_start=True)
        session.hear(0, 60.0)
    assert session.reached_ms(0) == 60.0
    assert session.listened_share(0) == pytest.approx(60 / 150)
    again = sit()  # after a crash
    assert again.listened_share(0) == pytest.approx(60 / 150)
    again.hear(0, 0.0, is_start=True)
    again.hear(0, 160.0)
    again.pause()
    assert again.listened_share(0) == 1.0
    assert sit().listened_share(0) == 1.0
    again.hear(None, 1000.0, is_start=True)
    again.grade(0, 1)
    (row,) = answers(again).ratings
    assert row.listened_ms == 400


def test_a_page_is_left_when_everything_is_answered_and_says_what_waits(sit):
    session = sit()
    hear_all(session)
    n = len(session.page.slots)
    for position in range(n - 2):
        session.grade(position, 1)
    assert session.why_not_next == f"{session.letter(n - 2)}, {session.letter(n - 1)} wait for a grade."
    assert session.complete() == session.why_not_next
    session.cannot_judge(n - 2)
    session.mark_broken(n - 1)
    assert session.complete() == ""
    assert session.page.number == 1
    assert session.n_done == 1


def test_what_cannot_be_judged_or_is_broken_needs_no_hearing_and_loses_its_grade(sit):
    session = sit()
    hear_all(session)
    session.grade(0, 3)
    session.mark_broken(0)
    assert session.said(0) == Response(is_broken=True)
    session.grade(0, 1)
    assert session.said(0) == Response(grade=1)
    session.cannot_judge(0)
    session.cannot_judge(0, is_so=False)
    assert session.said(0) == Response()


def test_a_correction_is_another_row_and_the_last_one_counts(sit):
    session = sit()
    hear_all(session)
    for grade in (0, 3, 1):
        session.grade(0, grade)
    rows = answers(session).ratings
    assert [(row.grade, row.revision) for row in rows] == [(0, 0), (3, 1), (1, 2)]
    while session.page.is_training:  # training does not count
        for position in range(len(session.page.slots)):
            session.grade(position, 1)
        session.complete()
    assert answers(session).final_ratings() == ()
    hear_all(session)
    session.grade(0, 0)
    session.grade(0, 2)
    (final,) = answers(session).final_ratings()
    assert (final.grade, final.revision) == (2, 1)


def test_undo_goes_back_step_by_step_and_survives_a_crash(sit):
    session = sit()
    hear_all(session)
    session.grade(0, 1)
    session.grade(1, 2)
    session.comment(1, "  odd   noise ")
    assert session.undo()
    session = sit()
    assert [session.said(place) for place in (0, 1)] == [Response(grade=1), Response(grade=2)]
    session.grade(1, 3)
    assert session.undo()
    assert session.undo()
    assert [session.said(place) for place in (0, 1)] == [Response(grade=1), Response()]
    session = sit()
    assert session.undo()
    assert session.said(0) == Response()
    assert not session.undo()
    assert len(answers(session).ratings) == 8  # four answers, four taken back


def test_a_page_is_resumed_with_its_order_answers_and_what_was_heard(sit, clock):
    session = sit()
    hear_all(session)
    clock.now_s += 4.0
    session.grade(0, 2)
    session.grade(1, 0)
    before, shown = session.page, [session.item_at(place) for place in range(len(session.page.slots))]
    clock.now_s += 600.0  # a crash, and lunch
    again = sit()
    assert again.page == before
    assert [again.item_at(place) for place in range(len(again.page.slots))] == shown
    assert [again.said(place).grade for place in range(3)] == [2, 0, None]
    assert all(again.listened_share(place) == 1.0 for place in range(len(shown)))
    clock.now_s += 1.0
    again.grade(2, 1)
    last = answers(again).ratings[-1]
    assert (last.decision_ms, last.revision, last.n_plays_item) == (5000, 0, 1)


def test_what_is_heard_without_an_answer_is_kept_every_second(sit):
    session = sit()
    session.hear(0, 5.0, is_start=True)
    for _ in range(60):
        session.hear(0, 20.0)
    with ResponseStore(session.folder.path) as file:
        kept = [json.loads(event.value) for event in file.responses().events if event.kind == "heard"]
    assert sum(sentence["heard_ms"] for sentence in kept) >= 205.0
    assert sum(sentence["is_start"] for sentence in kept) == 1
    session.pause()
    with ResponseStore(session.folder.path) as file:
        kept = [json.loads(event.value) for event in file.responses().events if event.kind == "heard"]
    assert sum(sentence["heard_ms"] for sentence in kept) == pytest.approx(1205.0)


def test_the_order_shown_is_logged(sit):
    session = sit()
    opened = [event for event in answers(session).events if event.kind == "opened"]
    shown = json.loads(opened[0].value)
    assert shown["columns"][0]["items"] == [slot.item_id for slot in session.page.slots]
    assert not shown["again"]
    sit()
    opened = [event for event in answers(session).events if event.kind == "opened"]
    assert [json.loads(event.value)["again"] for event in opened] == [False, True]


def test_a_hidden_copy_of_the_query_must_be_played_like_any_other(sit):
    session = sit()
    place = next(n for n, slot in enumerate(session.page.slots) if slot.control == "identical")
    assert session.item_at(place) == session.item_at(None)
    session.hear(None, 1000.0, is_start=True)
    assert session.listened_share(place) == 0.0
    assert session.grade(place, 3) != ""


def test_lists_are_compared_after_all_of_them_were_heard(sit):
    session = sit(kind="preference")
    assert session.choose("left").startswith("Listen longer to the first sound, A, B")
    hear_all(session)
    assert session.why_not_next == "Say which list is better."
    assert session.choose("tie") == ""
    assert session.complete() == ""
    choice = answers(session).choices[-1]
    assert (choice.answer, choice.winner, choice.is_right) == ("tie", "", None)
    assert {choice.left_system, choice.right_system} == {"good", "chance"}


def test_x_is_one_of_two_and_a_tie_is_no_answer(sit):
    session = sit(kind="abx")
    hear_all(session)
    assert session.item_at(None) == session.page.x
    assert session.choose("tie") == "X is one of the two. Guess if you must."
    right = "left" if session.page.columns[0].slots[0].item_id == session.page.x else "right"
    session.choose(right)
    assert answers(session).choices[-1].is_right is True
    session.choose("right" if right == "left" else "left")
    assert answers(session).choices[-1].is_right is False
    session.cannot_judge()
    assert session.complete() == ""


def test_a_slider_has_no_place_to_begin_with_and_both_are_needed_where_both_are_asked(sit):
    session = sit(scale=Scale(has_slider=True))
    hear_all(session)
    assert session.said(0).slider is None
    for position in range(len(session.page.slots)):
        session.grade(position, 1)
    assert "wait for a grade" in session.why_not_next
    for position in range(len(session.page.slots)):
        session.slide(position, 140.0)
    assert session.said(0).slider == 100.0
    assert session.complete() == ""


def test_a_break_is_proposed_after_its_time_and_again_after_it(sit, clock):
    session = sit(break_after_min=25.0)
    assert not session.is_break_due
    clock.now_s += 25 * 60
    assert session.is_break_due
    session.rest()
    assert not session.is_break_due


def test_a_grade_that_is_not_on_the_scale_is_refused(sit):
    session = sit()
    hear_all(session)
    assert session.grade(0, 4) == "There is no such grade."
    assert session.grade(0, -1) == "There is no such grade."


def test_who_is_done_is_done(sit):
    session = sit(n_queries=1)
    while session.page is not None:
        hear_all(session)
        for position in range(len(session.page.slots)):
            session.grade(position, 1)
        assert session.complete() == ""
    assert session.n_done == len(session.pages)
    again = sit(n_queries=1)
    assert again.page is None
    assert again.complete() == ""
    assert [event.kind for event in answers(again).events].count("finished") == 1


def test_a_pseudonym_is_needed_and_belongs_to_one(tmp_path):
    folder = sample_study(tmp_path / "s")
    with ResponseStore(folder.path) as file:
        with pytest.raises(StudyError, match="A name is needed"):
            join(folder, file, "   ", {})
        join(folder, file, "heron", {"age": "30 to 39"})
        with pytest.raises(CatalogueError, match="The alias heron is taken"):
            join(folder, file, "heron", {})
        assert [rater.background for rater in file.raters()] == [{"age": "30 to 39"}]


def test_a_file_of_a_newer_program_or_a_damaged_one_is_told(tmp_path):
    with ResponseStore(tmp_path) as file:
        file._rows._connection.execute("PRAGMA user_version = 99")
    with pytest.raises(CatalogueError, match="newer Bowerbird"):
        ResponseStore(tmp_path)
    (tmp_path / "ratings.sqlite3").write_bytes(b"no database at all, but longer than a header of one hundred bytes" * 3)
    for rest in tmp_path.glob("ratings.sqlite3-*"):
        rest.unlink()
    with pytest.raises(CatalogueError, match="cannot be used"):
        ResponseStore(tmp_path)


def test_everything_written_as_tables_is_read_back(sit):
    session = sit()
    hear_all(session)
    session.grade(0, 2)
    session.comment(0, 'a "quoted", odd\ncomment, with é')
    session.mark_broken(1)
    whole = answers(session)
    assert read_answers(answer_tables(whole, study_id="s")) == whole
    header = answer_tables(whole, study_id="s")["ratings.csv"].splitlines()[0].split(",")
    wanted = (
        "study_id study_hash rater_id session_uuid page query_id item_id presented_position presented_label "
        "control_type construct grade slider cannot_judge n_plays_query n_plays_item listened_ms decision_ms "
        "is_repeat revision timestamp_utc comment"
    )
    assert set(wanted.split()) <= set(header)
