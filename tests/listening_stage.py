"""A small study for tests: tones as excerpts, and three systems."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile

from bowerbird.listening.store import EXCERPTS_NAME, StudyFolder, write_study
from bowerbird.listening.study import (
    Comparison,
    Controls,
    Item,
    RankedItem,
    StudyDesign,
    StudyQuery,
    System,
)

RATE_HZ = 44_100
SYSTEMS = ("good", "middling", "chance")


def design(**changes: object) -> StudyDesign:
    """Return a design without queries."""
    made = StudyDesign(
        name="tones",
        title="Tones",
        systems=tuple(System(name, kind="random") for name in SYSTEMS),
        depth=3,
        n_training=1,
        controls=Controls(0.3, 0.3, 0.2),
        planned=(Comparison("good", "chance"),),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def sample_study(
    folder: Path, *, n_queries: int = 4, duration_s: float = 0.3, has_words: bool = False, **changes: object
) -> StudyFolder:
    """Write a study with its excerpts, and open it."""
    rng = np.random.default_rng(3)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / EXCERPTS_NAME).mkdir(exist_ok=True)
    items: dict[str, Item] = {}

    def item(number: int) -> str:
        item_id = f"{number:012x}"
        if item_id not in items:
            time_s = np.arange(int(duration_s * RATE_HZ)) / RATE_HZ
            tone = 0.2 * np.sin(2 * np.pi * (220 + 11 * number) * time_s)
            soundfile.write(folder / EXCERPTS_NAME / f"{item_id}.flac", tone, RATE_HZ)
            items[item_id] = Item(item_id, f"{number:032x}", 0.0, duration_s, -23.0, 0.0)
        return item_id

    made = design(**changes)
    queries, runs = [], {name: {} for name in SYSTEMS}
    for number in range(-made.n_training, n_queries):
        query_id = f"t{-number:02d}" if number < 0 else f"q{number + 1:02d}"
        base = 100 * (number + 2)
        queries.append(
            StudyQuery(
                query_id,
                "" if has_words else item(base),
                f"tone {number}" if has_words else "",
                far_id=item(base + 99),
                is_training=number < 0,
            )
        )
        for name in SYSTEMS:
            found = rng.choice(np.arange(1, 9), made.depth, replace=False)
            runs[name][query_id] = tuple(
                RankedItem(item(base + int(entry)), 1.0 - 0.1 * rank) for rank, entry in enumerate(found)
            )
    systems = {name: {"kind": "random"} for name in SYSTEMS}
    return write_study(folder, replace(made, queries=tuple(queries)), items, runs, systems)
