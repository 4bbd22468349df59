"""The pages between the trials."""

from pathlib import Path
from typing import Final

from bowerbird.gui.listening import rating_texts as texts
from bowerbird.gui.listening.rating_state import Action, SoundState, StepState
from bowerbird.listening.plan import estimated_minutes
from bowerbird.listening.study import Study, StudyDesign

CONTINUE: Final = Action("advance", "enter", texts.CONTINUE, is_default=True)


def instructions(study: Study, *, n_pages: int) -> StepState:
    """Return the instructions."""
    paragraphs = texts.instructions(study.design, n_pages=n_pages, minutes=estimated_minutes(study))
    return StepState("instructions", "Instructions", paragraphs, (CONTINUE,), keys=texts.keys(study.design))


def level(sound: SoundState) -> StepState:
    """Return the page for setting the volume."""
    text = (
        "Set the volume of your system to a comfortable level, then leave it unchanged. All sounds of the test are "
        "about as loud as this one."
    )
    actions = (Action("advance", "enter", "Volume is set", is_default=True), Action("play", "space", "Stop or play"))
    return StepState("level", "Set the volume", (text,), actions, sound=sound)


def welcome(pseudonym: str, *, n_done: int, n_pages: int) -> StepState:
    """Return the page for a rater who resumes."""
    text = (
        f"{n_done} of {n_pages} pages are done. You continue where you stopped, with the sounds in the same order. "
        "Leave the volume unchanged."
    )
    actions = (CONTINUE, Action("instruct", "i", "Instructions"), Action("level", "v", "Set the volume again"))
    return StepState("welcome", f"Welcome back, {pseudonym}", (text,), actions)


def trained() -> StepState:
    """Return the page between training and trials."""
    return StepState("trained", "Training is complete", ("From now on your responses count.",), (CONTINUE,))


def rest(design: StudyDesign) -> StepState:
    """Return the page that suggests a break."""
    text = (
        f"You have listened for {design.break_after_min:.0f} minutes. Rest for a few minutes before you continue. "
        "All responses are saved."
    )
    return StepState("break", "Take a break", (text,), (CONTINUE, Action("leave", "l", "Finish for today")))


def done(design: StudyDesign, folder: Path, *, n_pages: int) -> StepState:
    """Return the last page."""
    return StepState(
        "done",
        "All done, thank you",
        (texts.done(n_pages, folder),),
        (Action("leave", "escape", "Close", is_default=True),),
        command=texts.export_command(design),
    )
