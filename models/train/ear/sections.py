"""Sections of the training report that other scripts write. No torch."""

from pathlib import Path


def put_section(path: Path, title: str, lines: list[str]) -> None:
    """Write a section of a Markdown file: replace the section of the same title, or append it."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    head, found, rest = text.partition(f"## {title}\n")
    following = rest[rest.index("\n## ") + 1 :] if found and "\n## " in rest else ""
    body = "\n".join([f"## {title}", "", *lines, ""])
    path.write_text(f"{head.rstrip()}\n\n{body}" + (f"\n{following}" if following else ""), encoding="utf-8")


def table(header: list[str], rows: list[list[str]]) -> list[str]:
    """Return the lines of a Markdown table."""
    return [
        f"| {' | '.join(header)} |",
        "|---" * len(header) + "|",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
