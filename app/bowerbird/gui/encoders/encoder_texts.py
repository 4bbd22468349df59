"""Encoders, sizes and speeds in words, and the lines that say what goes on."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from bowerbird.base.text import bytes_text, time_left_text
from bowerbird.encoders.registry import ACOUSTIC_ENCODER, DEFAULT_ENCODER
from bowerbird.encoders.weights.cards import INT8_ENDING, shipped_cards
from bowerbird.encoders.weights.store import installed_weights
from bowerbird.library.encoders.choice import is_of_model
from bowerbird.library.encoders.models import ModelProgress

Verb: TypeAlias = Literal["use", "fetch", "fetch_int8", "check", "compare", "remove", "cancel", "details"]

_SPEED_AFTER_S: Final = 1.0

BUILT_IN: Final = "the built-in ear"


@dataclass(frozen=True, slots=True)
class Act:
    """Something that can be done.

    Attributes
    ----------
    verb : str
    id : str
        Of the encoder; with the ending of its 8-bit weights where these are to be used.
    text : str
        On the button.
    is_proposed : bool
        The one that most people want; there is no second.
    is_minor : bool
        Seldom wanted: it stands back.
    question : str
        Asked before it is done; "" where it can be undone.
    """

    verb: Verb
    id: str
    text: str
    is_proposed: bool = False
    is_minor: bool = False
    question: str = ""


@dataclass(frozen=True, slots=True)
class JobState:
    """What is going on.

    Attributes
    ----------
    text : str
    share : float or None
        Done, in [0, 1]; None where it is not known.
    """

    text: str
    share: float | None = None


@dataclass(frozen=True, slots=True)
class QuietLine:
    """One sentence in the window, with what can be done about it.

    Attributes
    ----------
    text : str
    acts : tuple of Act
    job : JobState or None
        What goes on, in place of a text.
    is_dismissable : bool
    """

    text: str
    acts: tuple[Act, ...] = ()
    job: JobState | None = None
    is_dismissable: bool = True


def is_built_in(name: str) -> bool:
    """Say whether a name is the built-in encoder's, with or without its version."""
    return name == DEFAULT_ENCODER or name.startswith(f"{DEFAULT_ENCODER}-")


def _is_acoustic(name: str) -> bool:
    return name == ACOUSTIC_ENCODER or name.startswith(f"{ACOUSTIC_ENCODER}-")


def short_title(name: str) -> str:
    """Return what an encoder is called in a sentence: its title up to the first comma."""
    if is_built_in(name):
        return BUILT_IN
    if _is_acoustic(name):
        return "the descriptors alone"
    titles = [title for card_id, title in _shipped_titles().items() if is_of_model(name, card_id)]
    if not titles:  # a card of the user's own
        titles = [one.card.title for card_id, one in installed_weights().items() if is_of_model(name, card_id)]
    if not titles:
        return name
    title = titles[0].partition(",")[0]
    return f"{title} 8-bit" if is_8_bit(name) else title


@lru_cache(maxsize=1)
def _shipped_titles() -> dict[str, str]:
    return {name: card.title for name, card in shipped_cards().items()}


def is_8_bit(name: str) -> bool:
    """Say whether an encoder's name means 8-bit weights, wherever they compute."""
    return name.partition("@")[0].endswith(INT8_ENDING)


# One line


DETAILS: Final = Act("details", "", "Details")


def job_line(job: JobState) -> QuietLine:
    """Return the line of work that goes on."""
    return QuietLine("", (Act("cancel", "", "Cancel"),), job, is_dismissable=False)


def came_line(encoder_id: str) -> QuietLine:
    """Return the line of weights that just came: what they are for takes a while, so it is asked for."""
    text = f"{short_title(encoder_id)} is here and checked. Your sounds are gone through once before it serves."
    return QuietLine(text, (Act("use", encoder_id, "Use it"), DETAILS))


class Speed:
    """How fast bytes come, since the first was told."""

    def __init__(self) -> None:
        self._began: tuple[float, int] | None = None

    def of(self, event: ModelProgress, *, now: float) -> float:
        """Take note of an event, and return bytes a second; 0 until there is something to go by."""
        if self._began is None or event.n_done_bytes < self._began[1]:
            self._began = (now, event.n_done_bytes)
        elapsed_s = now - self._began[0]
        return (event.n_done_bytes - self._began[1]) / elapsed_s if elapsed_s >= _SPEED_AFTER_S else 0.0


def job_of(event: ModelProgress, bytes_per_s: float) -> JobState:
    """Say how far work is: "LAION-CLAP: downloading · 120 MB of 622 MB · 4.2 MB a second · 2 min left"."""
    done = "Downloading" if event.text == "Fetching" else event.text
    text = f"{short_title(event.id)}: {done[:1].lower()}{done[1:]}"
    if not event.n_total_bytes:
        return JobState(text)
    text += f" · {bytes_text(event.n_done_bytes) or '0 MB'} of {bytes_text(event.n_total_bytes)}"
    n_left = event.n_total_bytes - event.n_done_bytes
    if bytes_per_s > 0 and n_left > 0:
        text += f" · {bytes_text(round(bytes_per_s))} a second · {time_left_text(n_left / bytes_per_s)} left"
    return JobState(text, event.n_done_bytes / event.n_total_bytes)
