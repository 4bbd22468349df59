"""The folder of a report: all listed files, complete and readable."""

import csv
import hashlib
import io
import json
from collections import defaultdict

import pytest

from bowerbird.base.errors import StudyError
from bowerbird.listening.analysis.results import results_of
from bowerbird.listening.design import parse_design
from bowerbird.listening.raters import join
from bowerbird.listening.report.files import qrels, write_report
from bowerbird.listening.response_store import ResponseStore
from bowerbird.listening.session import RatingSession
from bowerbird.listening.store import read_items, read_run
from bowerbird.listening.tables import read_responses
from listening_stage import SYSTEMS, sample_study

STUDY_FILES = (
    "study.yaml",
    "study.sha256",
    "items.csv",
    "systems.json",
    *(f"runs/{name}.trec" for name in sorted(SYSTEMS)),
)
RESPONSE_FILES = ("ratings.csv", "choices.csv", "raters.csv", "events.jsonl")


def answered(folder, *pseudonyms):
    """Rate a study to the end, every rater a little differently."""
    with ResponseStore(folder.path) as file:
        for number, pseudonym in enumerate(pseudonyms):
            session = RatingSession(folder, file, join(folder, file, pseudonym, {}))
            while session.page is not None:
                page = session.page
                for position in (None, *range(len(page.slots))):
                    session.record_playback(position, 5000.0, is_start=True)
                if page.kind == "grade":
                    for position, slot in enumerate(page.slots):
                        session.grade(position, (int(slot.item_id, 16) + number * (position % 2)) % 4)
                else:
                    session.choose("left" if (page.number + number) % 3 else "right")
                assert session.complete() is None
        return file.responses()


@pytest.fixture
def rated(tmp_path):
    folder = sample_study(tmp_path / "study", n_queries=3)
    return folder, answered(folder, "heron", "wren")


def test_all_files_are_written_and_listed_on_the_page(tmp_path, rated):
    folder, answers = rated
    report = write_report(folder, answers, tmp_path / "out" / "report")
    names = {"report.html", "results.json", "qrels.txt", *STUDY_FILES, *RESPONSE_FILES}
    assert set(report.names) == names
    written = {str(path.relative_to(report.path.parent)) for path in report.path.parent.rglob("*") if path.is_file()}
    assert written == names
    html = report.path.read_text(encoding="utf-8")
    assert all(f"<code>{name}</code>" in html for name in names)


def test_study_files_are_copied_byte_by_byte(tmp_path, rated):
    folder, answers = rated
    out = write_report(folder, answers, tmp_path / "out").path.parent
    for name in STUDY_FILES:
        assert (out / name).read_bytes() == (folder.path / name).read_bytes()
    assert hashlib.sha256((out / "study.sha256").read_bytes()).hexdigest() == folder.study.hash
    assert parse_design((out / "study.yaml").read_text(encoding="utf-8")) == folder.study.design
    assert read_items((out / "items.csv").read_text(encoding="utf-8")) == folder.study.items
    assert {name: read_run((out / f"runs/{name}.trec").read_text()) for name in SYSTEMS} == folder.study.runs


def test_responses_are_read_back_from_the_report(tmp_path, rated):
    folder, answers = rated
    out = write_report(folder, answers, tmp_path / "out").path.parent
    assert read_responses({name: (out / name).read_text(encoding="utf-8") for name in RESPONSE_FILES}) == answers
    with (out / "ratings.csv").open(encoding="utf-8", newline="") as file:
        assert {row["study_id"] for row in csv.DictReader(file)} == {"tones"}


def test_results_are_valid_json(tmp_path, rated):
    folder, answers = rated
    report = write_report(folder, answers, tmp_path / "out")
    found = json.loads((report.path.parent / "results.json").read_text(encoding="utf-8"), parse_constant=pytest.fail)
    assert found["study_hash"] == folder.study.hash
    assert found["everybody"]["systems"][0]["ndcg"]["value"] == report.results.everybody.systems[0].ndcg.value
    assert report.results == results_of(folder.study, answers)


def test_qrels_have_the_rounded_mean_of_every_rated_pair_without_controls(rated):
    folder, answers = rated
    given = defaultdict(list)
    for final_rating in answers.final_ratings():
        if not final_rating.control_type and not final_rating.is_repeat:
            given[final_rating.query_id, final_rating.item_id].append(final_rating.grade)
    rows = [line.split(" ") for line in qrels(folder.study, answers).splitlines()]
    assert {(query, item): int(grade) for query, _, item, grade in rows} == {
        pair: int(sum(grades) / len(grades) + 0.5) for pair, grades in given.items()
    }
    assert {zero for _, zero, _, _ in rows} == {"0"}
    assert len({len(grades) for grades in given.values()}) == 1
    assert any(sum(grades) % 2 for grades in given.values())  # halves occur, and are rounded up
    assert {item for _, _, item, _ in rows} <= {
        item for query in ("q01", "q02", "q03") for item in folder.study.pool(query)
    }
    assert any(final_rating.control_type for final_rating in answers.final_ratings())


def test_preference_studies_have_no_qrels(tmp_path):
    folder = sample_study(tmp_path / "study", n_queries=3, kind="preference")
    report = write_report(folder, answered(folder, "heron"), tmp_path / "out")
    assert "qrels.txt" not in report.names
    assert not (report.path.parent / "qrels.txt").exists()
    rows = list(csv.DictReader(io.StringIO((report.path.parent / "choices.csv").read_text(encoding="utf-8"))))
    assert len(rows) == len(report.results.raters) * len({row["page"] for row in rows})


def test_a_report_can_be_written_without_ratings(tmp_path):
    folder = sample_study(tmp_path / "study", n_queries=2)
    with ResponseStore(folder.path) as file:
        report = write_report(folder, file.responses(), tmp_path / "out")
    assert "There are no ratings yet." in report.path.read_text(encoding="utf-8")
    assert (report.path.parent / "qrels.txt").read_text() == ""


def test_a_report_overwrites_the_last_report(tmp_path, rated):
    folder, answers = rated
    first = write_report(folder, answers, tmp_path / "out").path.read_bytes()
    (tmp_path / "out" / "report.html").write_text("old")
    (tmp_path / "out" / "note.txt").write_text("mine")
    again = write_report(folder, answers, tmp_path / "out").path
    assert again.read_bytes() == first
    assert (tmp_path / "out" / "note.txt").read_text() == "mine"


def test_a_report_in_the_folder_of_the_study_leaves_the_study_unchanged(rated):
    folder, answers = rated
    before = {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}
    write_report(folder, answers, folder.path)
    assert all(path.read_bytes() == data for path, data in before.items())


def test_another_study_is_never_overwritten(tmp_path, rated):
    folder, answers = rated
    other = sample_study(tmp_path / "other", n_queries=2)
    before = (other.path / "study.yaml").read_bytes()
    with pytest.raises(StudyError, match="contains another study"):
        write_report(folder, answers, other.path)
    assert (other.path / "study.yaml").read_bytes() == before


def test_a_write_error_leaves_the_old_file_unchanged(tmp_path, rated, monkeypatch):
    folder, answers = rated
    out = write_report(folder, answers, tmp_path / "out").path.parent
    (out / "results.json").write_text("old")
    open_path = type(out).open

    def refuse(self, *arguments, **options):
        file = open_path(self, *arguments, **options)
        if self.name == ".results.json.draft":
            with file:
                file.write(b"half of it")
            raise OSError(28, "No space left on device")
        return file

    monkeypatch.setattr(type(out), "open", refuse)
    with pytest.raises(StudyError, match=r"Cannot write the report .* \(no space left on device\)"):
        write_report(folder, answers, out)
    assert (out / "results.json").read_text() == "old"
    assert not list(out.glob(".*"))


def test_a_file_instead_of_a_folder_is_an_error(tmp_path, rated):
    folder, answers = rated
    (tmp_path / "out").write_text("a file")
    with pytest.raises(StudyError, match="Choose another folder"):
        write_report(folder, answers, tmp_path / "out")
