"""The headphone check. It never blocks a rater: its result is stored."""

from collections.abc import Callable, Sequence

from bowerbird.gui.listening import rating_steps
from bowerbird.gui.listening.rating_playback import Stimulus, StimulusPlayer
from bowerbird.gui.listening.rating_state import Action, SoundState, StepState
from bowerbird.gui.translation import translate
from bowerbird.listening.headphones import N_TO_PASS, HeadphoneTrial
from bowerbird.playback.events import Stopped


class HeadphoneCheck:
    """Plays three tones at a time, and asks which one is quietest.

    Parameters
    ----------
    trials : sequence of HeadphoneTrial
    player : StimulusPlayer
    finished : callable
        Receives the result after the last trial.
    """

    def __init__(
        self,
        trials: Sequence[HeadphoneTrial],
        player: StimulusPlayer,
        *,
        finished: Callable[[dict[str, object]], None],
    ) -> None:
        self._trials = trials
        self._player = player
        self._finished = finished
        self._answers: list[int] = []
        self._was_played = False
        self._message: str | None = None

    @property
    def is_done(self) -> bool:
        """Whether every trial was answered."""
        return len(self._answers) == len(self._trials)

    @property
    def n_right(self) -> int:
        """Number of correct answers."""
        return sum(answer == trial.quietest for answer, trial in zip(self._answers, self._trials, strict=False))

    @property
    def is_passed(self) -> bool:
        """Whether the rater probably wears headphones."""
        return self.n_right >= N_TO_PASS

    def play(self) -> None:
        """Play the current trial from the start."""
        trial = self._trials[len(self._answers)]
        self._message = None
        self._player.play(Stimulus(None, trial.path, trial.duration_s))

    def answer(self, tone: int) -> None:
        """Store an answer and play the next trial; refuse it before all three tones were played."""
        if not self._was_played:
            self._message = translate("Rating", "Listen to all three tones, then choose the quietest.")
            return
        self._answers.append(tone)
        self._was_played = False
        self._player.stop()
        if self.is_done:
            n_trials = len(self._trials)
            self._finished({"n_right": self.n_right, "n_trials": n_trials, "is_passed": self.is_passed})
        else:
            self.play()

    def handle(self, event: object) -> None:
        """Note when a trial was played to its end."""
        if isinstance(event, Stopped) and event.finished and not self.is_done:
            self._was_played |= event.path == self._trials[len(self._answers)].path

    def state(self) -> StepState:
        """Return the current trial, or the result."""
        if self.is_done:
            return self._result()
        tones = (translate("Rating", "First"), translate("Rating", "Second"), translate("Rating", "Third"))
        return StepState(
            name="headphones",
            heading=translate("Rating", "Which tone is quietest?"),
            paragraphs=(
                translate(
                    "Rating",
                    "You will hear three tones. With headphones it is easy to hear which is the "
                    "quietest; with loudspeakers it is not.",
                ),
                translate("Rating", "{n} of {total}").format(n=len(self._answers) + 1, total=len(self._trials)),
            ),
            actions=(
                *(Action(f"tone_{index}", str(index + 1), name) for index, name in enumerate(tones)),
                Action("play", "space", translate("Rating", "Play again")),
            ),
            sound=SoundState(
                None, "", "", self._player.position_share, self._was_played, self._player.playing is not None
            ),
            message=self._player.error or self._message,
        )

    def _result(self) -> StepState:
        found = translate("Rating", "You found the quiet tone in {n} of {total} trials.").format(
            n=self.n_right, total=len(self._trials)
        )
        proceed = rating_steps.proceed()
        if self.is_passed:
            text = f"{found} {translate('Rating', 'Keep them on.')}"
            return StepState("headphones_result", translate("Rating", "Headphones detected"), (text,), (proceed,))
        advice = translate(
            "Rating",
            "This is typical of loudspeakers or of a single channel. Put on headphones, check that both sides "
            "play, and check again. You can also continue without headphones; the result of this check is stored.",
        )
        again = Action("again", "r", translate("Rating", "Check again"))
        return StepState(
            "headphones_result", translate("Rating", "No headphones detected"), (f"{found} {advice}",), (proceed, again)
        )
