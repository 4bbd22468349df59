"""Reading, checking and writing the design of a study as YAML."""

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
from bowerbird.base.files import os_reason
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
        When it cannot be read or is not valid.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        reason = os_reason(error) if isinstance(error, OSError) else "it is not UTF-8 text"
        raise StudyError(f"Cannot read “{path}” ({reason}). Choose the YAML file of a design.") from error
    return parse_design(text, where=path.name)


def parse_design(text: str, *, where: str = "study.yaml") -> StudyDesign:
    """Return the design in a YAML text.

    Raises
    ------
    StudyError
        When it is not valid.
    """
    try:
        table = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark is not None else ""
        raise StudyError(f"{where}{line} is not valid YAML: {_yaml_problem(error)}. Fix that line.") from error
    if not isinstance(table, dict):
        raise StudyError(f"{where} contains no design. `bowerbird study new NAME --draft` prints one.")
    if isinstance(table.get("scale"), dict) or "scale" not in table:
        table = {**table, "scale": {"grades": _default_grades(table), **(table.get("scale") or {})}}
    design = _structured(StudyDesign, table, where)
    check_design(design, where=where)
    return design


def design_yaml(design: StudyDesign) -> str:
    """Return a design as YAML, in the order of its fields."""
    return yaml.safe_dump(_plain(design), sort_keys=False, allow_unicode=True, width=100)


def parse_system(text: str) -> System:
    """Return the system that is written in a command-line argument.

    ``ear``, ``random``, ``runs/theirs.trec``, or with a name and variants:
    ``small=ear,pca=100,search=nearest,timbre=2``. Other keys are the weights of aspects.

    Raises
    ------
    StudyError
        When a variant is not valid.
    """
    first, *variants = text.split(",")
    name, _, source = first.rpartition("=")
    is_file = source.endswith((".trec", ".jsonl", ".json", ".txt", ".run"))
    name = name or (Path(source).stem if is_file else source)
    if is_file:
        return System(name, kind="ranking", ranking=source)
    if source == "random":
        return System(name, kind="random")
    system, aspects = System(name, encoder=source), {}
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
                f"“{variant}” is not a valid variant of system “{name}”. Use pca=N, search=cosine, "
                "search=inner_product, search=nearest, or an aspect and its weight, such as timbre=2."
            ) from error
    return dataclasses.replace(system, aspects=aspects)


@dataclasses.dataclass(frozen=True, slots=True)
class DesignProblem:
    """A part of a design that is not valid.

    Attributes
    ----------
    field : str
        Name of the field, such as ``systems`` or ``controls.far_share``.
    sentence : str
        What is wrong, and what to do; without a capital and a full stop.
    """

    field: str
    sentence: str


def check_design(design: StudyDesign, *, where: str | None = "study.yaml") -> None:
    """Raise an error unless a design is valid.

    Parameters
    ----------
    design : StudyDesign
    where : str or None
        Name of the file, if any.

    Raises
    ------
    StudyError
        For the first problem.
    """
    for problem in design_problems(design):
        sentence = problem.sentence
        raise StudyError(f"{where}: {sentence}." if where else f"{sentence[:1].upper()}{sentence[1:]}.")


def design_problems(design: StudyDesign) -> tuple[DesignProblem, ...]:
    """Return all problems of a design, in the order in which to fix them."""
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
    checks = [
        (
            "name",
            not _NAME.fullmatch(design.name),
            f"name “{design.name}” is not valid; use lowercase letters, digits, - and _",
        ),
        (
            "title",
            not design.title.strip(),
            "title is empty; raters see it, so it should not reveal the purpose of the study",
        ),
        ("systems", not names, "systems is empty; add at least one"),
        ("systems", len(names) > MAX_SYSTEMS, f"systems has {len(names)} entries; use at most {MAX_SYSTEMS}"),
        ("systems", len(set(names)) < len(names), "two systems have the same name; rename one"),
        (
            "systems",
            design.kind != "grade" and len(names) < 2,
            f"kind {design.kind} compares two systems; add another",
        ),
        (
            "scale.grades",
            design.kind == "grade" and len(design.scale.grades) < _MIN_GRADES and not design.scale.has_slider,
            "scale has neither grades nor a slider; add at least two grades, worst first",
        ),
        (
            "scale.grades",
            len(design.scale.grades) == 1,
            "scale.grades has a single grade; add another, worst first, or remove it",
        ),
        ("scale.grades", len(design.scale.grades) > 10, "scale.grades has more than ten grades; use fewer"),
        (
            "choice.words",
            design.choice.how == "words" and not (design.choice.words or design.queries),
            "choice.words is empty; add at least one query",
        ),
        (
            "choice.sounds",
            design.choice.how == "sounds" and not (design.choice.sounds or design.queries),
            "choice.sounds is empty; add the paths of the query sounds",
        ),
        (
            "construct",
            design.construct == "matches_words" and design.choice.how != "words",
            "construct matches_words needs queries in words; set choice.how to words",
        ),
        (
            "construct",
            design.construct != "matches_words" and design.choice.how == "words",
            "queries in words need the construct matches_words; set construct to matches_words",
        ),
        (
            "depth",
            design.kind == "preference" and design.depth > MAX_PER_PAGE,
            f"depth is {design.depth}; use at most {MAX_PER_PAGE} for preference",
        ),
    ]
    for name, (value, low, high) in ranges.items():
        checks.append((name, not low <= value <= high, f"{name} is {value:g}; use {low:g} to {high:g}"))
    for name, value in shares.items():
        checks.append((name, not 0.0 <= value <= 1.0, f"{name} is {value:g}; use a share from 0 to 1"))
    for system in design.systems:
        problems = _system_problems(system.name, system.kind, system.encoder, system.ranking, system.n_components)
        checks += [("systems", is_wrong, sentence) for is_wrong, sentence in problems]
    for pair in design.planned:
        for name in (pair.first, pair.second):
            checks.append(
                (
                    "planned",
                    name not in names,
                    f"planned lists “{name}”, which is not a system; the systems are {_list(names)}",
                )
            )
        checks.append(
            ("planned", pair.first == pair.second, f"planned compares “{pair.first}” with itself; choose two systems")
        )
    return tuple(DesignProblem(field, sentence) for field, is_wrong, sentence in checks if is_wrong)


def _system_problems(name: str, kind: str, encoder: str, ranking: str, n_components: int) -> list[tuple[bool, str]]:
    return [
        (not _SYSTEM_NAME.fullmatch(name), f"system name “{name}” is not valid; use letters, digits, -, _, ., + and @"),
        (
            kind == "encoder" and not encoder,
            f"system “{name}” has no encoder; `bowerbird models list` shows all encoders",
        ),
        (
            kind == "ranking" and not ranking,
            f"system “{name}” has no ranking; add the path of a JSON lines file or a TREC run",
        ),
        (n_components < 0, f"system “{name}” keeps {n_components} components; use 0 to keep all"),
    ]


def _default_grades(table: Mapping[str, Any]) -> list[str]:
    construct = table.get("construct")
    return list(next((grades for name, grades in GRADES.items() if name == construct), Scale().grades))


def _yaml_problem(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or "it cannot be read")


def _list(names: list[str]) -> str:
    return ", ".join(names)


# Dataclasses to plain tables and back


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(element) for key, element in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(element) for element in value]
    return value


def _structured(kind: type[_T], table: Mapping[str, Any], where: str) -> _T:
    """Return the dataclass in a table; unknown, missing or mistyped entries are errors that name them."""
    hints = typing.get_type_hints(kind)
    fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type] # they all are
    for key in table:
        if key not in fields:
            close = difflib.get_close_matches(str(key), fields, n=1)
            hint = f"Did you mean “{close[0]}”?" if close else f"Valid entries are {_list(list(fields))}."
            raise StudyError(f"“{key}” is not a valid entry of {where}. {hint}")
    values = {}
    for name, field in fields.items():
        if name in table:
            values[name] = _valued(hints[name], table[name], f"{where}: {name}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise StudyError(f"{where} has no {name}. Add a line “{name}: …”.")
    return kind(**values)


def _valued(hint: Any, value: Any, where: str) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(value, dict):
            raise StudyError(f"{where} is not a table. Write its entries below it, indented.")
        return _structured(hint, value, where)
    if origin is Literal:
        if value not in arguments:
            raise StudyError(f"{where} is “{value}”. Use one of {_list([str(argument) for argument in arguments])}.")
        return value
    if origin is tuple:
        if not isinstance(value, list):
            raise StudyError(f"{where} is not a list. Write an entry per line, each after a hyphen.")
        return tuple(_valued(arguments[0], element, f"{where}[{index}]") for index, element in enumerate(value))
    if origin in {Mapping, dict} or hint is types.MappingProxyType:
        if not isinstance(value, dict):
            raise StudyError(f"{where} is not a table. Write “NAME: VALUE”, an entry per line.")
        return {str(key): _valued(arguments[1], element, f"{where}: {key}") for key, element in value.items()}
    return _simple(hint, value, where)


def _simple(hint: Any, value: Any, where: str) -> Any:
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if hint is str and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if type(value) is not hint or (hint is float and not abs(value) < 1e12):
        kinds = {"str": "text", "int": "a whole number", "float": "a number", "bool": "true or false"}
        raise StudyError(f"{where} is “{value}”. It must be {kinds[hint.__name__]}.")
    return value
