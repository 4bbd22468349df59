"""The keys of actions, and how users change them. No Qt.

A key is written as Qt's portable text: "Ctrl+F", "Alt+Left", "Space".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

_FIXED = frozenset({"Up", "Down", "Home", "End", "PgUp", "PgDown", "Tab", "Shift+Tab", "Menu", "F10"})
"""Keys that move through lists and panes."""


class KeyedAction(Protocol):
    """What is needed of an action; see `bowerbird.gui.shell.actions.ActionSpec`."""

    @property
    def name(self) -> str:
        """In code and settings."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The default keys."""

    @property
    def scope(self) -> str:
        """Where its keys work; "window" includes the search box."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A key cannot be used, with the reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class Taken:
    """A key belongs to another action."""

    name: str


class KeyMap:
    """The keys of all actions.

    Parameters
    ----------
    actions : sequence of KeyedAction
    changed : mapping of str to sequence of str
        Keys by action, where they differ from the default; unknown actions and keys that are not texts are left out.
    """

    def __init__(self, actions: Sequence[KeyedAction], changed: Mapping[str, object]) -> None:
        self._defaults = {action.name: action.keys for action in actions}
        self._is_for_typing = {action.name: action.scope == "window" for action in actions}
        self._changed = {
            name: tuple(keys)
            for name, keys in changed.items()
            if name in self._defaults and isinstance(keys, list) and all(isinstance(key, str) for key in keys)
        }

    @property
    def changed(self) -> dict[str, list[str]]:
        """Keys by action, where they differ from the default: for the settings."""
        return {name: list(keys) for name, keys in self._changed.items() if keys != self._defaults[name]}

    def keys_of(self, name: str) -> tuple[str, ...]:
        """Return the keys of an action; the first is shown in its menu."""
        return self._changed.get(name, self._defaults[name])

    def is_default(self, name: str) -> bool:
        """Return whether an action has its default keys."""
        return self.keys_of(name) == self._defaults[name]

    def problem(self, name: str, key: str) -> Refused | Taken | None:
        """Return why an action cannot have a key; None if it can."""
        if key in _FIXED:
            return Refused("fixed")
        is_typed = len(key) == 1 or key == "Space"
        if is_typed and self._is_for_typing[name]:
            return Refused("typed")
        owner = next((other for other in self._defaults if other != name and key in self.keys_of(other)), None)
        return Taken(owner) if owner is not None else None

    def assign(self, name: str, key: str | None) -> None:
        """Give an action a key in place of its own, or none; the action that had it loses it."""
        if key is not None:
            for other in self._defaults:
                if other != name and key in self.keys_of(other):
                    self._changed[other] = tuple(kept for kept in self.keys_of(other) if kept != key)
        self._changed[name] = (key,) if key is not None else ()

    def reset(self, name: str | None = None) -> None:
        """Return to the default keys of an action, or of all; other actions lose keys that are its own again."""
        if name is None:
            self._changed.clear()
            return
        self._changed.pop(name, None)
        for key in self._defaults[name]:
            for other in self._defaults:
                if other != name and key in self.keys_of(other):
                    self._changed[other] = tuple(kept for kept in self.keys_of(other) if kept != key)
