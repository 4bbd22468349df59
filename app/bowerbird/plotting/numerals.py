"""Numbers in reports: decimals, p values and intervals, with real minus signs."""

import math
from typing import Final

ABSENT: Final = "–"
MINUS: Final = "−"
SMALLEST_P: Final = 0.001
"""Smaller p values are not written out."""


def decimal(value: float | None, *, places: int = 3, is_signed: bool = False) -> str:
    """Return a number with some decimals; a dash for None and NaN."""
    if value is None or math.isnan(value):
        return ABSENT
    value = round(value, places) + 0.0  # -0.0 becomes 0.0
    return f"{value:{'+' if is_signed and value else ''}.{places}f}".replace("-", MINUS)


def limits(low: float, high: float, *, places: int = 3, is_signed: bool = False) -> str:
    """Return an interval: "0.257 to 0.276"; "" if a limit is NaN."""
    if math.isnan(low) or math.isnan(high):
        return ""
    first, last = (decimal(limit, places=places, is_signed=is_signed) for limit in (low, high))
    return f"{first} to {last}"


def p_value(p: float | None) -> str:
    """Return a p value with three decimals, or "< 0.001"; a dash for None."""
    if p is None:
        return ABSENT
    return f"< {decimal(SMALLEST_P)}" if p < SMALLEST_P else decimal(p)
