"""Folders without Qt: a real library, queries that run at once, and a watcher that the test speaks for."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from gui_sounds import write_tone

from bowerbird.base.errors import BowerbirdError
from bowerbird.catalogue.records import Folder, FolderState
from bowerbird.domain.events import FolderListed
from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.gui.browse.edits_presenter import EditsPresenter
from bowerbird.gui.browse.folders_presenter import FoldersChanged, FoldersPresenter, RelinkOffer
from bowerbird.jobs.control import Control
from bowerbird.library.annotations.history import History
from bowerbird.library.folders import watch
from bowerbird.library.indexing.index import index_folders
from bowerbird.library.library import Library


class AtOnce:
    """Runs queries in the test's thread."""

    def run(
        self, name: str, work: Callable[[], Any], *, done: Callable[[Any], None], failed: Callable[[str], None]
    ) -> None:
        try:
            result = work()
        except BowerbirdError as error:
            failed(str(error))
        else:
            done(result)


class FakeView:
    def __init__(self) -> None:
        self.states: list[FolderState] = []
        self.offer: RelinkOffer | None = None
        self.news: list[str] = []
        self.complaints: list[str] = []

    def show_folder_states(self, states: Sequence[FolderState]) -> None:
        self.states = list(states)

    def show_relink(self, offer: RelinkOffer | None) -> None:
        self.offer = offer

    def show_news(self, sentence: str) -> None:
        self.news.append(sentence)

    def complain(self, sentence: str) -> None:
        self.complaints.append(sentence)

    def show_undo(self, undo: str | None, redo: str | None) -> None:
        pass


class FakeIndexing:
    def __init__(self) -> None:
        self.is_running = self.is_held = False
        self.added: list[Path] = []
        self.updated: list[Path] = []
        self.n_rescans = 0

    def add(self, folders: Sequence[Path]) -> None:
        self.added += folders

    def update(self, directories: Sequence[Path]) -> None:
        self.updated += directories

    def rescan(self) -> None:
        self.n_rescans += 1


class FakeWatcher:
    def __init__(self, folders: Sequence[Folder], changed: Callable[[list[Path]], None]) -> None:
        self.paths = [folder.path for folder in folders]
        self.changed = changed
        self.is_running = False

    def start(self) -> None:
        self.is_running = True

    def stop(self) -> None:
        self.is_running = False


def index(library: Library, *folders: Path) -> None:
    index_folders(
        library,
        folders,
        encoder=encoder_named(DEFAULT_ENCODER),
        control=Control(),
        post=lambda _: None,
        n_workers=1,
    )


class Desk:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.library = Library.open(root / "library")
        self.view, self.indexing, self.watchers = FakeView(), FakeIndexing(), list[FakeWatcher]()
        self.left: list[Folder] = []
        self.events: list[object] = []
        self.local = True
        edits = EditsPresenter(self.view, AtOnce(), History(self.library), changed=lambda: None)
        self.edits = edits
        self.presenter = FoldersPresenter(
            self.view,
            self.library,
            AtOnce(),
            indexing=self.indexing,
            edits=edits,
            post=self.events.append,
            leave=self.left.append,
            is_local=lambda _: self.local,
            make_watcher=self.watch,
        )
        self.presenter.refresh()

    def watch(self, library: Library, folders: Sequence[Folder], changed: Callable[[list[Path]], None]) -> FakeWatcher:
        self.watchers.append(FakeWatcher(folders, changed))
        return self.watchers[-1]

    @property
    def watched(self) -> list[Path]:
        """What is being watched."""
        return [path for watcher in self.watchers if watcher.is_running for path in watcher.paths]

    @property
    def foley(self) -> Folder:
        return next(folder for folder in self.library.folders() if folder.path.name.startswith("Foley"))


@pytest.fixture(scope="module")
def indexed_foley(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of one folder, to be copied; its paths are replaced by relinking."""
    root = tmp_path_factory.mktemp("foley")
    for number in range(4):
        write_tone(root / "Foley" / "Steps" / f"step {number}.wav", 200 + 30 * number, duration_s=0.2)
    index(Library.open(root / "library"), root / "Foley")
    return root


@pytest.fixture
def desk(indexed_foley: Path) -> "Any":
    """A desk on a library that each test gets anew, at the same path."""
    kept = indexed_foley.with_name("kept")
    if not kept.exists():
        shutil.copytree(indexed_foley, kept)
    shutil.rmtree(indexed_foley)
    shutil.copytree(kept, indexed_foley)
    desk = Desk(indexed_foley)
    yield desk
    desk.presenter.close()


def test_a_drive_that_goes_and_returns_is_noticed_while_the_program_runs(desk: Desk):
    assert [state.is_connected for state in desk.view.states] == [True]
    desk.presenter.look()
    assert desk.view.news == []
    (desk.root / "Foley").rename(desk.root / "unplugged")
    desk.presenter.look()
    assert [state.is_connected for state in desk.view.states] == [False]
    assert desk.view.news == ["“Foley” is not connected. Its sounds stay in the library."]
    (desk.root / "unplugged").rename(desk.root / "Foley")
    desk.presenter.look()
    assert desk.view.news[-1] == "“Foley” is connected again."


def test_watching_follows_the_setting_and_stops_on_close(desk: Desk):
    assert desk.watched == []
    desk.presenter.set_watched(desk.foley, is_watched=True)
    assert desk.watched == [desk.root / "Foley"]
    assert desk.indexing.updated == [desk.root / "Foley"], "what has changed before"
    desk.presenter.refresh()
    assert len(desk.watchers) == 1, "it is not restarted needlessly"
    desk.presenter.set_watched(desk.foley, is_watched=False)
    assert desk.watched == []
    desk.presenter.set_watched(desk.foley, is_watched=True)
    desk.presenter.close()
    assert desk.watched == []


def test_changed_directories_are_indexed_quietly(desk: Desk):
    desk.presenter.set_watched(desk.foley, is_watched=True)
    desk.indexing.updated.clear()
    desk.watchers[-1].changed([desk.root / "Foley" / "Steps"])
    assert desk.events == [FoldersChanged((desk.root / "Foley" / "Steps",))]
    desk.presenter.handle(desk.events[0])
    assert desk.indexing.updated == [desk.root / "Foley" / "Steps"]


def test_a_folder_that_is_added_is_watched_from_its_first_scan_on(desk: Desk):
    new = desk.root / "New"
    write_tone(new / "a.wav", 300, duration_s=0.2)
    desk.presenter.add([new])
    assert desk.indexing.added == [new]
    index(desk.library, new)
    desk.presenter.handle(FolderListed(str(new), 1, 1, 0, 0, 0))
    assert desk.watched == [new]
    desk.presenter.handle(FolderListed(str(desk.root / "Foley"), 4, 0, 0, 0, 0))
    assert desk.watched == [new], "a scan alone changes nothing"


def test_a_folder_on_another_computer_is_not_watched_by_itself(desk: Desk):
    desk.local = False
    new = desk.root / "Share"
    write_tone(new / "a.wav", 300, duration_s=0.2)
    desk.presenter.add([new])
    index(desk.library, new)
    desk.presenter.handle(FolderListed(str(new), 1, 1, 0, 0, 0))
    assert desk.watched == []


def test_a_folder_that_is_added_again_keeps_its_setting(desk: Desk):
    desk.presenter.add([desk.root / "Foley"])
    desk.presenter.handle(FolderListed(str(desk.root / "Foley"), 4, 0, 0, 0, 0))
    assert desk.indexing.added == [desk.root / "Foley"]
    assert desk.watched == []


def test_a_folder_that_has_moved_is_offered_instead_of_added_twice(desk: Desk):
    moved = desk.root / "media" / "Foley 2"
    moved.parent.mkdir()
    (desk.root / "Foley").rename(moved)
    desk.presenter.add([moved])
    assert desk.indexing.added == []
    assert desk.view.offer is not None
    assert desk.view.offer.text == f"“Foley” seems to be at {moved} now."
    former = desk.foley
    desk.presenter.accept_relink()
    assert desk.view.offer is None
    assert desk.view.news == [f"“Foley” is at {moved} now."]
    assert [folder.path for folder in desk.library.folders()] == [moved]
    assert desk.foley.id == former.id
    assert desk.indexing.added == [moved]
    assert desk.left == [former], "its directories have other names now"


def test_the_offer_can_be_declined_or_dismissed(desk: Desk):
    moved = desk.root / "moved"
    (desk.root / "Foley").rename(moved)
    desk.presenter.add([moved])
    desk.presenter.dismiss_relink()
    assert (desk.view.offer, desk.indexing.added) == (None, [])
    desk.presenter.add([moved])
    desk.presenter.add_anyway()
    assert (desk.view.offer, desk.indexing.added) == (None, [moved])


def test_a_folder_is_not_relinked_to_where_none_of_its_sounds_is(desk: Desk):
    (desk.root / "Foley").rename(desk.root / "moved")
    (desk.root / "Other").mkdir()
    desk.presenter.relink(desk.foley, desk.root / "Other")
    assert desk.view.complaints == [
        f"{desk.root / 'Other'} has none of the sounds of “Foley”. Choose the folder that has them."
    ]
    assert desk.foley.path == desk.root / "Foley"


def test_a_folder_is_not_relinked_during_analysis(desk: Desk):
    desk.indexing.is_running = True
    desk.presenter.relink(desk.foley, desk.root / "Other")
    assert desk.view.complaints[0].startswith("Folders cannot be relinked during analysis.")


def test_a_folder_that_is_away_is_not_scanned_and_the_way_out_is_named(desk: Desk):
    desk.presenter.rescan(desk.foley, desk.root / "Foley" / "Steps")
    assert desk.indexing.added == [desk.root / "Foley" / "Steps"]
    (desk.root / "Foley").rename(desk.root / "moved")
    desk.presenter.refresh()
    desk.presenter.rescan(desk.foley, desk.root / "Foley")
    assert desk.view.complaints == ["“Foley” is not connected. Connect its drive, or locate the folder."]


def test_missing_sounds_of_one_folder_are_forgotten_and_brought_back(desk: Desk):
    write_tone(desk.root / "Other" / "a.wav", 900, duration_s=0.2)
    index(desk.library, desk.root / "Other")
    for path in (desk.root / "Other" / "a.wav", desk.root / "Foley" / "Steps" / "step 1.wav"):
        path.unlink()
    index(desk.library)
    desk.presenter.refresh()
    desk.presenter.forget_missing(desk.foley)
    assert desk.view.news == ["1 missing sound forgotten. Undo brings them back."]
    desk.presenter.refresh()
    assert {state.folder.path.name: state.n_missing for state in desk.view.states} == {"Foley": 0, "Other": 1}
    desk.edits.undo()
    desk.presenter.refresh()
    assert {state.folder.path.name: state.n_missing for state in desk.view.states} == {"Foley": 1, "Other": 1}


def test_ignored_names_take_effect_at_once_and_reach_the_watcher(desk: Desk):
    watch(desk.library, desk.foley, is_watched=True)
    desk.presenter.refresh()
    desk.presenter.ignore(["*.bak", "Renders"])
    with desk.library.read() as reader:
        assert reader.ignored_patterns() == ["*.bak", "Renders"]
    assert desk.indexing.n_rescans == 1
    assert [watcher.is_running for watcher in desk.watchers] == [False, True]
    desk.presenter.ignore(["*.bak", "Renders"])
    assert desk.indexing.n_rescans == 1
    desk.presenter.ignore(["*"])
    assert "is not a valid pattern" in desk.view.complaints[0]
    desk.indexing.is_held = True
    desk.presenter.ignore([])
    assert desk.indexing.n_rescans == 1, "the user has stopped the analysis"
