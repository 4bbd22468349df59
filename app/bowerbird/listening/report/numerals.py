"""Figures as a report's reader sees them: decimals, percentages, intervals, p values."""

import re
from typing import Final

from bowerbird.listening.analysis.findings import Estimate, Interval

NARROW_SPACE: Final = "\u202f"
"""No-break, so that a percent sign never begins a line."""

_NO_BREAK_SPACE: Final = "\u00a0"
ABSENT: Final = "–"
_MINUS: Final = "−"
_PERCENT: Final = re.compile(r"(?<=\d) %")
_HYPHEN_FOR_MINUS: Final = re.compile(r"(?<![\w.)-])-(?=\d)")
_MINUS_ZERO: Final = re.compile(r"(?<![\w.)-])-(0\.0+)(?!\d)")
_UNIT: Final = re.compile(r"(?<=\d) (?=(?:s|LUFS)\b)")
_EQUATION: Final = re.compile(r"\b([a-z]) ([=<]) (?=\d)")
_SMALLEST_P: Final = 0.001


def decimal(value: float | None, *, places: int = 3, is_signed: bool = False) -> str:
    """Return a figure with so many decimals; a dash where there is none."""
    if value is None:
        return ABSENT
    value = round(value, places) + 0.0  # -0.0 becomes 0.0
    return f"{value:{'+' if is_signed and value else ''}.{places}f}".replace("-", _MINUS)


def percent(share: float | None, *, places: int = 0) -> str:
    """Return a share of 1 as a percentage; a dash where there is none."""
    return ABSENT if share is None else f"{decimal(100.0 * share, places=places)}{NARROW_SPACE}%"


def count(n: int) -> str:
    """Return a count with separators of thousands."""
    return f"{n:,}"


def p_value(p: float | None) -> str:
    """Return a p value with three decimals; what is smaller than they can say is said to be so."""
    if p is None:
        return ABSENT
    return f"< {decimal(_SMALLEST_P)}" if p < _SMALLEST_P else decimal(p)


def reach(interval: Interval | None, *, places: int = 3, is_signed: bool = False) -> str:
    """Return the ends of an interval; "" where there is none."""
    if interval is None:
        return ""
    low, high = (decimal(end, places=places, is_signed=is_signed) for end in (interval.low, interval.high))
    return f"{low} to {high}"


def percent_reach(interval: Interval | None) -> str:
    """Return the ends of an interval of a share as percentages; "" where there is none."""
    if interval is None:
        return ""
    return f"{decimal(100.0 * interval.low, places=0)} to {percent(interval.high)}"


def with_reach(estimate: Estimate, *, places: int = 3) -> str:
    """Return a figure with its interval, as a sentence has it."""
    ends = reach(estimate.interval, places=places)
    return decimal(estimate.value, places=places) + (f" ({ends})" if ends else "")


def p_said(p: float | None) -> str:
    """Return a p value as a sentence has it."""
    if p is None:
        return "untested"
    return typeset(f"p {p_value(p)}" if p < _SMALLEST_P else f"p = {p_value(p)}")


def typeset(text: str) -> str:
    """Give a sentence true minus signs, and spaces that keep a number with its sign or unit."""
    text = _HYPHEN_FOR_MINUS.sub(_MINUS, _MINUS_ZERO.sub(r"\1", text))
    text = _EQUATION.sub(rf"\1{_NO_BREAK_SPACE}\2{_NO_BREAK_SPACE}", text)
    return _PERCENT.sub(f"{NARROW_SPACE}%", _UNIT.sub(_NO_BREAK_SPACE, text))
