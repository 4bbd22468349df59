"""Check an installed wheel: every shipped file must be in it, and search must work. Run outside the repository."""

import json
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path

MAX_WHEEL_BYTES = 25_000_000


def main(wheel: Path) -> None:
    """Check the contents of the wheel, then index and search the demo sounds with the installed program."""
    names = zipfile.ZipFile(wheel).namelist()
    for part in (
        "__main__.py",
        "models/acoustic.calibration.toml",
        "models/acoustic.npz",
        "models/adjectives.npz",
        "models/aisfx-graph.onnx",
        "models/aisfx.toml",
        "models/ear.calibration.toml",
        "models/ear.onnx",
        "models/ear.toml",
        "models/ear-sources.csv",
        "models/ear-words.npz",
        "resources/styles/tokens.toml",
        "resources/thesaurus.toml",
        "resources/ucs.csv",
    ):
        require(f"bowerbird/{part}" in names, f"{part} is in the wheel")
    require(not any(name.endswith((".md", "generate.py")) for name in names), "it contains no sources of shipped data")
    require(wheel.stat().st_size < MAX_WHEEL_BYTES, f"{wheel.stat().st_size / 1e6:.1f} MB is under 25 MB")
    program = [str(Path(sysconfig.get_path("scripts")) / "bowerbird")]
    location = run([sys.executable, "-c", "import bowerbird; print(bowerbird.__file__)"])
    require("site-packages" in location, f"the package is imported from {location.strip()}")
    with tempfile.TemporaryDirectory() as home:
        library = ["--library", home]
        events = [json.loads(line) for line in run([*program, "demo", "--json", *library]).splitlines()]
        finished = [event for event in events if event["event"] == "indexing_finished"]
        require(finished[0]["n_analysed"] >= 60 and not finished[0]["n_rejected"], "the demo sounds are analysed")
        found = [json.loads(line) for line in run([*program, "search", "kick", "--json", *library]).splitlines()]
        require(len(found) >= 3 and "Kick" in found[0]["path"], "a word finds kicks")
        described = [
            json.loads(line) for line in run([*program, "search", "wooden knock", "--json", *library]).splitlines()
        ]
        require(any("meaning" in match["why"] for match in described), "a description finds sounds by meaning")
        like = [*program, "search", "--like", found[0]["path"], "--limit", "3", "--json", *library]
        similar = [json.loads(line) for line in run(like).splitlines()]
        require(all("Kick" in match["path"] for match in similar), "a kick finds kicks")
        require("bowerbird" in run([*program, "--version"]), "it prints its version")
    version = ".".join(map(str, sys.version_info[:3]))
    print(f"The wheel works on Python {version}.")


def run(command: list[str]) -> str:
    """Run a command that must succeed, and return its output."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def require(truth: bool, claim: str) -> None:
    """Exit with an error unless a claim is true."""
    if not truth:
        sys.exit(f"check_wheel: failed: {claim}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
