"""What training samples from, and how held-out clips are chosen. No torch."""

import csv
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "models" / "train"))

from ear.data import acoustic_vectors, analysed_clips, clip_words, drawing_weights, held_out, read_clips
from ear.measure import by_query, found_by_class, precision, suggestions
from ear.sections import put_section, table
from small_folder import write_folder

from bowerbird.audio.decode import read_clip
from bowerbird.base.paths import models_path
from bowerbird.encoders.acoustic.constants import read_constants
from bowerbird.encoders.acoustic.encoder import AcousticEncoder
from bowerbird.encoders.ear.word_forms import words_of


def test_words_are_lower_case_and_the_words_of_the_label_follow(tmp_path):
    write_folder(tmp_path, n_sources=1)
    first = read_clips(tmp_path)[0]
    assert first.words == ("low", "hum", "tone")
    assert clip_words("Glass-Breaking_02 x") == ("glass", "breaking")


@pytest.mark.parametrize("text", ["Café ambience", "Türknarren", "cafe\u0301", "Señor_Größe 2", "ÉTÉ", "naïve-Straße"])
def test_training_and_the_program_split_accented_words_alike(text):
    assert clip_words(text) == tuple(word for word in words_of(text) if not word.isdecimal())


def test_an_accented_word_keeps_all_its_letters():
    assert clip_words("Café Türen") == ("café", "türen")


def test_whole_sources_are_held_out_and_groups_never_split(tmp_path):
    write_folder(tmp_path, n_sources=6)
    clips = read_clips(tmp_path)
    is_held = held_out(clips, seed=1, share=0.4)
    assert 0 < is_held.sum() < len(clips)
    inside = {clip.group for clip, held in zip(clips, is_held, strict=True) if held}
    outside = {clip.group for clip, held in zip(clips, is_held, strict=True) if not held}
    assert not inside & outside
    assert np.array_equal(is_held, held_out(clips, seed=1, share=0.4))


def test_takes_of_one_group_share_their_weight(tmp_path):
    write_folder(tmp_path, n_sources=2)
    clips = read_clips(tmp_path)
    weights = drawing_weights(clips)
    assert abs(weights.sum() - 1.0) < 1e-12
    alone = [clip for number, clip in enumerate(clips) if number % 2 == 0]
    assert drawing_weights(alone)[0] > weights[0]
    assert (weights > 0).all()


def test_acoustic_vectors_are_those_of_the_encoder(tmp_path):
    write_folder(tmp_path, n_sources=1)
    clips = read_clips(tmp_path)
    heard = analysed_clips(tmp_path, clips, cache=tmp_path / "cache")
    again = analysed_clips(tmp_path, clips, cache=tmp_path / "cache")
    assert np.array_equal(heard.mel_db, again.mel_db)
    vectors = acoustic_vectors(heard, read_constants(models_path() / "acoustic.npz"))
    windows = [read_clip(tmp_path / clip.path, rate_hz=32_000).samples for clip in clips]
    assert np.allclose(vectors, AcousticEncoder().encode(windows), atol=1e-5)


def test_a_changed_clip_is_analysed_again(tmp_path):
    write_folder(tmp_path, n_sources=1)
    clips = read_clips(tmp_path)
    before = analysed_clips(tmp_path, clips, cache=tmp_path / "cache")
    (tmp_path / clips[-1].path).replace(tmp_path / clips[0].path)
    (tmp_path / clips[-1].path).write_bytes((tmp_path / clips[0].path).read_bytes())
    after = analysed_clips(tmp_path, clips, cache=tmp_path / "cache")
    first = after.mel_db[: after.starts[1]]
    assert np.array_equal(first, before.mel_db[before.starts[-2] :])
    assert not np.array_equal(first, before.mel_db[: before.starts[1]])


def test_an_interrupted_cache_is_not_used(tmp_path, monkeypatch):
    write_folder(tmp_path, n_sources=1)
    clips = read_clips(tmp_path)

    def breaking(file, **arrays):
        file.write(b"half")
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(np, "savez", breaking)
        with pytest.raises(KeyboardInterrupt):
            analysed_clips(tmp_path, clips, cache=tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("*.npz"))
    analysed_clips(tmp_path, clips, cache=tmp_path / "cache")
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".npz"]


def test_precision_counts_the_whole_ranking():
    assert precision(np.array([3.0, 2.0, 1.0]), np.array([True, False, True])) == (1.0 + 2.0 / 3.0) / 2.0
    assert precision(np.array([1.0, 2.0]), np.array([False, False])) == 0.0


def test_a_sound_is_never_compared_with_its_own_group():
    scores = np.array([[9.0, 8.0, 1.0, 0.0]] * 4, np.float32)
    truth = np.array(["a", "a", "a", "b"])
    groups = np.array(["1", "1", "2", "3"])
    # Sounds 0 and 1 find sound 2 first among sounds 2 and 3; sound 2 finds sounds 0 and 1 first.
    assert by_query(scores, truth, groups) == 1.0
    assert found_by_class(np.array([[0.0, 1.0]], np.float32), ["a"], np.array(["a", "b"])) == 0.5


def test_suggestions_are_the_highest():
    assert suggestions(np.array([[0.1, 0.9, 0.5]]), 2).tolist() == [[1, 2]]


def test_every_row_of_the_labels_file_is_read(tmp_path):
    write_folder(tmp_path, n_sources=3)
    with (tmp_path / "labels.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == len(read_clips(tmp_path))


def test_a_section_of_the_report_is_replaced_where_it_stands(tmp_path):
    report = tmp_path / "report.md"
    report.write_text("# Title\n\n## One\n\nold\n\n## Two\n\nkept\n", encoding="utf-8")
    put_section(report, "One", table(["a", "b"], [["1", "2"]]))
    put_section(report, "Three", ["new"])
    put_section(report, "One", ["newer"])
    assert report.read_text(encoding="utf-8") == "# Title\n\n## One\n\nnewer\n\n## Two\n\nkept\n\n## Three\n\nnew\n"
