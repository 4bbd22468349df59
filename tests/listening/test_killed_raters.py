"""A rater whose program is killed in the middle of a page comes back to it, with everything that was acknowledged."""

import json
import os
import queue
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bowerbird.listening.plan import plan_pages
from bowerbird.listening.response_store import ResponseStore
from bowerbird.listening.store import StudyFolder
from listening_stage import sample_study

TESTS = Path(__file__).parents[1]
PROGRAM = Path(__file__).with_name("killed_rater.py")
TIMEOUT_S = 30.0


class Child:
    """A rater's process, and everything that it told."""

    def __init__(self, folder: Path, seed: int) -> None:
        env = os.environ | {"PYTHONPATH": str(TESTS.parent / "app")}
        self._process = subprocess.Popen(
            [sys.executable, PROGRAM, folder, str(seed)], env=env, stdout=subprocess.PIPE, text=True
        )
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._thread = threading.Thread(target=self._read, name="lines of a child")
        self._thread.start()
        self.told: list[dict[str, Any]] = []

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def next(self, *, timeout_s: float = TIMEOUT_S) -> dict[str, Any] | None:
        """The next thing it told, None at its end."""
        line = self._lines.get(timeout=timeout_s)
        if line is None or not line.endswith("\n"):  # half a line is no word given
            return None
        self.told.append(json.loads(line))
        return self.told[-1]

    def kill_after(self, seconds: float) -> None:
        """Let it go on for so long, kill it, and hear the rest of what it told."""
        try:
            self._process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._process.wait()
        while self.next() is not None:
            pass
        self.close()

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._thread.join()
        assert self._process.stdout is not None
        self._process.stdout.close()


@pytest.fixture
def folder(tmp_path: Path) -> StudyFolder:
    return sample_study(tmp_path / "study", n_queries=30, duration_s=0.05, n_per_page=4, depth=4)


@pytest.fixture
def children() -> Iterator[list[Child]]:
    started: list[Child] = []
    yield started
    for line in started:
        line.close()


def last_of(told: list[dict[str, Any]], what: str) -> dict[str, Any] | None:
    return next((line for line in reversed(told) if line["what"] == what), None)


def since_page(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was told since the last page was opened."""
    return told[max(place for place, line in enumerate(told) if line["what"] == "page") :]


def test_twenty_kills_lose_no_answer_and_no_place(folder: StudyFolder, children: list[Child]):
    moments = random.Random(7)
    n_in_pages, before = 0, None
    for number in range(20):
        child = Child(folder.path, seed=number)
        children.append(child)
        opened = child.next()
        assert opened is not None
        if before is not None:
            is_same = check_resumed(before, opened)
            n_in_pages += is_same and bool(before["said"])
        child.kill_after(moments.uniform(0.02, 0.35))
        assert last_of(child.told, "done") is None, "the study was too short to be killed in"
        page = last_of(child.told, "page")
        since = since_page(child.told)
        answered = last_of(since, "answered")
        before = {
            "page": page,
            "said": answered["said"] if answered else page["said"],
            "n_answers": sum(line["what"] == "answered" for line in since),
            "heard": {line["position"] for line in since if line["what"] == "heard"},
            "is_completed": last_of(since, "completed") is not None,
        }
    assert n_in_pages >= 15, "kills have to come in the middle of pages"
    check_kept(folder, children)


def check_resumed(before: dict[str, Any], opened: dict[str, Any]) -> bool:
    """Same page, same order, every acknowledged answer. One more may be on disk that was not acknowledged yet."""
    page = before["page"]
    if opened["page"] != page["page"]:
        assert opened["page"] > page["page"]
        assert opened["n_done"] == page["n_done"] + 1
        return False  # left, whether that was told or not
    assert not before["is_completed"], "a page that was left came back"
    assert opened["order"] == page["order"]
    differing = [response for response, two in zip(opened["said"], before["said"], strict=True) if response != two]
    assert len(differing) <= 1, (opened["said"], before["said"])
    heard = opened["heard"]
    assert all(heard[0 if position is None else 1 + position] == 1.0 for position in before["heard"])
    return True


def check_kept(folder: StudyFolder, children: list[Child]) -> None:
    """Every answer that was acknowledged is a row, revisions have no gap, and the order shown is the one planned."""
    with ResponseStore(folder.path) as file:
        answers = file.responses()
    (rater,) = answers.raters
    n_acknowledged = sum(
        line["what"] == "answered" and line["act"] != "undo" for child in children for line in changed(child.told)
    )
    assert len(answers.ratings) >= n_acknowledged
    revisions: dict[tuple[int, str], list[int]] = {}
    for rating in answers.ratings:
        revisions.setdefault((rating.page, rating.item_id), []).append(rating.revision)
    assert all(revision == list(range(len(revision))) for revision in revisions.values())
    pages = plan_pages(folder.study, rater_number=rater.number)
    shown = {line["page"]: line["order"] for child in children for line in child.told if line["what"] == "page"}
    assert all(order == [slot.item_id for slot in pages[page].slots] for page, order in shown.items())


def changed(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Responses that changed something: saying the same twice is no answer."""
    before, found = None, []
    for line in told:
        if line["what"] == "page" or (line["what"] == "answered" and line["said"] != before):
            if line["what"] == "answered":
                found.append(line)
            before = line["said"]
    return found
