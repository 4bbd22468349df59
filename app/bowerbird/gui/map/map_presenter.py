"""The map of the library: what it shows of the list, how it is coloured, and when its layout is computed. No Qt."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol, TypeAlias

import numpy as np

from bowerbird.domain.matches import WEAK_PERCENTILE, Match
from bowerbird.encoders.protocol import Encoder
from bowerbird.gui.map.map_state import (
    Colouring,
    Ids,
    MapPoints,
    Mask,
    branches,
    group_levels,
    ramp_levels,
)
from bowerbird.gui.queries import Queries
from bowerbird.gui.translation import translate
from bowerbird.jobs.progress import Progress
from bowerbird.jobs.runner import JobRunner
from bowerbird.library.library import Library
from bowerbird.library.map.computing import update_layout
from bowerbird.library.map.layout import LibraryMap, read_map

ColourBy: TypeAlias = str
"""One of `COLOURS`, or `ASPECT` and the name of an aspect."""

ASPECT: Final = "aspect "
DEFAULT_COLOUR: Final = "folder"
COLOURS: Final[tuple[ColourBy, ...]] = ("similarity", "folder", "category", "tag", "length", "loudness")

_QUIET_LUFS: Final = -48.0
_LOUD_LUFS: Final = -9.0
_SHORT_S: Final = 0.1
_LONG_S: Final = 60.0
_BY_NAME_LEVEL: Final = 255


@dataclass(frozen=True, slots=True)
class MapMessage:
    """What is shown instead of points.

    Attributes
    ----------
    sentence : str
    share : float or None
        How much of the work is done; None where none is.
    """

    sentence: str
    share: float | None = None


class MapShower(Protocol):
    """What the presenter needs of the map."""

    def show_points(self, points: MapPoints, colouring: Colouring, *, example_ids: Sequence[int]) -> None:
        """Show points."""

    def show_message(self, message: MapMessage) -> None:
        """Show a sentence instead of points."""

    def show_summary(self, text: str) -> None:
        """Show the number of sounds."""

    def show_colours(self, choices: Sequence[ColourBy], chosen: ColourBy) -> None:
        """Show by what points can be coloured, and by what they are."""

    def complain(self, sentence: str) -> None:
        """Show an error."""


class MapPresenter:
    """Shows the list's sounds on the map, and computes the map in the background.

    Parameters
    ----------
    view : MapShower
    library : Library
    encoder : Encoder
        That the library is searched with.
    queries : Queries
        A thread that reads the map.
    post : callable
        Carries events to `handle` in the window's thread.
    is_indexing : callable
        Returns whether sounds are being analysed: a layout is computed after that.
    colour_by : str
        One of `COLOURS`: by what points are coloured where the list is not ranked by similarity.
    """

    def __init__(
        self,
        view: MapShower,
        library: Library,
        encoder: Encoder,
        *,
        queries: Queries,
        post: Callable[[object], None],
        is_indexing: Callable[[], bool] = lambda: False,
        colour_by: ColourBy = DEFAULT_COLOUR,
    ) -> None:
        self._view = view
        self._library = library
        self._encoder = encoder
        self._queries = queries
        self._is_indexing = is_indexing
        self._runner = JobRunner(post, name="map")
        self._is_visible = False
        self._map: LibraryMap | None = None
        self._listed: Ids = np.zeros(0, np.int64)
        self._matches: Mapping[int, Match] = {}
        self._has_matches = False
        self._examples: tuple[int, ...] = ()
        self._colour_of_list: ColourBy = colour_by
        self._colour_of_matches: ColourBy = "similarity"
        self._share: float | None = None
        self._failure: str | None = None

    @property
    def runner(self) -> JobRunner:
        """What computes the layout."""
        return self._runner

    @property
    def colour_by(self) -> ColourBy:
        """By what points are coloured."""
        return self._colour_of_matches if self._has_matches else self._colour_of_list

    @property
    def colour_of_list(self) -> ColourBy:
        """By what points are coloured where the list is not ranked by similarity."""
        return self._colour_of_list

    def set_visible(self, *, is_visible: bool) -> None:
        """Show the map, or stop reading it; a layout that is being computed is finished."""
        self._is_visible = is_visible
        if is_visible:
            self._failure = None
            self._read()

    def use(self, encoder: Encoder) -> None:
        """Show the map of another encoder."""
        if encoder.id == self._encoder.id:
            return
        self._encoder = encoder
        self._map = None
        self._failure = None
        self._runner.cancel()
        self._read()

    def library_changed(self) -> None:
        """Read the map again."""
        self._read()

    def list_changed(
        self, ids: Ids, matches: Mapping[int, Match], *, has_matches: bool, example_ids: Sequence[int] = ()
    ) -> None:
        """Show which sounds are in the list.

        Parameters
        ----------
        ids : ndarray, shape (n,), int64
        matches : mapping of int to Match
        has_matches : bool
            Whether the list is ranked by similarity.
        example_ids : sequence of int
            The sounds that it is similar to.
        """
        self._listed, self._matches, self._has_matches = ids, matches, has_matches
        self._examples = tuple(example_ids)
        if self._is_visible:
            self._show()

    def choose_colour(self, colour: ColourBy) -> None:
        """Colour the points by something else; ranked and other lists have a choice each."""
        if self._has_matches:
            self._colour_of_matches = colour
        else:
            self._colour_of_list = colour
        self._show()

    def handle(self, event: object) -> None:
        """Take an event, in the window's thread."""
        self._runner.handle(event)

    def close(self) -> None:
        """End the job."""
        self._runner.close()

    def _read(self) -> None:
        if self._is_visible:
            work = partial(read_map, self._library, self._encoder.id)
            self._queries.run("map", work, done=partial(self._was_read, self._encoder.id), failed=self._view.complain)

    def _was_read(self, encoder_id: str, made: LibraryMap) -> None:
        if encoder_id != self._encoder.id:
            return
        self._map = made
        if not made.is_current and self._failure is None and not self._is_indexing():
            self._runner.start(
                "Computing the map",
                partial(update_layout, self._library, self._encoder),
                progressed=self._progressed,
                ended=partial(self._ended, encoder_id),
            )
        self._show()

    def _progressed(self, progress: Progress) -> None:
        self._share = progress.share
        if self._map is None or not self._map.has_layout:
            self._show()

    def _ended(self, encoder_id: str, _result: object, error: str | None) -> None:
        self._share = None
        if error is not None and encoder_id == self._encoder.id:
            self._failure = error
            self._view.complain(error)
            self._show()
        else:
            self._read()

    # What is shown

    def _show(self) -> None:
        made = self._map
        if not self._is_visible or made is None:
            return
        message = self._message(made)
        if message is not None:
            self._view.show_message(message)
            self._view.show_summary("")
            return
        is_placed = ~np.isnan(made.positions[:, 0])
        ids = made.sounds.ids[is_placed]
        in_result = np.isin(ids, self._listed)
        points = MapPoints(ids, made.positions[is_placed], in_result)
        choices = self._choices(made)
        chosen = self.colour_by if self.colour_by in choices else choices[0]
        self._view.show_colours(choices, chosen)
        self._view.show_points(points, self._colouring(made, chosen, is_placed), example_ids=self._examples)
        self._view.show_summary(self._summary(len(points), int(in_result.sum())))

    def _choices(self, made: LibraryMap) -> tuple[ColourBy, ...]:
        """Return by what points can be coloured: similarity and its aspects only where there is one."""
        lacking = set() if self._has_matches else {"similarity"}
        lacking |= set() if made.sounds.categories else {"category"}
        lacking |= set() if made.sounds.tags else {"tag"}
        first = next((match for match in self._matches.values() if match.aspects), None)
        aspects = [ASPECT + name for name, _ in first.aspects] if first is not None and self._has_matches else []
        choices = [name for name in COLOURS if name not in lacking]
        return (*choices[:1], *aspects, *choices[1:])

    def _message(self, made: LibraryMap) -> MapMessage | None:
        if made.has_layout and not np.isnan(made.positions).all():
            return None
        if self._failure is not None:
            return MapMessage(self._failure)
        if self._runner.is_running:
            return MapMessage(translate("Map", "The map is being computed"), self._share or 0.0)
        if self._is_indexing():
            return MapMessage(translate("Map", "The map will be computed when the analysis is finished"))
        return MapMessage(translate("Map", "Analyse sounds first"))

    def _summary(self, n_points: int, n_listed: int) -> str:
        is_all = n_listed == n_points
        text = translate("Map", "{n} sounds") if is_all else translate("Map", "{listed} of {n} sounds")
        n_missing = len(self._listed) - n_listed
        if n_missing > 0:
            text += " · " + translate("Map", "{missing} not on the map yet")
        return text.format(n=f"{n_points:,}", listed=f"{n_listed:,}", missing=f"{n_missing:,}")

    def _colouring(self, made: LibraryMap, colour: ColourBy, is_placed: Mask) -> Colouring:
        sounds = made.sounds
        match colour:
            case "similarity":
                shares = {
                    each.sound_id: each.percentile for each in self._matches.values() if each.percentile is not None
                }
                return self._ranked(made, shares, is_placed, lowest=WEAK_PERCENTILE)
            case "folder":
                numbers, names = branches(sounds.directories)
                of_sounds = numbers[sounds.directory_numbers][is_placed]
                return group_levels(of_sounds, names, other=translate("Map", "other folders"))
            case "category":
                of_sounds = sounds.category_numbers[is_placed]
                return group_levels(of_sounds, sounds.categories, other=translate("Map", "other or none"))
            case "tag":
                of_sounds = sounds.tag_numbers[is_placed]
                return group_levels(of_sounds, sounds.tags, other=translate("Map", "other or none"))
            case "length":
                length = np.log(np.maximum(sounds.durations_s, 1e-3))[is_placed].astype(np.float32)
                levels = ramp_levels(length, lowest=float(np.log(_SHORT_S)), highest=float(np.log(_LONG_S)))
                return Colouring("ramp", levels, ("0.1 s", translate("Map", "1 min")))
            case "loudness":
                levels = ramp_levels(sounds.lufs[is_placed], lowest=_QUIET_LUFS, highest=_LOUD_LUFS)
                return Colouring("ramp", levels, ("−48 LUFS", "−9 LUFS"))
            case _:
                aspect = colour.removeprefix(ASPECT)
                shares = {each.sound_id: dict(each.aspects).get(aspect, 0.0) for each in self._matches.values()}
                return self._ranked(made, shares, is_placed, lowest=0.0)

    def _ranked(self, made: LibraryMap, shares: dict[int, float], is_placed: Mask, *, lowest: float) -> Colouring:
        """Return the colours of sounds by their shares; others are at the upper end if listed, else at the lower.

        Parameters
        ----------
        made : LibraryMap
        shares : dict of int to float
            By sound id, up to 100.
        is_placed : ndarray, shape (n,), bool
            Which sounds of the map have a position.
        lowest : float
            The share at the lower end.
        """
        # There may be a hundred thousand matches by name, and few have a similarity.
        ids = made.sounds.ids
        levels = np.where(np.isin(ids, self._listed), _BY_NAME_LEVEL, 0).astype(np.uint8)
        ranked_ids = np.fromiter(shares, np.int64, len(shares))
        values = np.fromiter(shares.values(), np.float32, len(shares))
        rows = np.searchsorted(ids, ranked_ids)
        is_known = ids[np.minimum(rows, len(ids) - 1)] == ranked_ids
        levels[rows[is_known]] = ramp_levels(values[is_known], lowest=lowest, highest=100.0)
        return Colouring(
            "ramp", levels[is_placed], (translate("Map", "less similar"), translate("Map", "more similar"))
        )
