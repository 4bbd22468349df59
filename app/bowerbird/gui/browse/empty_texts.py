"""What is said where there are no rows: one sentence, and the actions that lead on. No Qt."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from bowerbird.catalogue.records import FolderState
from bowerbird.gui.browse.browsing_presenter import ListState
from bowerbird.gui.browse.folders_presenter import away_text
from bowerbird.gui.translation import translate

EmptyAction: TypeAlias = Literal["add_folder", "add_demo", "locate", "resume", "show_rejected", "clear"]


@dataclass(frozen=True, slots=True)
class EmptyText:
    """What stands in place of rows.

    Attributes
    ----------
    sentence : str
    details : tuple of str
        Further sentences below it.
    actions : tuple of EmptyAction
        The first is the default.
    has_relaxations : bool
        Whether less restrictive queries are offered as well.
    """

    sentence: str
    details: tuple[str, ...] = ()
    actions: tuple[EmptyAction, ...] = ()
    has_relaxations: bool = False


def first_start() -> EmptyText:
    """Return what an empty library says."""
    return EmptyText(
        translate("Empty", "Find sounds by how they sound, by description or by name."),
        (
            translate("Empty", "Everything stays on this computer."),
            translate("Empty", "Analysis runs in the background and can be paused at any time."),
        ),
        ("add_folder", "add_demo"),
    )


def empty_text(
    state: ListState,
    *,
    has_folders: bool,
    selected: FolderState | None,
    states: Sequence[FolderState],
    is_indexing: bool,
    is_unfinished: bool,
    has_rejected: bool,
) -> EmptyText:
    """Return what stands in place of an empty list.

    Parameters
    ----------
    state : ListState
    has_folders : bool
        Whether the library has a folder.
    selected : FolderState or None
        Of the selected folder.
    states : sequence of FolderState
        Of every folder, as far as they are known.
    is_indexing : bool
        Whether an analysis is in progress.
    is_unfinished : bool
        Whether the user has stopped one.
    has_rejected : bool
        Whether there are sounds that cannot be used.
    """
    listing = state.listing
    if not listing.n_library and is_indexing:
        return EmptyText(translate("Empty", "Looking for sounds"))
    if not has_folders:
        return first_start()
    away = selected if listing.n_library else next((each for each in states if not each.is_connected), None)
    if away is not None and not away.is_connected:
        return EmptyText(away_text(away.folder), actions=("locate",))
    if not listing.n_library:
        actions: tuple[EmptyAction, ...] = ("add_folder", "show_rejected") if has_rejected else ("add_folder",)
        return EmptyText(translate("Empty", "There are no sounds in your folders that can be played."), actions=actions)
    if state.examples and listing.n_analysed == 0:
        return EmptyText(state.advice, actions=("resume",) if is_unfinished else ())
    actions = () if listing.relaxations or not state.is_restricted else ("clear",)
    return EmptyText(state.advice, actions=actions, has_relaxations=True)
