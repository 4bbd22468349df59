"""Names of encoders in sentences, progress in words, and the notices about encoders. No Qt."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from bowerbird.base.text import bytes_text, time_left_text
from bowerbird.encoders.registry import ACOUSTIC_ENCODER, DEFAULT_ENCODER, JOINT
from bowerbird.encoders.weights.cards import INT8_ENDING, Card, shipped_cards
from bowerbird.encoders.weights.store import installed_weights
from bowerbird.gui.translation import translate
from bowerbird.jobs.progress import Progress
from bowerbird.library.encoders.choice import is_of_model
from bowerbird.library.encoders.models import short_name

Verb: TypeAlias = Literal["use", "fetch", "fetch_int8", "check", "compare", "remove", "cancel", "details"]

_SPEED_AFTER_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class EncoderAction:
    """An action that a button offers.

    Attributes
    ----------
    verb : str
    id : str or None
        Of the encoder, with the ending of its 8-bit weights if these are to be used.
    text : str
        On the button.
    is_primary : bool
        Recommended; at most one action is.
    is_minor : bool
        Shown as a link.
    question : str or None
        Asked before an action that cannot be undone.
    """

    verb: Verb
    id: str | None
    text: str
    is_primary: bool = False
    is_minor: bool = False
    question: str | None = None


@dataclass(frozen=True, slots=True)
class JobState:
    """A running job.

    Attributes
    ----------
    text : str
    share : float or None
        The part that is done, in [0, 1]; None if unknown.
    """

    text: str
    share: float | None = None


@dataclass(frozen=True, slots=True)
class NoticeState:
    """The notice in the window.

    Attributes
    ----------
    text : str
    actions : tuple of EncoderAction
    job : JobState or None
        The running job, shown in place of the text.
    is_dismissable : bool
    """

    text: str
    actions: tuple[EncoderAction, ...] = ()
    job: JobState | None = None
    is_dismissable: bool = True


def is_built_in(name: str) -> bool:
    """Return whether a name or full id is the built-in encoder's."""
    return name == DEFAULT_ENCODER or name.startswith(f"{DEFAULT_ENCODER}-")


def _is_acoustic(name: str) -> bool:
    return name == ACOUSTIC_ENCODER or name.startswith(f"{ACOUSTIC_ENCODER}-")


def short_title(name: str) -> str:
    """Return an encoder's title for use in a sentence, up to the first comma."""
    if is_built_in(name):
        return translate("Encoders", "the built-in encoder")
    if _is_acoustic(name):
        return translate("Encoders", "the acoustic encoder")
    if JOINT in name:
        first, _, second = name.partition(JOINT)
        return translate("Encoders", "{encoder} with {other}").format(
            encoder=short_title(first), other=short_title(second)
        )
    titles = [title for card_id, title in _shipped_titles().items() if is_of_model(name, card_id)]
    if not titles:  # the user's own card
        titles = [
            short_name(weights.card) for card_id, weights in installed_weights().items() if is_of_model(name, card_id)
        ]
    if not titles:
        return name
    return translate("Encoders", "{title} 8-bit").format(title=titles[0]) if is_8_bit(name) else titles[0]


@lru_cache(maxsize=1)
def _shipped_titles() -> dict[str, str]:
    return {name: short_name(card) for name, card in shipped_cards().items()}


def is_8_bit(name: str) -> bool:
    """Return whether an encoder's name refers to 8-bit weights, on any device."""
    return name.partition("@")[0].endswith(INT8_ENDING)


# Notices


def details_action() -> EncoderAction:
    """Return the action that opens the dialog."""
    return EncoderAction("details", None, translate("Encoders", "Details"))


def job_notice(job: JobState) -> NoticeState:
    """Return the notice of a running job."""
    return NoticeState("", (EncoderAction("cancel", None, translate("Encoders", "Cancel")),), job, is_dismissable=False)


def ready_notice(card: Card) -> NoticeState:
    """Return the notice that offers to use weights that were just installed; with the ear if they need it for text."""
    used = f"{DEFAULT_ENCODER}{JOINT}{card.id}" if card.text is None else card.id
    text = translate("Encoders", "{encoder} is ready. Before search can use it, it has to index your library.")
    return NoticeState(
        text.format(encoder=short_name(card)),
        (EncoderAction("use", used, translate("Encoders", "Use it")), details_action()),
    )


class Speed:
    """Measures bytes a second since the first progress in bytes."""

    def __init__(self) -> None:
        self._began: tuple[float, int] | None = None

    def of(self, progress: Progress, *, now: float) -> float:
        """Record progress and return bytes a second; 0 while too little is known."""
        if progress.unit != "bytes":
            return 0.0
        if self._began is None or progress.n_done < self._began[1]:
            self._began = (now, progress.n_done)
        elapsed_s = now - self._began[0]
        return (progress.n_done - self._began[1]) / elapsed_s if elapsed_s >= _SPEED_AFTER_S else 0.0


def job_state(progress: Progress, bytes_per_s: float) -> JobState:
    """Return progress with speed and time left, such as "… · 120 MB of 622 MB · 4.2 MB a second · 2 min left"."""
    text = progress.text
    n_left = progress.n_total - progress.n_done
    if bytes_per_s > 0 and n_left > 0:
        text = translate("Encoders", "{progress} · {size} a second · {time} left").format(
            progress=text, size=bytes_text(round(bytes_per_s)), time=time_left_text(n_left / bytes_per_s)
        )
    return JobState(text, progress.share)
