"""The cancel and pause buttons."""

import threading

from bowerbird.jobs.control import Control


def test_cancelling_sets_paused_work_free():
    control = Control()
    control.pause()
    waiting = threading.Thread(target=control.wait_while_paused)
    waiting.start()
    assert control.is_paused
    assert waiting.is_alive()
    control.cancel()
    waiting.join(5)
    assert not waiting.is_alive()
    assert control.is_cancelled


def test_work_that_is_not_paused_does_not_wait():
    Control().wait_while_paused()


def test_resuming_ends_a_pause():
    control = Control()
    control.pause()
    control.resume()
    control.wait_while_paused()
    assert not control.is_paused
