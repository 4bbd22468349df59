"""Figures as text, the same in the terminal and on the page."""

from collections.abc import Mapping
from typing import Final

from bowerbird.plotting.numerals import decimal, limits

LABELS: Final[Mapping[str, str]] = {
    "map_15": "MAP@15",
    "map_150": "MAP@150",
    "mr1": "MR1",
    "p_15": "P@15",
    "mrr": "MRR",
    "ndcg_15": "nDCG@15",
}
"""The figures in tables."""


def figure_text(value: float | None, figure: str = "", *, is_signed: bool = False) -> str:
    """Format a figure: "0.266", "57.5" for ranks."""
    return decimal(value, places=_places(figure), is_signed=is_signed)


def reach_text(reach: tuple[float, float], figure: str = "", *, is_signed: bool = False) -> str:
    """Format an interval: "0.257 to 0.276"."""
    return limits(*reach, places=_places(figure), is_signed=is_signed)


def _places(figure: str) -> int:
    return 1 if figure == "mr1" else 3
