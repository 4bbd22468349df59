"""Study files: what is opened is what was built, to the byte."""

import hashlib
import subprocess

import pytest

from bowerbird.base.errors import StudyError
from bowerbird.listening.store import (
    open_study,
    read_items,
    read_run,
    run_trec,
    study_named,
    user_studies,
)
from listening_stage import sample_study


@pytest.fixture
def folder(tmp_path):
    return sample_study(tmp_path / "tones")


def test_a_study_is_opened_as_it_was_built(folder):
    again = open_study(folder.path)
    assert again.study == folder.study
    assert len(again.study.hash) == 64
    assert all(folder.excerpt(item).is_file() for item in folder.study.items)


def test_its_hash_is_that_of_its_manifest_and_sha256sum_agrees_with_it(folder):
    assert folder.study.hash == hashlib.sha256((folder.path / "study.sha256").read_bytes()).hexdigest()
    done = subprocess.run(
        ["sha256sum", "--check", "--quiet", "study.sha256"], cwd=folder.path, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["study.yaml", "items.csv", "systems.json", "runs/good.trec", "excerpts"])
def test_a_changed_study_file_is_refused(folder, name):
    path = folder.path / name
    if path.is_dir():
        path = next(path.iterdir())
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(StudyError, match=f"{path.name} of the study .* was changed after the study was created"):
        open_study(folder.path)


def test_a_missing_file_is_named(folder):
    (folder.path / "runs" / "good.trec").unlink()
    with pytest.raises(StudyError, match=r"Cannot read good.trec"):
        open_study(folder.path)


@pytest.mark.parametrize("line", ["nonsense", f"{'0' * 64}  ../outside", f"{'0' * 64}  /etc/passwd"])
def test_a_manifest_that_points_outside_is_refused(folder, line):
    (folder.path / "study.sha256").write_text(line + "\n")
    with pytest.raises(StudyError, match=r"study.sha256 in .* is damaged"):
        open_study(folder.path)


def test_a_manifest_without_a_study_file_is_refused(folder):
    manifest = folder.path / "study.sha256"
    manifest.write_text("".join(line for line in manifest.read_text().splitlines(True) if "items.csv" not in line))
    with pytest.raises(StudyError, match=r"items.csv is missing"):
        open_study(folder.path)


def test_a_folder_without_a_study_is_refused(tmp_path):
    with pytest.raises(StudyError, match="does not contain a study"):
        open_study(tmp_path)


def test_runs_and_items_are_read_back(folder):
    run = folder.study.runs["good"]
    assert read_run(run_trec(run, "good")) == run
    text = (folder.path / "items.csv").read_text()
    assert read_items(text) == folder.study.items
    assert "/" not in text.replace("\n", "")


def test_studies_are_found_by_name_or_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("BOWERBIRD_HOME", str(tmp_path))
    made = sample_study(tmp_path / "studies" / "tones")
    assert user_studies() == [made.path]
    assert study_named("tones").study == study_named(str(made.path)).study == made.study
