"""The systems to choose from, as rows with a checkbox: encoders, their variants, imported rankings, random order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bowerbird.gui.translation import translate
from bowerbird.listening.study import System
from bowerbird.listening.systems.choices import EncoderChoice, SystemChoices


@dataclass(frozen=True, slots=True)
class SystemRow:
    """A system to choose.

    Attributes
    ----------
    key : int
        Stays the same when the row changes.
    system : System
    is_checked : bool
    is_variant : bool
        Whether it can be edited and removed.
    description : str
    problem : str or None
        Why it cannot be used.
    is_available : bool
        False when it cannot rank the kind of queries that were chosen.
    aspects : tuple of str
        Aspects that can have weights.
    max_components : int
    """

    key: int
    system: System
    is_checked: bool
    is_variant: bool = False
    description: str = ""
    problem: str | None = None
    is_available: bool = True
    aspects: tuple[str, ...] = ()
    max_components: int = 0


class SystemList:
    """An editable list of systems.

    Parameters
    ----------
    choices : SystemChoices
        The encoders of the library.
    checked : sequence of System, optional
        Those of a design; the default ones if None.
    has_random : bool
        Whether random order is checked by default.
    """

    def __init__(
        self, choices: SystemChoices, checked: Sequence[System] | None = None, *, has_random: bool = True
    ) -> None:
        self._choices = choices
        self._n_added = 0
        self._has_words = False
        self._rows: list[SystemRow] = []
        for index, encoder in enumerate(choices.encoders):
            is_default = index == 0 or encoder.name == "acoustic" or not has_random
            self._add(System(encoder.name, encoder=encoder.name), is_checked=is_default and checked is None)
        self._add(System("random", kind="random"), is_checked=has_random and checked is None)
        for system in checked or ():
            row = next((row for row in self._rows if row.system == system), None)
            if row is not None:
                self._set(row.key, is_checked=True)
            else:
                self._move_below_encoder(self._add(system, is_checked=True, is_variant=True))

    @property
    def rows(self) -> tuple[SystemRow, ...]:
        """All rows, with their current problems."""
        names = [row.system.name for row in self._rows]
        return tuple(self._checked_row(row, is_duplicate=names.count(row.system.name) > 1) for row in self._rows)

    @property
    def selected(self) -> tuple[System, ...]:
        """The systems that are compared."""
        return tuple(row.system for row in self.rows if row.is_checked and row.is_available)

    @property
    def has_problem(self) -> bool:
        """Whether a selected system cannot be used."""
        return any(row.is_checked and row.is_available and row.problem for row in self.rows)

    def set_query_kind(self, *, has_words: bool) -> None:
        """Set whether queries are in words, which not every encoder can search by."""
        self._has_words = has_words

    def check(self, key: int, *, is_checked: bool) -> None:
        """Select or deselect a system."""
        self._set(key, is_checked=is_checked)

    def add_variant(self, key: int) -> None:
        """Add a variant of an encoder below it."""
        row = self._row(key)
        encoder = self._choices.encoder(row.system.encoder)
        n_components = min(100, self._max_components(encoder) // 2) if encoder is not None else 0
        variant = System("", encoder=row.system.encoder, n_components=n_components)
        variant = replace(variant, name=self._free(name_of(variant)))
        self._move_below_encoder(self._add(variant, is_checked=True, is_variant=True))

    def add_ranking(self, path: Path) -> None:
        """Add a file of rankings."""
        stem = "".join(letter if letter.isalnum() or letter in "-_.+@" else "-" for letter in path.stem)
        name = self._free((stem.strip("-._") or "ranking")[:60])
        self._add(System(name, kind="ranking", ranking=str(path)), is_checked=True, is_variant=True)

    def change(self, key: int, system: System) -> None:
        """Change a variant; its name follows until the user edits it."""
        before = self._row(key).system
        if system.name == before.name and system.kind == "encoder" and before.name.startswith(name_of(before)):
            self._set(key, system=replace(system, name=""))
            system = replace(system, name=self._free(name_of(system)))
        self._set(key, system=system)

    def remove(self, key: int) -> None:
        """Remove a variant."""
        self._rows = [row for row in self._rows if row.key != key or not row.is_variant]

    def _add(self, system: System, *, is_checked: bool, is_variant: bool = False) -> SystemRow:
        self._n_added += 1
        encoder = self._choices.encoder(system.encoder)
        row = SystemRow(
            self._n_added,
            system,
            is_checked,
            is_variant,
            aspects=encoder.aspects if encoder is not None else (),
            max_components=self._max_components(encoder),
        )
        self._rows.append(row)
        return row

    def _move_below_encoder(self, added: SystemRow) -> None:
        """Move the last row below the other rows of its encoder."""
        indices = [index for index, row in enumerate(self._rows[:-1]) if row.system.encoder == added.system.encoder]
        if indices and added.system.kind == "encoder":
            self._rows.insert(indices[-1] + 1, self._rows.pop())

    def _max_components(self, encoder: EncoderChoice | None) -> int:
        return min(encoder.n_dims, self._choices.n_sounds) if encoder is not None else 0

    def _row(self, key: int) -> SystemRow:
        return next(row for row in self._rows if row.key == key)

    def _set(self, key: int, *, system: System | None = None, is_checked: bool | None = None) -> None:
        for index, row in enumerate(self._rows):
            if row.key == key:
                self._rows[index] = replace(
                    row,
                    system=row.system if system is None else system,
                    is_checked=row.is_checked if is_checked is None else is_checked,
                )

    def _free(self, name: str) -> str:
        names, number, free = {row.system.name for row in self._rows}, 2, name
        while free in names:
            free, number = f"{name}-{number}", number + 1
        return free

    def _checked_row(self, row: SystemRow, *, is_duplicate: bool) -> SystemRow:
        system = row.system
        encoder = self._choices.encoder(system.encoder)
        problem, is_available = None, True
        if system.kind == "encoder" and encoder is None:
            problem, is_available = translate("New study", "The library has no embeddings of this encoder."), False
        elif encoder is not None and self._has_words and not encoder.has_text:
            problem, is_available = translate("New study", "Cannot search by words."), False
        elif is_duplicate:
            problem = translate("New study", "Another system has this name. Choose a different name.")
        elif encoder is not None and system.n_components > row.max_components:
            text = translate("New study", "At most {n} components are possible. Keep fewer.")
            problem = text.format(n=f"{row.max_components:,}")
        elif unknown := [name for name in system.aspects if name not in row.aspects]:
            known = ", ".join(row.aspects) or translate("New study", "none")
            text = translate("New study", "“{name}” is not an aspect of this encoder. Its aspects: {known}.")
            problem = text.format(name=unknown[0], known=known)
        return replace(row, description=description_of(system), problem=problem, is_available=is_available)


def description_of(system: System) -> str:
    """Return what a system is, in words."""
    if system.kind == "random":
        return translate("New study", "Random order, as a baseline")
    if system.kind == "ranking":
        return translate("New study", "Rankings in {file}").format(file=Path(system.ranking).name)
    parts = []
    if system.n_components:
        parts.append(translate("New study", "{n} components").format(n=f"{system.n_components:,}"))
    if system.search == "inner_product":
        parts.append(translate("New study", "inner product"))
    elif system.search == "nearest":
        parts.append(translate("New study", "nearest neighbour"))
    parts += [f"{name} × {weight:g}" for name, weight in system.aspects.items()]
    return ", ".join(parts)


def name_of(system: System) -> str:
    """Return the default name of a variant: ear-pca100-nearest."""
    parts = [system.encoder]
    if system.n_components:
        parts.append(f"pca{system.n_components}")
    if system.search != "cosine":
        parts.append(system.search.replace("_product", ""))
    parts += [f"{name}{weight:g}" for name, weight in system.aspects.items()]
    return "-".join(parts)[:60]


def parse_aspects(text: str) -> dict[str, float] | None:
    """Read weights in the form ``timbre=2, pitch=0.5``; None when the text is not valid."""
    found = {}
    for part in text.replace(";", ",").split(","):
        name, _, value = part.partition("=")
        if not part.strip():
            continue
        try:
            weight = float(value)
        except ValueError:
            return None
        if not 0.0 <= weight < 1e6:
            return None
        found[name.strip()] = weight
    return found


def aspects_text(aspects: Mapping[str, float]) -> str:
    """Return weights in the form that `parse_aspects` reads."""
    return ", ".join(f"{name}={weight:g}" for name, weight in aspects.items())
