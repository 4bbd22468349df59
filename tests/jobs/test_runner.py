"""Jobs in the background: one at a time, reported in the owner's thread, cancelled between steps."""

import queue
import threading

import pytest

from bowerbird.base.errors import StudyError
from bowerbird.jobs.control import Cancelled, Control
from bowerbird.jobs.progress import Progress
from bowerbird.jobs.runner import JobEnded, JobRunner, error_sentence

TIMEOUT_S = 20.0


class Owner:
    """The thread that a runner belongs to: it takes events from a queue."""

    def __init__(self):
        self.events = queue.Queue()
        self.runner = JobRunner(self.events.put, name="test")
        self.progress = []
        self.ended = []

    def start(self, work):
        return self.runner.start(
            "Testing", work, progressed=self.progress.append, ended=lambda *ended: self.ended.append(ended)
        )

    def finish(self):
        while self.runner.is_running:
            self.runner.handle(self.events.get(timeout=TIMEOUT_S))


@pytest.fixture
def owner():
    owner = Owner()
    yield owner
    owner.runner.close()


def test_progress_and_result_arrive_in_the_owners_thread(owner):
    assert owner.start(lambda control, report: report(Progress("Half", 1, 2)) or 7)
    assert owner.ended == []
    owner.finish()
    assert owner.progress == [Progress("Half", 1, 2)]
    assert owner.ended == [(7, None)]


def test_a_known_fault_is_its_sentence_and_a_bug_is_logged_and_names_the_log(owner, caplog):
    def known(control, report):
        raise StudyError("The drive is away. Connect it.")

    owner.start(known)
    owner.finish()
    owner.start(lambda control, report: 1 / 0)
    owner.finish()
    assert owner.ended[0] == (None, "The drive is away. Connect it.")
    assert owner.ended[1][1].startswith("Testing failed because of a bug in Bowerbird.")
    assert "bowerbird.log" in owner.ended[1][1]
    assert "ZeroDivisionError" in caplog.text


def test_one_job_runs_at_a_time(owner):
    free = threading.Event()
    assert owner.start(lambda control, report: free.wait(TIMEOUT_S))
    assert not owner.start(lambda control, report: "second")
    free.set()
    owner.finish()
    assert owner.ended == [(True, None)]


def test_a_cancelled_job_ends_at_its_next_check_with_nothing(owner):
    stopped = threading.Event()

    def work(control, report):
        stopped.wait(TIMEOUT_S)
        control.check()
        return "never"

    owner.start(work)
    owner.runner.cancel()
    assert owner.runner.is_stopping
    stopped.set()
    owner.finish()
    assert owner.ended == [(None, None)]


def test_a_runner_that_is_closed_starts_nothing_and_posts_nothing(owner):
    free = threading.Event()
    owner.runner = JobRunner(owner.events.put, name="test", end_within_s=0.01)
    owner.start(lambda control, report: free.wait(TIMEOUT_S))
    thread = owner.runner._thread
    owner.runner.close()
    free.set()
    thread.join(TIMEOUT_S)
    assert owner.events.empty()
    assert not owner.start(lambda control, report: None)


def test_events_of_other_runners_are_postponed(owner):
    owner.start(lambda control, report: None)
    owner.runner.handle(JobEnded(JobRunner(owner.events.put, name="other"), "another result"))
    assert owner.ended == []
    owner.finish()


def test_a_change_of_activity_is_always_reported(owner):
    def work(control, report):
        for number in range(1_000):
            report(Progress("First", number))
        report(Progress("Second"))

    owner.start(work)
    owner.finish()
    assert owner.progress[-1] == Progress("Second")
    assert len(owner.progress) < 500


def test_checking_waits_while_paused_and_raises_when_cancelled():
    control = Control()
    control.check()
    control.pause()
    thread = threading.Thread(target=control.check)
    thread.start()
    thread.join(0.05)
    assert thread.is_alive()
    control.resume()
    thread.join(TIMEOUT_S)
    assert not thread.is_alive()
    control.cancel()
    with pytest.raises(Cancelled):
        control.check()


def test_the_share_is_not_known_without_a_total():
    assert Progress("Looking", 5).share is None
    assert Progress("Looking", 5, 10).share == 0.5
    assert Progress("Looking", 15, 10).share == 1.0


def test_a_sentence_of_a_bug_does_not_show_its_text():
    assert "secret" not in error_sentence(KeyError("secret"), activity="Searching")
