"""The training report: what was trained on, how it went, and what came out."""

from dataclasses import fields
from pathlib import Path

from data import SHARED, Clip
from plan import Plan


def write_report(
    path: Path,
    *,
    plan: Plan,
    clips: list[Clip],
    history: list[dict[str, float]],
    difference: float,
    recall: float,
    n_words: int,
) -> None:
    """Write the report; `measure.py` and `compare.py` put their figures into it afterwards."""
    labels = sorted({clip.label for clip in clips})
    sources = {clip.source for clip in clips}
    n_shared = sum(clip.origin == SHARED for clip in clips)
    licences = sorted({clip.licence for clip in clips})
    lines = [
        "# The ear: training report",
        "",
        "Written by `models/train/train.sh`.",
        "",
        "## Data",
        "",
        f"{len(clips)} clips, {len(labels)} labels, {len(sources)} sources. {n_shared} clips are other recordings of",
        "collections that the measurements use too. Sources, licences and authors: `ear-sources.csv`.",
        "",
        "| licence | clips |",
        "|---|---|",
        *(f"| {one} | {sum(clip.licence == one for clip in clips)} |" for one in licences),
        "",
        f"Labels: {', '.join(labels)}",
        "",
        "## Plan",
        "",
        "```",
        *(f"{one.name} = {getattr(plan, one.name)!r}" for one in fields(plan)),
        "```",
        "",
        "## Curve",
        "",
        "Mean losses of an epoch.",
        "",
        *_curve(history),
        "",
        "## Export",
        "",
        f"Largest difference between the trained network and ONNX Runtime: {difference:.1e}. Weights are stored in",
        f"16 bits and computed with in 32; recall@10 against unrounded weights: {recall:.3f}.",
        f"Words in the table: {n_words}.",
        "",
    ]
    path.write_text("\n".join(lines), encoding="utf-8")


def _curve(history: list[dict[str, float]]) -> list[str]:
    """Return a dozen rows of the curve, and the last."""
    names = [name for name in history[0] if name not in ("epoch", "seconds")]
    every = max(1, len(history) // 12)
    chosen = [*history[: every * 12 : every], history[-1]]
    return [
        f"| epoch | {' | '.join(names)} |",
        "|---" * (len(names) + 1) + "|",
        *(f"| {row['epoch']:.0f} | {' | '.join(f'{row[name]:.3f}' for name in names)} |" for row in chosen),
    ]
