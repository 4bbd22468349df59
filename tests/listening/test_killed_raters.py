"""A rater whose program is killed on a page resumes it with every acknowledged response."""

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
    """The process of a rater, and its output."""

    def __init__(self, folder: Path, seed: int) -> None:
        env = os.environ | {"PYTHONPATH": str(TESTS.parent / "app")}
        self._process = subprocess.Popen(
            [sys.executable, PROGRAM, folder, str(seed)], env=env, stdout=subprocess.PIPE, text=True
        )
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._thread = threading.Thread(target=self._read, name="lines of a child")
        self._thread.start()
        self.lines: list[dict[str, Any]] = []

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def next(self, *, timeout_s: float = TIMEOUT_S) -> dict[str, Any] | None:
        """Return the next line, None at the end."""
        line = self._lines.get(timeout=timeout_s)
        if line is None or not line.endswith("\n"):  # half a line was not acknowledged
            return None
        self.lines.append(json.loads(line))
        return self.lines[-1]

    def kill_after(self, seconds: float) -> None:
        """Kill the process after a while, and read the rest of its output."""
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
    for child in started:
        child.close()


def last_of(lines: list[dict[str, Any]], what: str) -> dict[str, Any] | None:
    return next((line for line in reversed(lines) if line["what"] == what), None)


def since_page(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the lines since the last page was opened."""
    return lines[max(index for index, line in enumerate(lines) if line["what"] == "page") :]


def test_twenty_kills_lose_no_response_and_no_page(folder: StudyFolder, children: list[Child]):
    moments = random.Random(7)
    n_in_pages, before = 0, None
    for number in range(20):
        child = Child(folder.path, seed=number)
        children.append(child)
        opened = child.next()
        assert opened is not None
        if before is not None:
            is_same = check_resumed(before, opened)
            n_in_pages += is_same and bool(before["responses"])
        child.kill_after(moments.uniform(0.02, 0.35))
        assert last_of(child.lines, "done") is None, "the study was too short"
        page = last_of(child.lines, "page")
        since = since_page(child.lines)
        answered = last_of(since, "answered")
        before = {
            "page": page,
            "responses": answered["responses"] if answered else page["responses"],
            "n_answers": sum(line["what"] == "answered" for line in since),
            "played": {line["position"] for line in since if line["what"] == "played"},
            "is_completed": last_of(since, "completed") is not None,
        }
    assert n_in_pages >= 15, "too few kills within pages"
    check_stored(folder, children)


def check_resumed(before: dict[str, Any], opened: dict[str, Any]) -> bool:
    """Check page, order and responses. A response that was not acknowledged yet may also be on disk."""
    page = before["page"]
    if opened["page"] != page["page"]:
        assert opened["page"] > page["page"]
        assert opened["n_done"] == page["n_done"] + 1
        return False  # completed, acknowledged or not
    assert not before["is_completed"], "a completed page came back"
    assert opened["order"] == page["order"]
    differing = [pair for pair in zip(opened["responses"], before["responses"], strict=True) if pair[0] != pair[1]]
    assert len(differing) <= 1, (opened["responses"], before["responses"])
    shares = opened["shares"]
    assert all(shares[0 if position is None else 1 + position] == 1.0 for position in before["played"])
    return True


def check_stored(folder: StudyFolder, children: list[Child]) -> None:
    """Check that every acknowledged response is a row, revisions have no gap, and pages have their planned order."""
    with ResponseStore(folder.path) as file:
        answers = file.responses()
    (rater,) = answers.raters
    n_acknowledged = sum(
        line["what"] == "answered" and line["act"] != "undo" for child in children for line in changed(child.lines)
    )
    assert len(answers.ratings) >= n_acknowledged
    revisions: dict[tuple[int, str], list[int]] = {}
    for rating in answers.ratings:
        revisions.setdefault((rating.page, rating.item_id), []).append(rating.revision)
    assert all(revision == list(range(len(revision))) for revision in revisions.values())
    pages = plan_pages(folder.study, rater_number=rater.number)
    shown = {line["page"]: line["order"] for child in children for line in child.lines if line["what"] == "page"}
    assert all(order == [slot.item_id for slot in pages[page].slots] for page, order in shown.items())


def changed(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the responses that changed something; repeating a response writes nothing."""
    before, found = None, []
    for line in lines:
        if line["what"] == "page" or (line["what"] == "answered" and line["responses"] != before):
            if line["what"] == "answered":
                found.append(line)
            before = line["responses"]
    return found
