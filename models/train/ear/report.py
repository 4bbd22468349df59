"""The training report: dataset, config, loss curve and export."""

from dataclasses import fields
from pathlib import Path

from ear.config import Config
from ear.data import SHARED, Clip


def write_report(
    path: Path,
    *,
    config: Config,
    clips: list[Clip],
    history: list[dict[str, float]],
    difference: float,
    recall: float,
    n_words: int,
) -> None:
    """Write the report; `ear.measure` and `ear.compare` add their figures afterwards."""
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
        "collections that the evaluation uses too. Sources, licences and authors: `ear-sources.csv`.",
        "",
        "| licence | clips |",
        "|---|---|",
        *(f"| {licence} | {sum(clip.licence == licence for clip in clips)} |" for licence in licences),
        "",
        f"Labels: {', '.join(labels)}",
        "",
        "## Config",
        "",
        "```",
        *(f"{field.name} = {getattr(config, field.name)!r}" for field in fields(config)),
        "```",
        "",
        "## Loss curve",
        "",
        "Mean losses of each epoch.",
        "",
        *_curve(history),
        "",
        "## Export",
        "",
        f"Largest difference between the trained network and ONNX Runtime: {difference:.1e}. Weights are stored in",
        f"16 bits; computation is in 32 bits; recall@10 against unrounded weights: {recall:.3f}.",
        f"Words in the table: {n_words}.",
        "",
    ]
    path.write_text("\n".join(lines), encoding="utf-8")


def _curve(history: list[dict[str, float]]) -> list[str]:
    """Return about twelve rows of the curve, and the last."""
    names = [name for name in history[0] if name not in ("epoch", "seconds")]
    every = max(1, len(history) // 12)
    chosen = [*history[: every * 12 : every], history[-1]]
    return [
        f"| epoch | {' | '.join(names)} |",
        "|---" * (len(names) + 1) + "|",
        *(f"| {row['epoch']:.0f} | {' | '.join(f'{row[name]:.3f}' for name in names)} |" for row in chosen),
    ]
