"""Figures as text, the same in the terminal and on the page."""

import math
from collections.abc import Mapping
from typing import Final

LABELS: Final[Mapping[str, str]] = {
    "map_15": "MAP@15",
    "map_150": "MAP@150",
    "mr1": "MR1",
    "p_15": "P@15",
    "mrr": "MRR",
    "ndcg_15": "nDCG@15",
}
"""The figures in tables."""

ABSENT: Final = "–"
_MINUS: Final = "−"
_SMALLEST_P: Final = 0.001


def figure_text(value: float | None, figure: str = "", *, is_signed: bool = False) -> str:
    """Format a figure: "0.266", "57.5" for ranks."""
    if value is None or math.isnan(value):
        return ABSENT
    text = f"{value:{'+' if is_signed else ''}.{1 if figure == 'mr1' else 3}f}"
    return text.replace("-", _MINUS)


def reach_text(limits: tuple[float, float], figure: str = "", *, is_signed: bool = False) -> str:
    """Format an interval: "0.257 to 0.276"."""
    if any(math.isnan(limit) for limit in limits):
        return ""
    low, high = (figure_text(limit, figure, is_signed=is_signed) for limit in limits)
    return f"{low} to {high}"


def p_text(p: float | None) -> str:
    """Format a p value: "0.012", "< 0.001"."""
    if p is None:
        return ABSENT
    return f"< {_SMALLEST_P}" if p < _SMALLEST_P else f"{p:.3f}"
