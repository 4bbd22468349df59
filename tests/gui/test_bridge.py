"""Where threads meet Qt: order is kept, the newest question of a name wins, the end is an end."""

import threading
from collections.abc import Iterator

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="the window needs PySide6", exc_type=ImportError)

from pytestqt.qtbot import QtBot

from bowerbird.base.errors import AudioError
from bowerbird.gui.shell.event_bridge import EventBridge, QueryThread

TIMEOUT_S = 10


@pytest.fixture
def queries(qtbot: QtBot) -> Iterator[QueryThread]:
    thread = QueryThread()
    yield thread
    thread.close(lambda: None)


def test_events_of_many_threads_arrive_all_in_order_and_in_the_qt_thread(qtbot: QtBot):
    bridge, received, threads_seen = EventBridge(), [], set()

    def take(events: list[tuple[int, int]]) -> None:
        received.extend(events)
        threads_seen.add(threading.current_thread())

    bridge.received.connect(take)
    posters = [
        threading.Thread(target=lambda who=who: [bridge.post((who, number)) for number in range(500)])
        for who in range(4)
    ]
    for poster in posters:
        poster.start()
    for poster in posters:
        poster.join()
    qtbot.waitUntil(lambda: len(received) == 2000)
    assert [[number for who, number in received if who == one] for one in range(4)] == [list(range(500))] * 4
    assert threads_seen == {threading.main_thread()}


def test_an_event_posted_while_others_are_delivered_arrives_too(qtbot: QtBot):
    bridge, received = EventBridge(), []

    def take(events: list[int]) -> None:
        received.extend(events)
        if len(received) < 3:
            bridge.post(len(received))

    bridge.received.connect(take)
    bridge.post(0)
    qtbot.waitUntil(lambda: received == [0, 1, 2])


def test_only_the_newest_of_the_questions_that_wait_under_a_name_is_asked(qtbot: QtBot, queries: QueryThread):
    gate, asked, answers = threading.Event(), [], []

    def ask(number: int) -> int:
        asked.append(number)
        return number

    queries.run("gate", lambda: gate.wait(TIMEOUT_S), done=lambda _: None, failed=answers.append)
    for number in range(5):
        queries.run("list", lambda number=number: ask(number), done=answers.append, failed=answers.append)
    queries.run("other", lambda: ask(99), done=answers.append, failed=answers.append)
    gate.set()
    qtbot.waitUntil(lambda: len(answers) == 2)
    assert (asked, answers) == ([4, 99], [4, 99])


def test_a_known_fault_is_told_in_its_words_and_the_next_question_is_answered(qtbot: QtBot, queries: QueryThread):
    def fail() -> None:
        raise AudioError("`hum.wav` is empty. Re-export it.")

    told: list[object] = []
    queries.run("a", fail, done=lambda _: told.append("done"), failed=told.append)
    queries.run("b", lambda: 7, done=told.append, failed=told.append)
    qtbot.waitUntil(lambda: len(told) == 2)
    assert told == ["`hum.wav` is empty. Re-export it.", 7]


def test_a_fault_of_the_program_is_logged_and_told_without_its_trace(
    qtbot: QtBot, queries: QueryThread, caplog: pytest.LogCaptureFixture
):
    told: list[str] = []
    queries.run("a", lambda: 1 // 0, done=lambda _: told.append("done"), failed=told.append)
    qtbot.waitUntil(lambda: bool(told))
    assert "report it with " in told[0]
    assert "ZeroDivisionError" in caplog.text


def test_closing_drops_what_waits_and_says_farewell_in_the_thread(qtbot: QtBot):
    queries, gate, begun, asked = QueryThread(), threading.Event(), threading.Event(), []
    farewells: list[str] = []

    def wait() -> None:
        begun.set()
        gate.wait(TIMEOUT_S)

    queries.run("gate", wait, done=lambda _: None, failed=asked.append)
    assert begun.wait(TIMEOUT_S)
    queries.run("list", lambda: asked.append(1), done=lambda _: None, failed=asked.append)
    threading.Timer(0.05, gate.set).start()
    queries.close(lambda: farewells.append(threading.current_thread().name))
    assert (asked, farewells) == ([], ["bowerbird-queries"])
