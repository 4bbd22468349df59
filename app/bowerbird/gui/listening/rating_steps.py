"""The pages between the trials."""

from pathlib import Path

from bowerbird.gui.listening import rating_texts as texts
from bowerbird.gui.listening.rating_state import Action, SoundState, StepState
from bowerbird.gui.translation import translate
from bowerbird.listening.plan import estimated_minutes
from bowerbird.listening.study import Study, StudyDesign


def proceed() -> Action:
    """Return the action that goes on."""
    return Action("advance", "enter", translate("Rating", "Continue"), is_default=True)


def instructions(study: Study, *, n_pages: int) -> StepState:
    """Return the instructions."""
    paragraphs = texts.instructions(study.design, n_pages=n_pages, minutes=estimated_minutes(study))
    return StepState(
        "instructions", translate("Rating", "Instructions"), paragraphs, (proceed(),), keys=texts.keys(study.design)
    )


def level(sound: SoundState) -> StepState:
    """Return the page for setting the volume."""
    text = translate(
        "Rating",
        "Set your system volume to a comfortable level, then leave it unchanged. All sounds in the test are "
        "about as loud as this one.",
    )
    actions = (
        Action("advance", "enter", translate("Rating", "Volume is set"), is_default=True),
        Action("play", "space", translate("Rating", "Stop or play")),
    )
    return StepState("level", translate("Rating", "Set the volume"), (text,), actions, sound=sound)


def welcome(pseudonym: str, *, n_done: int, n_pages: int) -> StepState:
    """Return the page for a rater who resumes."""
    text = translate(
        "Rating",
        "{n} of {total} pages are done. You continue where you stopped, with the sounds in the same order. "
        "Leave the volume unchanged.",
    ).format(n=n_done, total=n_pages)
    actions = (
        proceed(),
        Action("instruct", "i", translate("Rating", "Instructions")),
        Action("level", "v", translate("Rating", "Set the volume again")),
    )
    heading = translate("Rating", "Welcome back, {alias}").format(alias=pseudonym)
    return StepState("welcome", heading, (text,), actions)


def trained() -> StepState:
    """Return the page between training and trials."""
    return StepState(
        "trained",
        translate("Rating", "Training is complete"),
        (translate("Rating", "From now on your responses count."),),
        (proceed(),),
    )


def rest(design: StudyDesign) -> StepState:
    """Return the page that suggests a break."""
    text = translate(
        "Rating",
        "You have listened for {n} minutes. Rest for a few minutes before you continue. All responses are saved.",
    ).format(n=f"{design.break_after_min:.0f}")
    return StepState(
        "break",
        translate("Rating", "Take a break"),
        (text,),
        (proceed(), Action("leave", "l", translate("Rating", "Finish for today"))),
    )


def done(design: StudyDesign, folder: Path, *, n_pages: int) -> StepState:
    """Return the last page."""
    return StepState(
        "done",
        translate("Rating", "All done, thank you"),
        (texts.done(n_pages, folder),),
        (Action("leave", "escape", translate("Rating", "Close"), is_default=True),),
        command=texts.export_command(design),
    )
