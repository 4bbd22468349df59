"""Work in the background: told of in the window's thread, one at a time, cancelled between steps. No Qt."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from gui_studies_desk import TIMEOUT_S, Thread

from bowerbird.base.errors import StudyError
from bowerbird.jobs.background import BackgroundEnded, BackgroundTold


@pytest.fixture
def thread() -> Iterator[Thread]:
    thread = Thread()
    yield thread
    thread.close()


class Ends:
    def __init__(self) -> None:
        self.told: list[tuple[str, float | None]] = []
        self.ended: list[tuple[Any, str]] = []

    def start(self, thread: Thread, work: Any) -> bool:
        return thread.background.start(
            work,
            told=lambda text, share: self.told.append((text, share)),
            ended=lambda answer, complaint: self.ended.append((answer, complaint)),
        )


def test_an_answer_comes_when_the_window_takes_it(thread: Thread):
    ends = Ends()
    assert ends.start(thread, lambda tell: tell("half", 0.5) or 7)
    assert thread.background.is_running
    thread.finish()
    assert (ends.told, ends.ended) == ([("half", 0.5)], [(7, "")])
    assert not thread.background.is_running


def test_a_known_fault_is_its_sentence_and_another_one_names_the_log(thread: Thread, caplog: pytest.LogCaptureFixture):
    def known(_tell: Any) -> None:
        raise StudyError("It is away. Bring it back.")

    ends = Ends()
    ends.start(thread, known)
    thread.finish()
    ends.start(thread, lambda _tell: 1 / 0)
    thread.finish()
    assert ends.ended[0] == (None, "It is away. Bring it back.")
    assert "failed inside Bowerbird" in ends.ended[1][1]
    assert "ZeroDivisionError" in caplog.text


def test_only_one_goes_on_at_a_time(thread: Thread):
    free = threading.Event()
    ends = Ends()
    assert ends.start(thread, lambda _tell: free.wait(TIMEOUT_S))
    assert not ends.start(thread, lambda _tell: "second")
    free.set()
    thread.finish()
    assert ends.ended == [(True, "")]


def test_cancelled_work_ends_at_its_next_step_without_a_word(thread: Thread):
    stopped = threading.Event()

    def work(tell: Any) -> str:
        stopped.wait(TIMEOUT_S)
        tell("going on")
        return "never"

    ends = Ends()
    ends.start(thread, work)
    thread.background.cancel()
    assert thread.background.is_stopping
    stopped.set()
    thread.finish()
    assert (ends.told, ends.ended) == ([], [(None, "")])


def test_events_of_others_are_left_alone(thread: Thread):
    ends, other = Ends(), Thread()
    ends.start(thread, lambda _tell: 1)
    thread.background.handle(BackgroundTold(other.background, "theirs", 0.1))
    thread.background.handle(BackgroundEnded(other.background, 2))
    thread.finish()
    assert (ends.told, ends.ended) == ([], [(1, "")])


def test_nothing_is_begun_after_the_end(thread: Thread):
    thread.close()
    assert not Ends().start(thread, lambda _tell: 1)
