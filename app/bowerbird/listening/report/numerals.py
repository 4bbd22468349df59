"""Numbers in reports of studies: percentages, intervals of estimates, and numbers in sentences."""

import re
from typing import Final

from bowerbird.listening.analysis.findings import Estimate, Interval
from bowerbird.plotting.numerals import ABSENT, MINUS, SMALLEST_P, decimal, limits, p_value

NARROW_SPACE: Final = "\u202f"
"""A no-break space, so that a percent sign never starts a line."""

_NO_BREAK_SPACE: Final = "\u00a0"
_PERCENT: Final = re.compile(r"(?<=\d) %")
_HYPHEN_FOR_MINUS: Final = re.compile(r"(?<![\w.)-])-(?=\d)")
_MINUS_ZERO: Final = re.compile(r"(?<![\w.)-])-(0\.0+)(?!\d)")
_UNIT: Final = re.compile(r"(?<=\d) (?=(?:s|LUFS)\b)")
_EQUATION: Final = re.compile(r"\b([a-z]) ([=<]) (?=\d)")


def percent(share: float | None, *, places: int = 0) -> str:
    """Return a share as a percentage; a dash for None."""
    return ABSENT if share is None else f"{decimal(100.0 * share, places=places)}{NARROW_SPACE}%"


def count(n: int) -> str:
    """Return a count with thousands separators."""
    return f"{n:,}"


def reach(interval: Interval | None, *, places: int = 3, is_signed: bool = False) -> str:
    """Return the limits of an interval; "" for None."""
    return "" if interval is None else limits(interval.low, interval.high, places=places, is_signed=is_signed)


def percent_reach(interval: Interval | None) -> str:
    """Return the limits of an interval as percentages; "" for None."""
    if interval is None:
        return ""
    return f"{decimal(100.0 * interval.low, places=0)} to {percent(interval.high)}"


def with_reach(estimate: Estimate, *, places: int = 3) -> str:
    """Return an estimate with its interval."""
    interval = reach(estimate.interval, places=places)
    return decimal(estimate.value, places=places) + (f" ({interval})" if interval else "")


def p_text(p: float | None) -> str:
    """Return a p value for a sentence: "p = 0.012"."""
    if p is None:
        return "untested"
    return typeset(f"p {p_value(p)}" if p < SMALLEST_P else f"p = {p_value(p)}")


def typeset(text: str) -> str:
    """Return a sentence with real minus signs, and no-break spaces between numbers and units."""
    text = _HYPHEN_FOR_MINUS.sub(MINUS, _MINUS_ZERO.sub(r"\1", text))
    text = _EQUATION.sub(rf"\1{_NO_BREAK_SPACE}\2{_NO_BREAK_SPACE}", text)
    return _PERCENT.sub(f"{NARROW_SPACE}%", _UNIT.sub(_NO_BREAK_SPACE, text))
