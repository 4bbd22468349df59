"""The settings file: versions, invalid values, and writes that succeed or change nothing."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.base.settings import VERSION, Settings, invalid_path, load_settings, save_settings

FULL = Settings(
    folder="/sounds/Drums",
    directory="Drums/Kicks",
    order="duration",
    is_descending=True,
    volume_db=-7.5,
    is_auto_play=False,
    is_loop=True,
    is_even=True,
    output="Headphones",
    latency="high",
    has_folders=False,
    theme="light",
    columns=["name", "rate"],
    column_widths={"rate": 120},
    keys={"loop": ["K"]},
    labels="/sounds/labels.csv",
    geometry="AAAA",
    splitter="BBBB",
    rows_splitter="CCCC",
)


def test_what_is_saved_is_loaded(tmp_path: Path):
    save_settings(FULL, tmp_path / "new" / "settings.json")
    assert load_settings(tmp_path / "new" / "settings.json") == FULL
    assert list((tmp_path / "new").iterdir()) == [tmp_path / "new" / "settings.json"]


def test_a_directory_of_any_bytes_survives(tmp_path: Path):
    odd = replace(FULL, directory="caf\udce9/ß/\N{SNOWMAN}")
    save_settings(odd, tmp_path / "settings.json")
    assert load_settings(tmp_path / "settings.json") == odd


def test_without_a_file_there_are_defaults_and_nothing_is_reported(tmp_path: Path):
    reported: list[str] = []
    assert load_settings(tmp_path / "settings.json", reported.append) == Settings()
    assert reported == []


def test_settings_without_a_version_are_upgraded(tmp_path: Path):
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({**asdict(FULL), "folder": "", "directory": "", "labels": "", "geometry": ""}))
    reported: list[str] = []
    expected = replace(FULL, folder=None, directory=None, labels=None, geometry=None)
    assert load_settings(path, reported.append) == expected
    assert reported == []
    save_settings(expected, path)
    assert json.loads(path.read_text())["version"] == VERSION == 1
    assert load_settings(path, reported.append) == expected
    assert reported == []


@pytest.mark.parametrize("data", [b"", b"{", b"null", b"[]", b"7", b"\xff\xfe\x00", b'{"theme": '])
def test_a_damaged_file_is_reported_and_kept(tmp_path: Path, data: bytes):
    path = tmp_path / "settings.json"
    path.write_bytes(data)
    reported: list[str] = []
    assert load_settings(path, reported.append) == Settings()
    assert reported == [
        "The settings file is damaged, so Bowerbird uses its defaults. The file is kept as settings.invalid.json."
    ]
    save_settings(FULL, path)
    assert invalid_path(path).read_bytes() == data


def test_values_of_the_wrong_type_are_reported_and_have_their_defaults(tmp_path: Path):
    wrong = {**asdict(FULL), "is_loop": 1, "volume_db": "loud", "theme": None, "is_descending": "yes"}
    (tmp_path / "settings.json").write_text(json.dumps(wrong))
    new = Settings()
    reported: list[str] = []
    assert load_settings(tmp_path / "settings.json", reported.append) == replace(
        FULL, is_loop=new.is_loop, volume_db=new.volume_db, theme=new.theme, is_descending=new.is_descending
    )
    (sentence,) = reported
    assert sentence == (
        "Some settings were invalid and have been reset to their defaults: is_descending, volume_db, is_loop, theme. "
        "The file is kept as settings.invalid.json."
    )


def test_an_integer_is_a_volume_and_a_boolean_is_not(tmp_path: Path):
    (tmp_path / "settings.json").write_text('{"volume_db": -6}')
    assert load_settings(tmp_path / "settings.json").volume_db == -6.0
    (tmp_path / "settings.json").write_text('{"volume_db": true}')
    assert load_settings(tmp_path / "settings.json").volume_db == 0.0


def test_settings_of_a_newer_version_are_used_and_the_file_is_kept(tmp_path: Path):
    path = tmp_path / "settings.json"
    path.write_text('{"version": 99, "theme": "dark", "invented": [1, 2]}')
    reported: list[str] = []
    assert load_settings(path, reported.append) == Settings(theme="dark")
    (sentence,) = reported
    assert sentence == (
        "The settings were saved by a newer version of Bowerbird; some of them may be ignored. "
        "The file is kept as settings.invalid.json."
    )


def test_a_disk_that_refuses_is_a_warning_and_the_old_file_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    path = tmp_path / "settings.json"
    save_settings(FULL, path)

    def refuse(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("bowerbird.base.files.os.replace", refuse)
    save_settings(Settings(), path)
    assert "settings were not saved: no space left on device" in caplog.text
    assert load_settings(path) == FULL


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(list(asdict(Settings()))) | st.text(), JSON))
def test_whatever_json_holds_settings_have_their_types(tmp_path_factory: pytest.TempPathFactory, stored: dict):
    path = tmp_path_factory.mktemp("any") / "settings.json"
    path.write_text(json.dumps(stored))
    loaded = asdict(load_settings(path))
    new, full = asdict(Settings()), asdict(FULL)
    assert all(type(value) in {type(new[name]), type(full[name])} for name, value in loaded.items())
    assert all(isinstance(name, str) for name in loaded["columns"] or ())
    assert all(type(px) is int for px in loaded["column_widths"].values())
    assert all(isinstance(key, str) for keys in loaded["keys"].values() for key in keys)
