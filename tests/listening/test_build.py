"""Building a study: excerpts of equal loudness, nothing that identifies the library, whole or not at all."""

import json
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from bowerbird.audio.excerpts import EXCERPT_RATE_HZ, PEAK_GUARD_DB, make_excerpt
from bowerbird.audio.loudness import LoudnessMeter
from bowerbird.audio.writing import write_flac
from bowerbird.base.errors import AudioError, StudyError
from bowerbird.jobs.control import Cancelled, Control
from bowerbird.listening.build import build_study
from bowerbird.listening.instructions import default_instructions
from bowerbird.listening.store import open_study
from bowerbird.listening.study import Candidate, QueryChoice, RankedItem, RankedStudy, StudyDesign, StudyQuery, System
from sounds import noise, write

SYSTEM = System("one", kind="random")


def tone(path, *, level=0.3, duration_s=1.0, rate_hz=44_100, lead_s=0.0, n_channels=1):
    time_s = np.arange(int(duration_s * rate_hz)) / rate_hz
    sound = level * np.sin(2 * np.pi * 440 * time_s)
    sound = np.concatenate([np.zeros(int(lead_s * rate_hz)), sound])
    soundfile.write(path, np.stack([sound] * n_channels, axis=1), rate_hz, subtype="FLOAT")
    return path


def build(ranked, folder, **options):
    return build_study(ranked, folder, control=Control(), **options)


def measured(samples):
    """Measure loudness as listeners hear it: a single channel goes to both ears."""
    meter = LoudnessMeter(EXCERPT_RATE_HZ, 2)
    meter.push(np.broadcast_to(samples, (len(samples), 2)))
    return meter.finish()


@pytest.mark.parametrize("level", [0.001, 0.05, 0.9])
@pytest.mark.parametrize("rate_hz", [22_050, 44_100, 96_000])
def test_excerpts_have_equal_loudness_whatever_the_level_of_the_sound(tmp_path, level, rate_hz):
    excerpt = make_excerpt(tone(tmp_path / "a.wav", level=level, rate_hz=rate_hz), longest_s=10.0, target_lufs=-23.0)
    assert measured(excerpt.samples).integrated_lufs == pytest.approx(-23.0, abs=0.2)
    assert excerpt.lufs + excerpt.gain_db == pytest.approx(-23.0, abs=0.01)


def test_mono_is_as_loud_as_the_same_sound_in_stereo(tmp_path):
    mono, stereo = (
        make_excerpt(tone(tmp_path / f"{n}.wav", n_channels=n), longest_s=10.0, target_lufs=-23.0) for n in (1, 2)
    )
    np.testing.assert_allclose(mono.samples[:, 0], stereo.samples[:, 0], atol=1e-4)


def test_the_peak_of_a_click_limits_its_gain(tmp_path):
    click = np.zeros(44_100, np.float32)
    click[100] = 0.01
    soundfile.write(tmp_path / "c.wav", click, 44_100, subtype="FLOAT")
    excerpt = make_excerpt(tmp_path / "c.wav", longest_s=10.0, target_lufs=-23.0)
    assert measured(excerpt.samples).true_peak_db == pytest.approx(PEAK_GUARD_DB, abs=0.3)
    assert measured(excerpt.samples).integrated_lufs < -23.0


def test_an_excerpt_starts_with_the_sound_and_has_the_maximum_length(tmp_path):
    excerpt = make_excerpt(tone(tmp_path / "a.wav", duration_s=3.0, lead_s=2.0), longest_s=1.5, target_lufs=-23.0)
    assert excerpt.start_s == pytest.approx(2.0, abs=0.01)
    assert excerpt.duration_s == pytest.approx(1.5, abs=0.01)
    assert abs(excerpt.samples[-1, 0]) < 0.01  # faded, not cut off


def test_stereo_stays_and_more_channels_become_one(tmp_path):
    for n_channels, n_kept in ((1, 1), (2, 2), (6, 1)):
        path = tone(tmp_path / f"{n_channels}.wav", n_channels=n_channels)
        assert make_excerpt(path, longest_s=10.0, target_lufs=-23.0).samples.shape[1] == n_kept


def test_silence_and_undecodable_files_are_refused(tmp_path):
    soundfile.write(tmp_path / "s.wav", np.zeros(4410), 44_100)
    with pytest.raises(AudioError, match="is silent"):
        make_excerpt(tmp_path / "s.wav", longest_s=10.0, target_lufs=-23.0)
    (tmp_path / "x.wav").write_bytes(b"RIFF")
    with pytest.raises(AudioError):
        make_excerpt(tmp_path / "x.wav", longest_s=10.0, target_lufs=-23.0)


def test_an_excerpt_that_cannot_be_written_is_an_error(tmp_path):
    with pytest.raises(AudioError, match="cannot be written"):
        write_flac(tmp_path / "absent" / "a.flac", np.zeros((10, 1), np.float32), 48_000)


@pytest.fixture
def ranked(tmp_path):
    """Six sounds in a folder with a private name; the last cannot be decoded."""
    folder = tmp_path / "Private Folder"
    folder.mkdir()
    candidates = {}
    for number in range(6):
        path = folder / f"My Name {number}.wav"
        write(path, noise(number, duration_s=0.3, rate_hz=44_100), 44_100)
        candidates[f"{number:012x}"] = Candidate(path, f"{number:032x}", "noise")
    (folder / "My Name 5.wav").write_bytes(b"RIFF")
    results = tuple(RankedItem(f"{number:012x}", 1.0 - number / 10) for number in (1, 5, 2, 3))
    design = StudyDesign("s", "S", (SYSTEM,), depth=2, queries=(StudyQuery("q01", f"{0:012x}", far_id=f"{4:012x}"),))
    return RankedStudy(design, candidates, {"one": {"q01": results}}, {"one": {"kind": "random"}})


def test_the_next_result_replaces_a_sound_that_cannot_be_decoded(tmp_path, ranked):
    steps = []
    built = build(ranked, tmp_path / "s", report=steps.append)
    study = built.folder.study
    assert [run.item_id for run in study.runs["one"]["q01"]] == [f"{1:012x}", f"{2:012x}"]
    assert len(built.notes) == 1
    assert "My Name 5.wav" in built.notes[0]
    assert steps[-1].n_done == steps[-1].n_total == len(study.items) == 4
    assert open_study(tmp_path / "s").study == study


def test_study_files_do_not_identify_the_library(tmp_path, ranked):
    folder = build(ranked, tmp_path / "s").folder.path
    home = folder / "home.json"
    assert str(tmp_path / "Private Folder" / "My Name 1.wav") in json.loads(home.read_text()).values()
    for path in folder.rglob("*"):
        if path.is_file() and path != home:
            content = path.read_bytes()
            assert b"Private" not in content
            assert b"My Name" not in content


def test_a_chosen_query_that_cannot_be_decoded_is_an_error_and_nothing_is_left(tmp_path, ranked):
    design = replace(
        ranked.design, queries=(StudyQuery("q01", f"{5:012x}"),), choice=QueryChoice("sounds", sounds=("x",))
    )
    with pytest.raises(StudyError, match=r"A query cannot be played. My Name 5.wav"):
        build(replace(ranked, design=design), tmp_path / "s")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Private Folder"]


def test_a_random_query_that_cannot_be_decoded_is_left_out_with_a_note(tmp_path, ranked):
    queries = (StudyQuery("q01", f"{5:012x}"), StudyQuery("q02", f"{0:012x}"))
    results = ranked.runs["one"]["q01"]
    built = build(
        replace(ranked, design=replace(ranked.design, queries=queries), runs={"one": {"q01": results, "q02": results}}),
        tmp_path / "s",
    )
    assert [query.id for query in built.folder.study.design.queries] == ["q02"]
    assert any(note.startswith("A query was left out.") for note in built.notes)


def test_a_low_anchor_that_cannot_be_decoded_is_left_out(tmp_path, ranked):
    design = replace(ranked.design, queries=(StudyQuery("q01", f"{0:012x}", far_id=f"{5:012x}"),))
    assert build(replace(ranked, design=design), tmp_path / "s").folder.study.design.queries[0].far_id == ""


def test_a_study_is_never_overwritten(tmp_path, ranked):
    (tmp_path / "s").mkdir()
    with pytest.raises(StudyError, match="already exists"):
        build(ranked, tmp_path / "s")


def test_cancelling_leaves_nothing(tmp_path, ranked):
    control = Control()
    with pytest.raises(Cancelled):
        build_study(ranked, tmp_path / "s", control=control, report=lambda _: control.cancel())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Private Folder"]


def test_a_study_without_results_is_refused(tmp_path, ranked):
    with pytest.raises(StudyError, match="No query has any results"):
        build(replace(ranked, runs={"one": {"q01": ()}}), tmp_path / "s")


def test_a_built_study_stores_its_question_and_instructions(tmp_path, ranked):
    design = build(ranked, tmp_path / "s").folder.study.design
    assert design.question == "How similar is each sound to the reference?"
    assert design.instructions == "\n\n".join(default_instructions(ranked.design))
    mine = replace(ranked.design, question="Mine?", instructions="My way.")
    design = build(replace(ranked, design=mine), tmp_path / "t").folder.study.design
    assert (design.question, design.instructions) == ("Mine?", "My way.")
