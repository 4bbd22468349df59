"""Keys of actions and how they change, without Qt."""

from dataclasses import dataclass

import pytest

from bowerbird.gui.shell.keys import KeyMap, Refused, Taken


@dataclass(frozen=True)
class Action:
    name: str
    keys: tuple[str, ...]
    scope: str = "window"


ACTIONS = (
    Action("loop", ("L",), scope="panes"),
    Action("like", ("+", "="), scope="panes"),
    Action("rescan", ("F5",)),
    Action("about", ()),
)


@pytest.fixture
def keys() -> KeyMap:
    return KeyMap(ACTIONS, {})


def test_keys_are_the_default_until_they_are_changed(keys: KeyMap):
    assert keys.keys_of("like") == ("+", "=")
    assert keys.is_default("like")
    keys.assign("like", "K")
    assert keys.keys_of("like") == ("K",)
    assert keys.changed == {"like": ["K"]}
    assert not keys.is_default("like")


def test_an_action_loses_a_key_that_another_is_given(keys: KeyMap):
    keys.assign("loop", "=")
    assert keys.keys_of("like") == ("+",)
    assert keys.changed == {"loop": ["="], "like": ["+"]}


def test_the_default_keys_come_back_from_whoever_has_them(keys: KeyMap):
    keys.assign("rescan", "Ctrl+L")
    keys.assign("like", "L")
    keys.reset("loop")
    assert (keys.keys_of("loop"), keys.keys_of("like")) == (("L",), ())
    keys.reset()
    assert keys.changed == {}


@pytest.mark.parametrize(
    ("name", "key", "problem"),
    [
        ("loop", "K", None),
        ("loop", "L", None),
        ("loop", "+", Taken("like")),
        ("loop", "Up", Refused("fixed")),
        ("rescan", "K", Refused("typed")),
        ("rescan", "Space", Refused("typed")),
        ("rescan", "Ctrl+K", None),
    ],
)
def test_a_key_is_refused_where_it_would_not_work(keys: KeyMap, name: str, key: str, problem: object):
    assert keys.problem(name, key) == problem


def test_what_is_stored_wrongly_is_left_out():
    keys = KeyMap(ACTIONS, {"loop": "L", "gone": ["K"], "like": [1], "rescan": ["F6"]})
    assert keys.changed == {"rescan": ["F6"]}


def test_no_key_at_all_is_a_choice_too():
    keys = KeyMap(ACTIONS, {"loop": []})
    assert keys.keys_of("loop") == ()
    assert keys.changed == {"loop": []}
