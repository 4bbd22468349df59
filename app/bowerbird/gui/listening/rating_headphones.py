"""The check of headphones, trial by trial. It forbids nothing: how it went is noted."""

from collections.abc import Callable, Sequence
from typing import Final

from bowerbird.gui.listening.rating_playback import Ask, Listening
from bowerbird.gui.listening.rating_state import Act, SoundState, StepState
from bowerbird.listening.headphones import N_TO_PASS, HeadphoneTrial
from bowerbird.playback.events import Stopped

_ANSWERS: Final = ("first", "second", "third")


class HeadphoneCheck:
    """Plays three tones at a time and takes down which was called the quietest.

    Parameters
    ----------
    trials : sequence of HeadphoneTrial
    listening : Listening
    noted : callable
        Takes how it went, once all were answered.
    """

    def __init__(
        self, trials: Sequence[HeadphoneTrial], listening: Listening, *, noted: Callable[[dict[str, object]], None]
    ) -> None:
        self._trials = trials
        self._listening = listening
        self._noted = noted
        self._answers: list[int] = []
        self._has_ended = False
        self._message = ""

    @property
    def is_done(self) -> bool:
        """Whether every trial was answered."""
        return len(self._answers) == len(self._trials)

    @property
    def n_right(self) -> int:
        """Trials in which the quiet tone was found."""
        return sum(answer == trial.quietest for answer, trial in zip(self._answers, self._trials, strict=False))

    @property
    def is_passed(self) -> bool:
        """Whether these are headphones."""
        return self.n_right >= N_TO_PASS

    def play(self) -> None:
        """Play the trial at hand from its beginning."""
        trial = self._trials[len(self._answers)]
        self._message = ""
        self._listening.play(Ask(None, trial.path, trial.duration_s))

    def answer(self, tone: int) -> None:
        """Take an answer down and play the next; one that comes before all three were heard does not count."""
        if not self._has_ended:
            self._message = "Listen to all three, then say which is quietest."
            return
        self._answers.append(tone)
        self._has_ended = False
        self._listening.stop()
        if self.is_done:
            n_trials = len(self._trials)
            self._noted({"n_right": self.n_right, "n_trials": n_trials, "is_passed": self.is_passed})
        else:
            self.play()

    def handle(self, event: object) -> None:
        """Learn from the player that a trial was heard to its end."""
        if isinstance(event, Stopped) and event.finished and not self.is_done:
            self._has_ended |= event.path == self._trials[len(self._answers)].path

    def state(self) -> StepState:
        """Return what is shown: the trial at hand, or how it went."""
        if self.is_done:
            return self._result()
        return StepState(
            name="headphones",
            heading="Which tone is quietest?",
            paragraphs=(
                "Three tones follow one another. Which is quietest is heard through headphones, not in a room.",
                f"{len(self._answers) + 1} of {len(self._trials)}",
            ),
            acts=(
                *(Act(f"tone_{index}", str(index + 1), f"The {name}") for index, name in enumerate(_ANSWERS)),
                Act("play", "space", "Play again"),
            ),
            sound=SoundState(
                None, "", "", self._listening.position_share, self._has_ended, self._listening.playing is not None
            ),
            message=self._listening.fault or self._message,
        )

    def _result(self) -> StepState:
        found = f"The quiet tone was found in {self.n_right} of {len(self._trials)}."
        again: tuple[Act, ...] = ()
        if self.is_passed:
            words = f"{found} Keep the headphones on."
        else:
            again = (Act("again", "r", "Check again"),)
            words = (
                f"{found} That is what loudspeakers sound like, or one channel alone. Put headphones on, both sides, "
                "and check again; or go on without: that is noted, and forbids nothing."
            )
        proposed = Act("advance", "enter", "Go on", is_proposed=True)
        heading = "These are headphones" if self.is_passed else "These may not be headphones"
        return StepState(name="headphones_result", heading=heading, paragraphs=(words,), acts=(proposed, *again))
