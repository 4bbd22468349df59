"""The file of settings: what is damaged is as new, what is written is whole."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.base.settings import Settings, load_settings, save_settings

FULL = Settings(
    directory="Drums/Kicks",
    order="duration",
    is_descending=True,
    volume_db=-7.5,
    is_auto_play=False,
    is_loop=True,
    has_folders=False,
    theme="light",
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


def test_no_file_is_as_new(tmp_path: Path):
    assert load_settings(tmp_path / "settings.json") == Settings()


@pytest.mark.parametrize("data", [b"", b"{", b"null", b"[]", b"7", b"\xff\xfe\x00", b'{"theme": '])
def test_a_damaged_file_is_as_new(tmp_path: Path, data: bytes):
    (tmp_path / "settings.json").write_bytes(data)
    assert load_settings(tmp_path / "settings.json") == Settings()


def test_a_value_of_the_wrong_type_is_as_new_and_the_others_hold(tmp_path: Path):
    wrong = {**asdict(FULL), "is_loop": 1, "volume_db": "loud", "theme": None, "is_descending": "yes"}
    (tmp_path / "settings.json").write_text(json.dumps(wrong))
    new = Settings()
    assert load_settings(tmp_path / "settings.json") == replace(
        FULL, is_loop=new.is_loop, volume_db=new.volume_db, theme=new.theme, is_descending=new.is_descending
    )


def test_a_whole_number_is_a_volume_and_a_truth_is_none(tmp_path: Path):
    (tmp_path / "settings.json").write_text('{"volume_db": -6}')
    assert load_settings(tmp_path / "settings.json").volume_db == -6.0
    (tmp_path / "settings.json").write_text('{"volume_db": true}')
    assert load_settings(tmp_path / "settings.json").volume_db == 0.0


def test_what_a_newer_program_wrote_is_left_alone(tmp_path: Path):
    (tmp_path / "settings.json").write_text('{"theme": "dark", "invented": [1, 2]}')
    assert load_settings(tmp_path / "settings.json") == Settings(theme="dark")


def test_a_disk_that_refuses_is_a_warning_and_the_old_file_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    path = tmp_path / "settings.json"
    save_settings(FULL, path)

    def refuse(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("bowerbird.base.settings.os.replace", refuse)
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
    assert {name: type(value) for name, value in loaded.items()} == {
        name: type(value) for name, value in asdict(Settings()).items()
    }
