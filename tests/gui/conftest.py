"""Fixtures of the window's tests: sounds that were made and indexed once, windows that are closed after each test."""

import gc
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from gui_player import FakePlayer
from gui_rating import Seat
from gui_sounds import EVERY, make_sounds

from bowerbird.base import paths
from bowerbird.base.settings import load_settings
from bowerbird.catalogue.sqlite.writer import SqliteWriter
from bowerbird.encoders.registry import ACOUSTIC_ENCODER, DEFAULT_ENCODER, encoder_named
from bowerbird.jobs.control import Control
from bowerbird.library.encoders.choice import choose_encoder
from bowerbird.library.indexing.index import index_folders
from bowerbird.library.library import Library
from listening_stage import sample_study

with suppress(ImportError):  # without Qt the presenters are still tested
    from gui_stage import Stage
    from PySide6.QtWidgets import QApplication

    from bowerbird.gui.shell import application


@pytest.fixture(scope="session")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of sounds; whoever changes it copies it first."""
    return make_sounds(tmp_path_factory.mktemp("given") / "Sounds")


@pytest.fixture(scope="session")
def indexed(tmp_path_factory: pytest.TempPathFactory, sounds: Path) -> Path:
    """A library that holds them."""
    library = tmp_path_factory.mktemp("indexed") / "library"
    index_folders(
        Library.open(library),
        [sounds],
        encoder=encoder_named(DEFAULT_ENCODER),
        further=encoder_named(ACOUSTIC_ENCODER),
        control=Control(),
        post=lambda _: None,
        n_workers=2,
    )
    with SqliteWriter(library) as catalogue:  # both heard everything; whoever wants the other chooses it
        for role in ("wanted", "searched"):
            catalogue.set_encoder(role, DEFAULT_ENCODER)
    return library


@pytest.fixture(autouse=True)
def _isolated_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOWERBIRD_HOME", str(tmp_path / "home"))


def top_level_widgets() -> list[Any]:
    widgets = sys.modules.get("PySide6.QtWidgets")
    if widgets is None or widgets.QApplication.instance() is None:
        return []
    return list(widgets.QApplication.topLevelWidgets())


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    """No thread and no window outlives its test."""
    of_others = top_level_widgets()  # a test that failed keeps its own
    yield
    leaked = [thread.name for thread in threading.enumerate() if thread.name.startswith("bowerbird-")]
    assert not leaked, leaked
    gc.collect()
    assert not [widget for widget in top_level_widgets() if widget not in of_others]


@pytest.fixture
def open_window(
    qtbot: Any, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, _nothing_is_left: None
) -> "Iterator[Callable[..., Stage]]":
    """Make the window's opener: as the program does it, with a player that is heard nowhere."""
    monkeypatch.setattr(application, "Player", FakePlayer)
    QApplication.setStyle("Fusion")
    opened: list[Stage] = []

    def open_it(*, folders: tuple[Path, ...] = (), size: tuple[int, int] = (1200, 760)) -> "Stage":
        program = application.Application(
            Library.open(paths.library_path()), load_settings(paths.settings_path()), encoder_named(DEFAULT_ENCODER)
        )
        stage = Stage(qtbot, program)
        opened.append(stage)
        if not paths.settings_path().exists():
            stage.window.resize(*size)
        program.start(folders)
        stage.until(stage.window.isVisible)
        stage.until_active()
        stage.settle()
        return stage

    yield open_it
    for stage in reversed(opened):
        stage.close()


@pytest.fixture
def stage(indexed: Path, open_window: "Callable[..., Stage]") -> "Stage":
    """A window on the given sounds, every one of them listed."""
    shutil.copytree(indexed, paths.library_path())
    stage = open_window()
    stage.until_rows(EVERY)
    return stage


@pytest.fixture
def deaf_to_words(indexed: Path, open_window: "Callable[..., Stage]") -> "Stage":
    """A window that searches by descriptors alone: words are looked for in names, and nowhere else."""
    shutil.copytree(indexed, paths.library_path())
    choose_encoder(Library.open(paths.library_path()), encoder_named(ACOUSTIC_ENCODER))
    stage = open_window()
    stage.until_rows(EVERY)
    return stage


@pytest.fixture
def seat_at(tmp_path: Path) -> Iterator[Callable[..., Seat]]:
    """Let people sit down at a study: a new one, or that of somebody else."""
    seats: list[Seat] = []

    def sit(*, pseudonym: str | None = None, again: Seat | None = None, **changes: object) -> Seat:
        folder = again.folder if again is not None else sample_study(tmp_path / f"study{len(seats)}", **changes)
        seats.append(Seat(folder, pseudonym=pseudonym))
        return seats[-1]

    yield sit
    for seat in seats:
        seat.leave()
