"""`bowerbird duplicates`, and copies in `bowerbird search`."""

import json

import numpy as np
import pytest

from sounds import click, sine, write


@pytest.fixture
def indexed(command, tmp_path):
    samples = np.round(2**15 * click()).astype(np.int16)
    write(tmp_path / "sounds" / "a" / "kick.wav", samples.astype(np.int32) << 16, subtype="PCM_24")
    write(tmp_path / "sounds" / "b" / "kick.flac", samples, subtype="PCM_16")
    write(tmp_path / "sounds" / "b" / "soft kick.wav", np.concatenate([np.zeros((4410, 1)), 0.5 * click()]))
    write(tmp_path / "sounds" / "b" / "kick tone.wav", sine(300))
    assert command("index", tmp_path / "sounds").code == 0
    return tmp_path / "sounds"


def test_groups_and_their_differences_are_lines_of_json(command, indexed):
    done = command("duplicates", "--json")
    assert done.code == 0
    (group,) = map(json.loads, done.out.splitlines())
    best, *others = group["sounds"]
    assert (best["path"], best["differences"], best["gain_db"]) == (str(indexed / "a" / "kick.wav"), [], 0.0)
    found = {copy["path"]: copy for copy in others}
    flac, soft = found[str(indexed / "b" / "kick.flac")], found[str(indexed / "b" / "soft kick.wav")]
    assert flac["has_same_samples"]
    assert flac["differences"][1:] == ["name", "folder"]
    assert not soft["has_same_samples"]
    assert -9.0 < soft["gain_db"] < -5.5, "the loudness of so short a sound depends on the silence before it"
    assert "0.10 s longer" in soft["differences"]
    assert soft["format"] == "WAV"


def test_exact_duplicates_are_those_with_the_same_samples(command, indexed):
    (group,) = map(json.loads, command("duplicates", "--exact", "--json").out.splitlines())
    assert {sound["path"] for sound in group["sounds"]} == {
        str(indexed / "a" / "kick.wav"),
        str(indexed / "b" / "kick.flac"),
    }


def test_the_list_for_people_says_what_differs(command, indexed):
    lines = command("duplicates").out.splitlines()
    assert len(lines) == 3
    assert lines[0] == f"1\t{indexed / 'a' / 'kick.wav'}\t"
    assert any(line.split("\t")[2].startswith("same samples, FLAC") for line in lines)


def test_a_library_without_copies_says_so(command, tmp_path):
    write(tmp_path / "sounds" / "tone.wav", sine(300))
    command("index", tmp_path / "sounds")
    assert command("duplicates").out.strip() == "No copies."
    assert command("duplicates", "--json").out == ""


def test_a_search_lists_copies_once_unless_all_are_wanted(command, indexed):
    found = [json.loads(line) for line in command("search", "kick", "--json").out.splitlines()]
    kick = next(match for match in found if match["path"].endswith("kick.wav") and match["copies"])
    assert kick["path"] == str(indexed / "a" / "kick.wav")
    assert set(kick["copies"]) == {str(indexed / "b" / "kick.flac"), str(indexed / "b" / "soft kick.wav")}
    assert len(found) == 2
    assert len(command("search", "kick", "--all-copies", "--json").out.splitlines()) == 4
    assert "+2 copies" in command("search", "kick").out


def test_a_search_lists_one_match_per_folder_on_request(command, indexed):
    lines = command("search", "kick", "--all-copies", "--one-per-folder", "--json").out.splitlines()
    found = [json.loads(line) for line in lines]
    assert [match["path"].split("/")[-2] for match in found].count("b") == 1
    assert max(match["n_others_in_folder"] for match in found) == 2
