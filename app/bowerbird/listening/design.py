"""Reading and writing a study's design: YAML in, a checked value out, every fault a sentence that names its place."""

import dataclasses
import difflib
import re
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

import yaml

from bowerbird.base.errors import StudyError
from bowerbird.listening.study import (
    GRADES,
    MAX_PER_PAGE,
    MAX_SYSTEMS,
    Scale,
    SearchFunction,
    StudyDesign,
    System,
)

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_SYSTEM_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@+-]{0,63}")
_MIN_GRADES: Final = 2
_T = TypeVar("_T")


def read_design(path: Path) -> StudyDesign:
    """Read a design.

    Raises
    ------
    StudyError
        When it cannot be read, or something in it cannot be.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise StudyError(f"`{path}` cannot be read ({reason}). Name a study's YAML file.") from error
    return parse_design(text, where=path.name)


def parse_design(text: str, *, where: str = "study.yaml") -> StudyDesign:
    """Make a design of YAML.

    Raises
    ------
    StudyError
        When something in it cannot be.
    """
    try:
        table = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark is not None else ""
        raise StudyError(f"`{where}`{line} is no YAML: {_problem(error)}. Mend that line.") from error
    if not isinstance(table, dict):
        raise StudyError(f"`{where}` holds no design. It begins with `name: …`; `bowerbird study new` writes one.")
    if isinstance(table.get("scale"), dict) or "scale" not in table:
        table = {**table, "scale": {"grades": _usual_grades(table), **(table.get("scale") or {})}}
    design = _structured(StudyDesign, table, where)
    check_design(design, where=where)
    return design


def design_yaml(design: StudyDesign) -> str:
    """Write a design as YAML that `parse_design` reads back, in the order of its fields."""
    return yaml.safe_dump(_plain(design), sort_keys=False, allow_unicode=True, width=100)


def parse_system(text: str) -> System:
    """Read a system as it is written on the command line.

    ``ear``, ``random``, ``runs/theirs.trec``, or with a name and variants:
    ``small=ear,pca=100,search=nearest,timbre=2``. What is no variant is an aspect's weight.

    Raises
    ------
    StudyError
        When a variant cannot be.
    """
    first, *variants = text.split(",")
    name, _, what = first.rpartition("=")
    is_file = what.endswith((".trec", ".jsonl", ".json", ".txt", ".run"))
    name = name or (Path(what).stem if is_file else what)
    if is_file:
        return System(name, kind="ranking", ranking=what)
    if what == "random":
        return System(name, kind="random")
    system, aspects = System(name, encoder=what), {}
    for variant in variants:
        key, _, value = variant.partition("=")
        try:
            if key == "pca":
                system = dataclasses.replace(system, n_components=int(value))
            elif key == "search":
                system = dataclasses.replace(system, search=_valued(SearchFunction, value, f"{text}: search"))
            else:
                aspects[key] = float(value)
        except ValueError as error:
            raise StudyError(
                f"`{variant}` of system `{name}` is no variant. Write pca=N, search=cosine, search=inner_product, "
                "search=nearest, or an aspect and its weight, such as timbre=2."
            ) from error
    return dataclasses.replace(system, aspects=aspects)


@dataclasses.dataclass(frozen=True, slots=True)
class Fault:
    """What cannot be in a design.

    Attributes
    ----------
    field : str
        Name of the field, such as ``systems`` or ``controls.far_share``.
    what : str
        Which is wrong, and what may be done; no full stop.
    """

    field: str
    what: str


def check_design(design: StudyDesign, *, where: str = "study.yaml") -> None:
    """Say what cannot be, with a remedy.

    Parameters
    ----------
    design : StudyDesign
    where : str
        The file; "" where there is none.

    Raises
    ------
    StudyError
        For the first thing found.
    """
    for fault in design_faults(design):
        said = f"`{where}`: {fault.what}." if where else f"{fault.what[:1].upper()}{fault.what[1:]}."
        raise StudyError(said)


def design_faults(design: StudyDesign) -> tuple[Fault, ...]:
    """Return everything that cannot be, in the order in which it is best mended."""
    names = [system.name for system in design.systems]
    shares = {
        "controls.identical_share": design.controls.identical_share,
        "controls.far_share": design.controls.far_share,
        "controls.repeat_share": design.controls.repeat_share,
        "must_hear_share": design.must_hear_share,
        "near_copy_cosine": design.near_copy_cosine,
        "exclusion.max_control_failures": design.exclusion.max_control_failures,
        "exclusion.max_same_grade": design.exclusion.max_same_grade,
    }
    ranges = {
        "seed": (design.seed, 0, 2**31 - 1),
        "depth": (design.depth, 1, 50),
        "n_per_page": (design.n_per_page, 1, MAX_PER_PAGE),
        "n_training": (design.n_training, 0, 20),
        "excerpt_s": (design.excerpt_s, 0.1, 10.0),
        "target_lufs": (design.target_lufs, -40.0, -10.0),
        "break_after_min": (design.break_after_min, 1.0, 240.0),
        "choice.n_queries": (design.choice.n_queries, 1, 1000),
    }
    asked = [
        ("name", not _NAME.fullmatch(design.name), f"name `{design.name}` must be of small letters, digits, - and _"),
        (
            "title",
            not design.title.strip(),
            "title is empty; raters see it, so write a line that gives nothing away",
        ),
        ("systems", not names, "systems is empty; name at least one"),
        ("systems", len(names) > MAX_SYSTEMS, f"systems has {len(names)} of them; {MAX_SYSTEMS} is the most"),
        ("systems", len(set(names)) < len(names), "two systems have the same name; name them apart"),
        (
            "systems",
            design.kind != "grade" and len(names) < 2,
            f"kind {design.kind} compares two systems; name another",
        ),
        (
            "scale.grades",
            design.kind == "grade" and len(design.scale.grades) < _MIN_GRADES and not design.scale.has_slider,
            "scale has neither grades nor a slider; give at least two grades, worst first",
        ),
        (
            "scale.grades",
            len(design.scale.grades) == 1,
            "scale.grades has one grade; give at least two, worst first, or none",
        ),
        ("scale.grades", len(design.scale.grades) > 10, "scale.grades has more than ten grades; give fewer"),
        (
            "choice.words",
            design.choice.how == "words" and not (design.choice.words or design.queries),
            "choice.words is empty; write what shall be searched for",
        ),
        (
            "choice.sounds",
            design.choice.how == "sounds" and not (design.choice.sounds or design.queries),
            "choice.sounds is empty; name the sounds that shall be queries",
        ),
        (
            "construct",
            design.construct == "matches_words" and design.choice.how != "words",
            "construct matches_words needs queries of words; set choice.how to words",
        ),
        (
            "construct",
            design.construct != "matches_words" and design.choice.how == "words",
            "queries of words fit the construct matches_words alone; set construct to it",
        ),
        (
            "depth",
            design.kind == "preference" and design.depth > MAX_PER_PAGE,
            f"depth {design.depth} is too long a list to hear; {MAX_PER_PAGE} is the most for preference",
        ),
    ]
    for name, (value, low, high) in ranges.items():
        asked.append((name, not low <= value <= high, f"{name} is {value:g}; it may be {low:g} to {high:g}"))
    for name, value in shares.items():
        asked.append((name, not 0.0 <= value <= 1.0, f"{name} is {value:g}; it is a share, from 0 to 1"))
    for system in design.systems:
        faults = _faults_of_system(system.name, system.kind, system.encoder, system.ranking, system.n_components)
        asked += [("systems", is_fault, what) for is_fault, what in faults]
    for pair in design.planned:
        for name in (pair.first, pair.second):
            asked.append(
                ("planned", name not in names, f"planned names `{name}`, which is no system; there are {_list(names)}")
            )
        asked.append(
            ("planned", pair.first == pair.second, f"planned compares `{pair.first}` with itself; name two systems")
        )
    return tuple(Fault(field, what) for field, is_fault, what in asked if is_fault)


def _faults_of_system(name: str, kind: str, encoder: str, ranking: str, n_components: int) -> list[tuple[bool, str]]:
    return [
        (not _SYSTEM_NAME.fullmatch(name), f"system `{name}` must be named in letters, digits, -, _, ., + and @"),
        (kind == "encoder" and not encoder, f"system `{name}` has no encoder; `bowerbird models list` has their names"),
        (kind == "ranking" and not ranking, f"system `{name}` has no ranking; name a JSON lines file or a TREC run"),
        (n_components < 0, f"system `{name}` keeps {n_components} components; 0 keeps all"),
    ]


def _usual_grades(table: Mapping[str, Any]) -> list[str]:
    construct = table.get("construct")
    return list(next((grades for name, grades in GRADES.items() if name == construct), Scale().grades))


def _problem(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or "it cannot be read")


def _list(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


# Values to plain tables and back


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(element) for key, element in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(element) for element in value]
    return value


def _structured(kind: type[_T], table: Mapping[str, Any], where: str) -> _T:
    """Make a dataclass of a table; what is unknown, absent or of another type is said with its place."""
    hints = typing.get_type_hints(kind)
    fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type] # they all are
    for key in table:
        if key not in fields:
            close = difflib.get_close_matches(str(key), fields, n=1)
            hint = f"Did you mean `{close[0]}`?" if close else f"It may hold {_list(list(fields))}."
            raise StudyError(f"`{where}` does not know `{key}`. {hint}")
    values = {}
    for name, field in fields.items():
        if name in table:
            values[name] = _valued(hints[name], table[name], f"{where}: {name}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise StudyError(f"`{where}` lacks `{name}`. Add a line `{name}: …`.")
    return kind(**values)


def _valued(hint: Any, value: Any, where: str) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(value, dict):
            raise StudyError(f"`{where}` is no table. Write its parts below it, indented.")
        return _structured(hint, value, where)
    if origin is Literal:
        if value not in arguments:
            raise StudyError(f"`{where}` is `{value}`. It may be {_list([str(argument) for argument in arguments])}.")
        return value
    if origin is tuple:
        if not isinstance(value, list):
            raise StudyError(f"`{where}` is no list. Write one entry a line, each after a hyphen.")
        return tuple(_valued(arguments[0], element, f"{where}[{index}]") for index, element in enumerate(value))
    if origin in {Mapping, dict} or hint is types.MappingProxyType:
        if not isinstance(value, dict):
            raise StudyError(f"`{where}` is no table. Write `NAME: VALUE`, one a line.")
        return {str(key): _valued(arguments[1], element, f"{where}: {key}") for key, element in value.items()}
    return _simple(hint, value, where)


def _simple(hint: Any, value: Any, where: str) -> Any:
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if hint is str and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if type(value) is not hint or (hint is float and not abs(value) < 1e12):
        kinds = {"str": "a text", "int": "a whole number", "float": "a number", "bool": "true or false"}
        raise StudyError(f"`{where}` is `{value}`. It must be {kinds[hint.__name__]}.")
    return value
