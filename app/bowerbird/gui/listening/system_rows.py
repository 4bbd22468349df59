"""The systems that may be compared, as lines with a tick: encoders, their variants, files of rankings, chance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bowerbird.listening.study import System
from bowerbird.listening.systems.choices import EncoderChoice, SystemChoices

_SEARCHES: Mapping[str, str] = {
    "cosine": "cosine",
    "inner_product": "inner product",
    "nearest": "nearest neighbour",
}


@dataclass(frozen=True, slots=True)
class SystemRow:
    """One system.

    Attributes
    ----------
    key : int
        Stays the same while the line is changed.
    system : System
    is_ticked : bool
    is_variant : bool
        It can be changed and taken away.
    about : str
        What it is.
    remark : str
        Why it cannot be asked, or what is wrong with it; "" else.
    can_answer : bool
        False for one that knows no words where words are asked.
    aspects : tuple of str
        What can be weighed.
    n_most : int
        Components that can be kept.
    """

    key: int
    system: System
    is_ticked: bool
    is_variant: bool = False
    about: str = ""
    remark: str = ""
    can_answer: bool = True
    aspects: tuple[str, ...] = ()
    n_most: int = 0


class SystemList:
    """The lines, and what is done to them.

    Parameters
    ----------
    choices : SystemChoices
        What the library has.
    ticked : sequence of System, optional
        Those of a design; None for the usual ones.
    has_random : bool
        Chance is among the usual ones.
    """

    def __init__(
        self, choices: SystemChoices, ticked: Sequence[System] | None = None, *, has_random: bool = True
    ) -> None:
        self._choices = choices
        self._n_made = 0
        self._is_words = False
        self._lines: list[SystemRow] = []
        for index, encoder in enumerate(choices.encoders):
            is_usual = index == 0 or encoder.name == "acoustic" or not has_random
            self._add(System(encoder.name, encoder=encoder.name), is_ticked=is_usual if ticked is None else False)
        self._add(System("random", kind="random"), is_ticked=has_random and ticked is None)
        for system in ticked or ():
            plain = next((line for line in self._lines if line.system == system), None)
            if plain is not None:
                self._put(plain.key, is_ticked=True)
            else:
                self._put_below(self._add(system, is_ticked=True, is_variant=True))

    @property
    def lines(self) -> tuple[SystemRow, ...]:
        """Every line, from the top, with what is to be said of it now."""
        names = [line.system.name for line in self._lines]
        return tuple(self._judged(line, is_double=names.count(line.system.name) > 1) for line in self._lines)

    @property
    def asked(self) -> tuple[System, ...]:
        """The systems that are compared."""
        return tuple(line.system for line in self.lines if line.is_ticked and line.can_answer)

    @property
    def has_fault(self) -> bool:
        """Whether one that is asked cannot be as it is written."""
        return any(line.is_ticked and line.can_answer and line.remark for line in self.lines)

    def ask_words(self, *, is_words: bool) -> None:
        """Take note of whether words are asked: not every encoder knows any."""
        self._is_words = is_words

    def tick(self, key: int, *, is_ticked: bool) -> None:
        """Compare a system, or leave it out."""
        self._put(key, is_ticked=is_ticked)

    def add_variant(self, key: int) -> None:
        """Put a variant of an encoder below it, to be changed."""
        line = self._line(key)
        encoder = self._choices.encoder(line.system.encoder)
        n_kept = min(100, self._n_most(encoder) // 2) if encoder is not None else 0
        system = System("", encoder=line.system.encoder, n_components=n_kept)
        self._put_below(self._add(replace(system, name=self._free(name_of(system))), is_ticked=True, is_variant=True))

    def add_ranking(self, path: Path) -> None:
        """Put a file of rankings below the others."""
        stem = (
            "".join(character if character.isalnum() or character in "-_.+@" else "-" for character in path.stem).strip(
                "-._"
            )
            or "theirs"
        )
        self._add(System(self._free(stem[:60]), kind="ranking", ranking=str(path)), is_ticked=True, is_variant=True)

    def change(self, key: int, system: System) -> None:
        """Take a variant as it is written now; one whose name nobody chose is named after what it is."""
        before = self._line(key).system
        if system.name == before.name and system.kind == "encoder" and before.name.startswith(name_of(before)):
            self._put(key, system=replace(system, name=""))
            system = replace(system, name=self._free(name_of(system)))
        self._put(key, system=system)

    def remove(self, key: int) -> None:
        """Take a variant away."""
        self._lines = [line for line in self._lines if line.key != key or not line.is_variant]

    def _add(self, system: System, *, is_ticked: bool, is_variant: bool = False) -> SystemRow:
        self._n_made += 1
        encoder = self._choices.encoder(system.encoder)
        line = SystemRow(
            self._n_made,
            system,
            is_ticked,
            is_variant,
            aspects=encoder.aspects if encoder is not None else (),
            n_most=self._n_most(encoder),
        )
        self._lines.append(line)
        return line

    def _put_below(self, made: SystemRow) -> None:
        """Put a line that was just added below those of its encoder."""
        of_encoder = [n for n, line in enumerate(self._lines[:-1]) if line.system.encoder == made.system.encoder]
        if of_encoder and made.system.kind == "encoder":
            self._lines.insert(of_encoder[-1] + 1, self._lines.pop())

    def _n_most(self, encoder: EncoderChoice | None) -> int:
        return min(encoder.n_dims, self._choices.n_sounds) if encoder is not None else 0

    def _line(self, key: int) -> SystemRow:
        return next(line for line in self._lines if line.key == key)

    def _put(self, key: int, *, system: System | None = None, is_ticked: bool | None = None) -> None:
        for index, line in enumerate(self._lines):
            if line.key == key:
                self._lines[index] = replace(
                    line,
                    system=line.system if system is None else system,
                    is_ticked=line.is_ticked if is_ticked is None else is_ticked,
                )

    def _free(self, name: str) -> str:
        names, number, free = {line.system.name for line in self._lines}, 2, name
        while free in names:
            free, number = f"{name}-{number}", number + 1
        return free

    def _judged(self, line: SystemRow, *, is_double: bool) -> SystemRow:
        system = line.system
        encoder = self._choices.encoder(system.encoder)
        remark, can_answer = "", True
        if system.kind == "encoder" and encoder is None:
            remark, can_answer = "The library has no vectors of it.", False
        elif encoder is not None and self._is_words and not encoder.has_text:
            remark, can_answer = "It knows no words.", False
        elif is_double:
            remark = "Another system has this name. Name them apart."
        elif encoder is not None and system.n_components > line.n_most:
            remark = f"{line.n_most:,} components are the most here. Keep fewer."
        elif unknown := [name for name in system.aspects if name not in line.aspects]:
            known = ", ".join(line.aspects) or "none"
            remark = f"It has no aspect “{unknown[0]}”. It has: {known}."
        return replace(line, about=about(system), remark=remark, can_answer=can_answer)


def about(system: System) -> str:
    """Say what a system is."""
    if system.kind == "random":
        return "By chance, for scale"
    if system.kind == "ranking":
        return f"Rankings in {Path(system.ranking).name}"
    parts = [f"{system.n_components:,} components" if system.n_components else "", ""]
    parts[1] = _SEARCHES[system.search] if system.search != "cosine" else ""
    weights = [f"{name} × {weight:g}" for name, weight in system.aspects.items()]
    return ", ".join([part for part in (*parts, *weights) if part])


def name_of(system: System) -> str:
    """Name a variant after what it is: ear-pca100-nearest."""
    parts = [system.encoder]
    if system.n_components:
        parts.append(f"pca{system.n_components}")
    if system.search != "cosine":
        parts.append(system.search.replace("_product", ""))
    parts += [f"{name}{weight:g}" for name, weight in system.aspects.items()]
    return "-".join(parts)[:60]


def parse_aspects(text: str) -> dict[str, float] | None:
    """Read weights as they are written, ``timbre=2, pitch=0.5``; None where it cannot be read."""
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
    """Write weights as `parse_aspects` reads them."""
    return ", ".join(f"{name}={weight:g}" for name, weight in aspects.items())
