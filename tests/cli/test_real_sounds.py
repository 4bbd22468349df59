"""Real recordings and real broken files, where they lie beside the checkout."""

import csv
from pathlib import Path

import pytest
from bowerbird_command import bowerbird

AUDIO = Path(__file__).parents[2].parent / "shared" / "audio"

REMEDIES = ("Re-export", "Restore", "Check", "Convert", "Choose")


@pytest.mark.skipif(not (AUDIO / "robustness").is_dir(), reason=f"no collection of broken files at {AUDIO}")
def test_every_unusual_file_is_analysed_rejected_with_a_remedy_or_ignored(tmp_path):
    folder = AUDIO / "robustness"
    library = tmp_path / "library"
    done = bowerbird("index", folder, "--library", library, "--json")
    assert (done.code, done.complaints) == (1, "")
    on_disk = {str(path) for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")}
    rejected = {row["path"]: row["reason"] for row in done.rows if row["event"] == "sound_rejected"}
    ignored = {row["path"] for row in done.rows if row["event"] == "file_ignored"}
    exported = bowerbird("search", "robustness", "--all-copies", "--limit", 100_000, "--library", library, "--json")
    analysed = {row["path"] for row in exported.rows}
    assert analysed | set(rejected) | ignored == on_disk
    assert analysed.isdisjoint(rejected)
    assert done.rows[-1]["n_analysed"] + done.rows[-1]["n_copies"] == len(analysed)
    assert len(analysed) > len(on_disk) / 4
    for path, reason in rejected.items():
        assert reason.startswith((Path(path).name, f"Decoding {Path(path).name}"))
        assert reason.endswith(".")
        assert any(reason.rpartition(". ")[2].startswith(remedy) for remedy in REMEDIES), reason
    again = bowerbird("index", folder, "--library", library, "--json")
    assert again.rows[-1]["n_analysed"] == 0
    assert again.rows[-1]["n_rejected"] == len(rejected)


@pytest.mark.skipif(not (AUDIO / "esc10").is_dir(), reason=f"no recordings at {AUDIO}")
def test_a_rooster_finds_mostly_roosters(tmp_path):
    with (AUDIO / "labels.csv").open(encoding="utf-8", newline="") as file:
        class_of = {str(AUDIO / row["path"]): row["class"] for row in csv.DictReader(file) if row["set"] == "esc10"}
    roosters = sorted(path for path, name in class_of.items() if "rooster" in name)
    assert roosters
    assert bowerbird("index", AUDIO / "esc10", "--library", tmp_path).code == 0
    hits = []
    for rooster in roosters[:5]:
        rows = bowerbird("search", "--like", rooster, "--limit", 10, "--library", tmp_path, "--json").rows
        hits += ["rooster" in class_of[row["path"]] for row in rows]
    assert sum(hits) / len(hits) > 0.5
