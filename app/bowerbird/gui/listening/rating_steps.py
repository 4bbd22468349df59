"""The pages between the trials, as values."""

from pathlib import Path
from typing import Final

from bowerbird.base.text import count_text
from bowerbird.gui.listening import rating_texts as rating_words
from bowerbird.gui.listening.rating_state import Act, SoundState, StepState
from bowerbird.listening.bundles import RATINGS_ENDING
from bowerbird.listening.plan import estimated_minutes
from bowerbird.listening.study import Study, StudyDesign

GO_ON: Final = Act("advance", "enter", "Go on", is_proposed=True)


def instructions(study: Study, *, n_pages: int) -> StepState:
    """Return what a rater reads first."""
    text = rating_words.instructions(study.design, n_pages=n_pages, minutes=estimated_minutes(study))
    return StepState("instructions", "What to do", text, (GO_ON,), keys=rating_words.keys(study.design))


def level(sound: SoundState) -> StepState:
    """Return the page on which the volume is set."""
    text = (
        "Set your system's volume until this is comfortable, then leave it as it is. Every sound of the test is "
        "as loud as this one, as far as its peaks allow."
    )
    acts = (Act("advance", "enter", "It is comfortable", is_proposed=True), Act("play", "space", "Stop or play"))
    return StepState("level", "How loud", (text,), acts, sound=sound)


def welcome(pseudonym: str, *, n_done: int, n_pages: int) -> StepState:
    """Return what a rater reads who comes back."""
    text = (
        f"{n_done} of {n_pages} pages are done. You go on where you left, with the sounds in the same order. "
        "Leave the volume as it was."
    )
    acts = (GO_ON, Act("instruct", "i", "What to do"), Act("level", "v", "Set the volume again"))
    return StepState("welcome", f"Welcome back, {pseudonym}", (text,), acts)


def trained() -> StepState:
    """Return what stands between training and trials."""
    return StepState("trained", "That was the training", ("From here on your answers count.",), (GO_ON,))


def rest(design: StudyDesign) -> StepState:
    """Return the proposal of a break."""
    text = (
        f"You have listened for {design.break_after_min:.0f} minutes. A few minutes of quiet help. "
        "Every answer is kept, and the next page waits."
    )
    return StepState("break", "Time to rest your ears", (text,), (GO_ON, Act("leave", "l", "Leave for today")))


def done(design: StudyDesign, folder: Path, *, n_pages: int) -> StepState:
    """Return what a rater reads at the end."""
    n_answered = count_text(n_pages, "page", "pages")
    return StepState(
        "done",
        "All done, thank you",
        (f"{n_answered} answered. The answers are kept in {folder}. To hand them over, run:",),
        (Act("leave", "escape", "Close", is_proposed=True),),
        command=f"bowerbird study export {design.name} {design.name}{RATINGS_ENDING} --ratings",
    )
